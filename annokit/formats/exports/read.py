"""Reading an export tree back: every dataset by itself, then all as one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from annokit.codecs.below import BelowSource
from annokit.columns import Sparse, Text
from annokit.errors import FormatError, UsageError
from annokit.formats import registry
from annokit.formats.detect import Probe, matches, the_one
from annokit.formats.exports.choose import distinct
from annokit.formats.exports.found import bare, located
from annokit.formats.exports.layout import Place
from annokit.formats.exports.places import beside, guessed_places, stated_places
from annokit.formats.exports.union import together

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.model.dataset import Dataset

Read = Callable[["Source", str, Path | None, str], "Dataset"]
"""Reads a source in a format, with the folder of its pictures on this machine and what its own folder is called."""


def tree_of(source: Source, format: str | None) -> list[Place] | None:
    """Return the places of an export tree, None where a source is something else.

    Parameters
    ----------
    source : Source
        Anything.
    format : str, optional
        The format in which it is to be read.
    """
    stated = stated_places(source)
    if stated is not None:
        return stated
    guess = guessed_places(source)
    if guess is None or not (guess.sure or _only_in_parts(source, guess.places, format)):
        return None
    return list(guess.places)


def _only_in_parts(source: Source, places: Sequence[Place], format: str | None) -> bool:
    """Tell whether no format takes the whole for its own, but one, or the one that is named, takes its folders."""
    if _claimed(Probe(source), format):
        return False
    parts = (BelowSource(source, place.folder, beside(source, place)) for place in places)
    return any(_claimed(Probe(part), format) for part in parts)


def _claimed(probe: Probe, format: str | None) -> bool:
    return bool(matches(probe) if format is None else registry.resolve(format)[0].detect(probe))


def read_tree(source: Source, places: list[Place], format: str | None, read: Read, layer: str | None = None) -> Dataset:
    """Return all datasets of a tree as one.

    Parameters
    ----------
    source : Source
        The tree.
    places : list of Place
        What it holds.
    format : str, optional
        Format of all annotations; by default what the manifest states or the files tell.
    read : callable
        ``read(source, format, pictures)`` reads one folder.
    layer : str, optional
        Task to read; by default, and for ``"all"``, all of them.

    Raises
    ------
    FormatError
        A dataset can't be read.
    UsageError
        There is no such task.
    """
    parts = [_read_place(source, place, format, read) for place in _once(source, _of_layer(places, layer))]
    if not parts:
        raise FormatError("the export holds nothing", path=source.label, expected="annotations or datasets")
    return together(parts)


def _of_layer(places: list[Place], layer: str | None) -> list[Place]:
    tasks = distinct(place.task for place in places if place.task)
    if layer in (None, "all") or not tasks:
        return places
    if layer not in tasks:
        raise UsageError(f"there is no task {layer!r}; there are: {', '.join(tasks)}")
    return [place for place in places if place.task == layer]


def _once(source: Source, places: list[Place]) -> list[Place]:
    """Return the places without those that hold no annotations and the pictures of an earlier one."""
    found: dict[str, Place] = {}
    for place in places:
        own = place.folder if _labelled(source, place) else place.pictures
        found.setdefault(own, place if _labelled(source, place) else attrs.evolve(place, task=None))
    return list(found.values())


def _labelled(source: Source, place: Place) -> bool:
    names = source.names()
    prefix = place.folder + "/"
    at = bisect_left(names, prefix)
    return at < len(names) and names[at].startswith(prefix)


def _read_place(source: Source, place: Place, format: str | None, read: Read) -> Dataset:
    if _labelled(source, place):
        inner = BelowSource(source, place.folder, beside(source, place))
        own = format or place.format or the_one(Probe(inner), inner.label)
        inner = BelowSource(source, place.folder, {**_packed(source, place), **beside(source, place)})
        ds = located(read(inner, own, _pictures(source, place), _folder(place)), source, place)
    else:
        ds = bare(source, place)
    return _told(ds, place)


def _folder(place: Place) -> str:
    """Return what the folder of a dataset is called."""
    return place.folder.rpartition("/")[2]


def _pictures(source: Source, place: Place) -> Path | None:
    """Return the folder of pictures after which a format may have to name its items; annokit's own trees tell that."""
    folder = Path(source.label) / place.pictures
    return folder if source.kind == "folder" and place.format is None and folder.is_dir() else None


def _packed(source: Source, place: Place) -> dict[str, str]:
    """Return the pictures of an archive after which a format may have to name its items, by names of their own."""
    if source.kind == "folder" or place.format is not None:
        return {}
    prefix = place.pictures + "/"
    return {f"images/{name[len(prefix) :]}": name for name in source.names() if name.startswith(prefix)}


def _told(ds: Dataset, place: Place) -> Dataset:
    """Return the dataset whose rows know what their folders tell."""
    columns = {"dataset": place.dataset, **({"split": place.subset} if place.subset else {})}
    items = ds._items.replace({name: Sparse.constant(len(ds), Text.of([text])) for name, text in columns.items()})
    names = Sparse.constant(len(ds._sequences), Text.of([place.dataset]))
    ds = ds._with(items=items, sequences=ds._sequences.replace({"dataset": names}))
    if not place.task:
        return ds
    layer = Sparse.constant(len(ds._annotations), Text.of([place.task]))
    return ds._with(annotations=ds._annotations.replace({"layer": layer}))


def tree_matches(source: Source) -> Iterator[tuple[str, str]]:
    """Yield the format of an export tree and how it was known; nothing where it is none."""
    places = stated_places(source)
    stated = places is not None
    if places is None:
        guess = guessed_places(source)
        places = list(guess.places) if guess is not None and guess.sure else []
    for place in places:
        if stated and place.format:
            yield place.format, f"annotations of {place.dataset} in an export tree"
            return
        found = matches(Probe(BelowSource(source, place.folder, beside(source, place))))
        if found:
            yield from ((match.format, f"{place.folder}: {match.reason}") for match in found)
            return
