"""The frames between key frames, made by the rule that the source states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.model.between import between
from annokit.model.schema import ITEM_KINDS
from annokit.model.select import select_items, take_annotations
from annokit.model.tracks import NO_FRAME, frame_numbers, item_frames, scopes, span_frames, track_codes

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

FAR = np.iinfo(np.int64).max
MOST = 1 << 52
"""Frame numbers lie between this and its negative."""

MOST_ROWS = 1 << 28
"""Rows that one expansion makes at most."""

VIDEO, FRAME = ITEM_KINDS.index("video"), ITEM_KINDS.index("frame")


def expand(ds: Dataset) -> Dataset:
    """Return the dataset with a row for every frame of every object.

    A row holds from its frame on: to the frame before the next row of its track where it states a rule
    (`interpolation`), to the last frame of its span where it states one, whichever comes first. ``hold`` repeats the
    row; ``linear`` moves boxes, points and angles evenly towards the next row where both have the same form, else it
    holds. What is made has ``keyframe=False``, no id, no rule, no span and no extras; items are added for frames that
    have none. A row of a whole video that states frames is exchanged for rows of its frames.

    Raises
    ------
    UsageError
        Frames of one sequence state their numbers in different units or forms, or too many rows would be made.
    """
    return _expanded(ds, None)


def frames(ds: Dataset, first: int | Iterable[int], last: int | None = None, title: str | None = None) -> Dataset:
    """Return the frames that have labels, those between key frames included.

    Parameters
    ----------
    ds : Dataset
        Sequences with frames.
    first : int or iterable of int
        First frame, or all wanted frames, in the platform's own numbers.
    last : int, optional
        Last frame, included; by default only `first`.
    title : str, optional
        Name or id of sequences, or name of a video within one; by default all.

    Returns
    -------
    Dataset
        Items in the order of sequences and frames; a frame without labels is none of them.

    Raises
    ------
    UsageError
        Nothing is called `title`, or the range is none.
    """
    wanted = _wanted(first, last)
    if title is not None:
        ds = select_items(ds, _titled(ds, title))
    made = _expanded(ds, wanted)
    has = np.diff(made._index[0]) > 0
    return select_items(made, has & np.isin(item_frames(made), wanted))


def _titled(ds: Dataset, title: str) -> Array:
    """Tell which items belong to a sequence, or else to a video, that is called so."""
    rows = [row for row, sequence in enumerate(ds.sequences) if title in (sequence.id, sequence.name)]
    if rows:
        return np.isin(ds._items.array("sequence"), rows)
    found: Array = np.array([name == title or name.rpartition("#")[0] == title for name in ds.names], bool)
    if not found.any():
        told = ", ".join(sorted({str(sequence.name) for sequence in ds.sequences})[:10]) or "none"
        raise UsageError(f"no sequence or video is called {title!r}; sequences: {told}")
    return found


def _wanted(first: int | Iterable[int], last: int | None) -> Array:
    if isinstance(first, int | np.integer):
        stop = int(first) if last is None else last
        if stop < first:
            raise UsageError(f"the last frame, {stop}, lies before the first, {first}")
        return np.arange(int(first), stop + 1)
    if last is not None:
        raise UsageError("give a first and a last frame, or all wanted frames")
    return np.unique(np.fromiter(first, np.int64))


@attrs.frozen(eq=False)
class _Made:
    """Rows to be made, one entry each."""

    source: Array
    """Annotation row that holds."""

    following: Array
    """The next row of its track, -1 where it has none or where it holds."""

    share: Array
    """How far between both, 0 to 1."""

    frame: Array
    """Frame number."""


def _expanded(ds: Dataset, wanted: Array | None) -> Dataset:
    made, gone = _plan(ds, (-MOST, MOST) if wanted is None or not len(wanted) else (int(wanted[0]), int(wanted[-1])))
    if wanted is not None:
        keep = np.isin(made.frame, wanted)
        made = _Made(*(part[keep] for part in attrs.astuple(made, recurse=False)))
    if not len(made.source) and not len(gone):
        return ds
    items, owner = _items(ds, made)
    _check_frames(ds._items, items, ds._annotations.array("item")[made.source], owner)
    rows = between(ds, made.source, made.following, made.share)
    own = [
        name for name in rows.columns if name in ("id", "span", "parent", "interpolation") or name.startswith("extras/")
    ]
    keyframe = Sparse.constant(len(rows), Fixed(np.array([False])))
    rows = rows.without(own).replace({"item": Fixed(owner), "keyframe": keyframe})
    table = Table.join([_without_spans(ds, made), rows])
    table = table.replace({"parent": _parents(ds, made)})
    return _ordered(ds._with(items=items, annotations=table), gone)


def _check_frames(old: Table, items: Table, source: Array, owner: Array) -> None:
    for name in ("unit", "form"):
        wrong = np.flatnonzero(old.array(name)[source] != items.array(name)[owner])
        if len(wrong):
            frame = items.value("name", int(owner[wrong[0]]))
            raise UsageError(f"item {frame!r} states its numbers in another {name} than other frames of its sequence")


def _without_spans(ds: Dataset, made: _Made) -> Table:
    """Return the old rows, those without track that became many without their spans, which would be counted twice."""
    table = ds._annotations
    span = table.sparse("span")
    if span is None:
        return table
    told = np.zeros(len(table), bool)
    told[made.source] = True
    told &= track_codes(ds) < 0
    keep = ~told[span.present()]
    return table.replace({"span": attrs.evolve(span, rows=span.present()[keep], slots=span.all_slots()[keep])})


def _parents(ds: Dataset, made: _Made) -> Sparse | None:
    """Return the parents of the old and the made rows; a made row's parent is its parent's object in the same frame."""
    column = ds._annotations.sparse("parent")
    count = len(ds._annotations)
    if column is None:
        return None
    parent = np.full(count, -1, np.int64)
    dense: Any = column.dense()
    parent[column.present()] = dense.values
    group, frame = _groups(ds), frame_numbers(ds, np.arange(count))
    above = parent[made.source]
    have = np.flatnonzero(above >= 0)
    places = np.concatenate([
        np.stack([group, frame], axis=1),
        np.stack([group[made.source], made.frame], axis=1),
        np.stack([group[above[have]], made.frame[have]], axis=1),
    ])  # fmt: skip
    _, first, inverse = np.unique(places, axis=0, return_index=True, return_inverse=True)
    target = first[inverse.reshape(-1)][count + len(above) :]
    found = np.full(len(above), -1, np.int64)
    found[have] = np.where(target < count + len(above), target, -1)
    every = np.concatenate([parent, found])
    rows = np.flatnonzero(every >= 0)
    return Sparse(len(every), rows, None, Fixed(every[rows]))


def _groups(ds: Dataset) -> Array:
    """Return the track of each row, one of its own where it has none."""
    group = track_codes(ds)
    alone = np.flatnonzero(group < 0)
    group[alone] = group.max(initial=-1) + 1 + np.arange(len(alone))
    return group


def _ordered(ds: Dataset, gone: Array) -> Dataset:
    """Return the dataset without the rows `gone`, items of a sequence by frame, annotations item by item."""
    order = _order(ds)
    moved = np.empty(len(ds) + 1, np.int64)
    moved[order], moved[-1] = np.arange(len(ds)), -1
    owner = moved[ds._annotations.array("item")]
    keep = np.ones(len(owner), bool)
    keep[gone] = False
    rows = np.flatnonzero(keep)
    rows = rows[np.where(owner[rows] < 0, len(ds), owner[rows]).argsort(kind="stable")]
    annotations = take_annotations(ds._annotations, rows).replace({"item": Fixed(owner[rows])})
    return ds._with(items=ds._items.take(order), annotations=annotations)


def _plan(ds: Dataset, limits: tuple[int, int]) -> tuple[_Made, Array]:
    """Return the rows to make within the frames `limits`, and the rows of whole videos that they stand for."""
    every = np.arange(len(ds._annotations))
    frame, group = frame_numbers(ds, every), _groups(ds)
    order = np.lexsort((every, frame, group))
    order = order[frame[order] != NO_FRAME]
    start, following = frame[order], _following(order, group[order])
    after = np.where(following >= 0, frame[following], FAR)
    span = span_frames(ds, order)
    linear, ruled = _rules(ds, order)
    until = np.where(ruled & (following >= 0), after - 1, start)
    until = np.where(np.isnan(span[:, 1]), until, np.clip(np.nan_to_num(span[:, 1]), -MOST, MOST).astype(np.int64))
    whole = np.append(ds._items.array("kind"), 0)[ds._annotations.array("item")[order]] == VIDEO
    whole &= ~np.isnan(span[:, 0])
    begin = np.maximum(start + ~whole, limits[0])
    counts = np.maximum(np.minimum(np.minimum(until, after - 1), limits[1]) - begin + 1, 0)
    if counts.sum(dtype=np.float64) > MOST_ROWS:
        raise UsageError(f"{counts.sum(dtype=np.float64):,.0f} rows would be made; choose some with frames()")
    place = np.arange(len(order)).repeat(counts)
    number = begin[place] + np.arange(len(place)) - (counts.cumsum() - counts)[place]
    towards = np.where(linear, following, -1)[place]
    share = np.where(towards >= 0, (number - start[place]) / np.maximum(after - start, 1)[place], 0.0)
    return _Made(order[place], towards, share, number), order[whole]


def _following(rows: Array, group: Array) -> Array:
    """Return the row after each row of the same group, -1 none."""
    following = np.full(len(rows), -1, np.int64)
    same = np.flatnonzero(group[1:] == group[:-1])
    following[same] = rows[same + 1]
    return following


def _rules(ds: Dataset, rows: Array) -> tuple[Array, Array]:
    """Return which rows move evenly to the next one, and which state any rule."""
    column = ds._annotations.sparse("interpolation")
    if column is None:
        return np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    values = [*column.values.to_list(), None]
    slots = column.slots_of(rows)
    linear = np.array([value == "linear" for value in values], bool)
    ruled = np.array([value in ("linear", "hold") for value in values], bool)
    return linear[slots], ruled[slots]


def _items(ds: Dataset, made: _Made) -> tuple[Table, Array]:
    """Return the item table with an item for every frame that needs one, and the item of each made row."""
    known = item_frames(ds)
    source = ds._annotations.array("item")[made.source]
    here = np.flatnonzero((known != NO_FRAME) & (ds._items.array("kind") != VIDEO))
    there = np.stack([scopes(ds, here), known[here]], axis=1)
    wanted = np.stack([scopes(ds, source), made.frame], axis=1)
    _, first, inverse = np.unique(np.concatenate([there, wanted]), axis=0, return_index=True, return_inverse=True)
    found = first[inverse.reshape(-1)][len(here) :]
    exists = found < len(here)
    fresh, place = np.unique(found[~exists], return_inverse=True)
    owner = np.empty(len(source), np.int64)
    owner[exists] = here[found[exists]]
    owner[~exists] = len(ds) + place
    example = fresh - len(here)
    return _with_new_items(ds, source[example], made.frame[example]), owner


def _with_new_items(ds: Dataset, like: Array, numbers: Array) -> Table:
    if not len(like):
        return ds._items
    copied = ds._items.take(like)
    kept = {"size", "unit", "form", "time_unit", "sequence", "dataset", "split", "path"}
    paths = copied.sparse("path")
    names = _frame_names(ds, like, numbers)
    fresh = Table(len(like), {name: column for name, column in copied.columns.items() if name in kept})
    changes: dict[str, Any] = {
        "name": Text.of(names),
        "frame": Fixed(numbers),
        "kind": Fixed(np.full(len(like), FRAME, np.uint8)),
        "status": Fixed(np.zeros(len(like), np.uint8)),
        "path": None if paths is None else _videos(paths),
    }
    return Table.join([ds._items, fresh.replace(changes)])


def _videos(paths: Sparse) -> Sparse:
    """Return the paths that lead to videos, which hold any frame."""
    from annokit.model.media import STILL

    values = [str(value) for value in paths.dense().to_list()]
    keep = np.array([not value.lower().endswith(STILL) for value in values], bool)
    return attrs.evolve(paths, rows=paths.present()[keep], slots=paths.all_slots()[keep])


def _frame_names(ds: Dataset, like: Array, numbers: Array) -> list[str]:
    """Return ``<video>#<number>`` for frames beside the items `like`."""
    names, titles = ds.names, [sequence.name for sequence in ds.sequences]
    sequences = ds._items.array("sequence")[like].tolist()
    found = []
    for item, sequence, number in zip(like.tolist(), sequences, numbers.tolist(), strict=True):
        video, mark, frame = names[item].rpartition("#")
        if not (mark and frame.isdigit()):
            video = names[item] if sequence < 0 else titles[sequence]
        found.append(f"{video}#{number}")
    return found


def _order(ds: Dataset) -> Array:
    """Return the items, those of one sequence by frame where its first item stands, others where they are."""
    sequence, place = ds._items.array("sequence"), np.arange(len(ds))
    tied = np.flatnonzero(sequence >= 0)
    first = np.full(len(ds._sequences), len(ds), np.int64)
    np.minimum.at(first, sequence[tied], tied)
    where = place.copy()
    where[tied] = first[sequence[tied]]
    return np.lexsort((place, item_frames(ds), where))
