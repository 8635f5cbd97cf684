"""Finding out which folder of a tree is what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from annokit.formats.exports.choose import UNNAMED
from annokit.formats.exports.layout import ANNOTATIONS, MANIFEST, PICTURES, Place, parse_manifest

if TYPE_CHECKING:
    from annokit.codecs.source import Source


def stated_places(source: Source) -> list[Place] | None:
    """Return the places that a manifest lists, None where there is not one manifest."""
    if source.kind == "file" or not _mentions(source, MANIFEST):
        return None
    found = [name for name in source.names() if name == MANIFEST or name.endswith("/" + MANIFEST)]
    if len(found) != 1:
        return None
    above = found[0][: -len(MANIFEST)]
    listed = parse_manifest(source.read(found[0]), source.where(found[0]))
    return [_below(place, above) for place in listed]


def _mentions(source: Source, *words: str) -> bool:
    """Tell whether any name holds one of some words; there may be a million names, and most trees are no exports."""
    names = "\n".join(source.names())
    return any(word in names for word in words)


def _below(place: Place, above: str) -> Place:
    return attrs.evolve(place, folder=above + place.folder, pictures=place.pictures and above + place.pictures)


@attrs.frozen
class Guess:
    """The places of a tree without manifest."""

    places: tuple[Place, ...]
    """Where datasets lie."""

    sure: bool
    """Whether folders of pictures stand beside those of annotations, as no other format has them."""


def guessed_places(source: Source) -> Guess | None:
    """Return where datasets lie by the names of folders alone, None where no folder is called ``annotations``."""
    if source.kind == "file" or not _mentions(source, ANNOTATIONS + "/", PICTURES + "/"):
        return None
    trees = _trees(source.names())
    roots = [root for root, tree in trees.items() if tree[ANNOTATIONS]]
    roots = roots or [root for root, tree in trees.items() if tree[PICTURES]]
    if not roots:
        return None
    split = len(roots) > 1
    places = [
        place
        for root in roots
        for place in _datasets(root, trees[root], root.rstrip("/").rpartition("/")[2] if split else None)
    ]
    sure = all(trees[root][ANNOTATIONS] and trees[root][PICTURES] for root in roots)
    return Guess(tuple(places), sure)


Folders = dict[str, list[Sequence[str]]]
"""Parts of the names below ``annotations`` and ``datasets``."""


def _trees(names: Iterable[str]) -> dict[str, Folders]:
    """Return what lies in folders called so, by the folder around them."""
    found: dict[str, Folders] = {}
    for name in names:
        parts = name.split("/")
        for at, part in enumerate(parts[:-2]):
            if part in (ANNOTATIONS, PICTURES):
                root = "".join(above + "/" for above in parts[:at])
                found.setdefault(root, {ANNOTATIONS: [], PICTURES: []})[part].append(parts[at + 1 :])
                break
    return found


def _datasets(root: str, tree: Mapping[str, list[Sequence[str]]], subset: str | None) -> list[Place]:
    """Return the datasets of one tree: folders that pictures have, too, at the top or in the folder of a task."""
    known = {parts[0] for parts in tree[PICTURES]}
    keys: dict[tuple[str | None, str], None] = {}
    for parts in tree[ANNOTATIONS] or [[name, ""] for name in sorted(known)]:
        below = len(parts) > 2 and parts[0] not in known and parts[1] in known
        keys[(parts[0], parts[1]) if below else (None, parts[0])] = None
    return [
        Place(
            dataset=dataset or UNNAMED,
            subset=subset or None,
            task=task,
            folder="/".join([root + ANNOTATIONS, *([task] if task else []), dataset]),
            pictures=f"{root}{PICTURES}/{dataset}",
        )
        for task, dataset in keys
    ]


def beside(source: Source, place: Place) -> dict[str, str]:
    """Return the files that lie above a dataset's folder, up to ``annotations``, by their names: they are for all."""
    found: dict[str, str] = {}
    folder = place.folder.rpartition("/")[0]
    while folder and (folder == ANNOTATIONS or f"/{ANNOTATIONS}" in f"/{folder}"):
        for name in source.names():
            above, _, last = name.rpartition("/")
            if above == folder:
                found.setdefault(last, name)
        folder = folder.rpartition("/")[0]
    return found
