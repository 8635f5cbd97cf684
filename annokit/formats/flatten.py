"""Steps of narrowing for targets whose masks are pixels: one form, the picture's size, and what later ones cover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed, Struct, Text
from annokit.columns.base import Array
from annokit.formats.conversions import placed, shapeless
from annokit.formats.places import at_annotations, at_items
from annokit.formats.steps import without
from annokit.geometry import labelmap, ragged, rle, runs
from annokit.geometry.paint import paint
from annokit.model.bitmaps import rows_in_bitmaps, settled
from annokit.model.masks import RLE, _stored, counts, rles
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

ROWS = 8192
"""Masks looked at together."""


def mask_rows(ds: Dataset) -> Array:
    """Return the rows whose shape is a mask, but those whose pixels still lie in a bitmap."""
    masked = ds._annotations.array("kind") == KIND_CODE["mask"]
    masked[rows_in_bitmaps(ds)] = False
    return np.flatnonzero(masked)


def counts_of(ds: Dataset, rows: Array) -> tuple[Array, Array, Array]:
    """Return plain run lengths of masks, as :func:`annokit.model.masks.counts`; also of no rows at all."""
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros((0, 2), np.int64)
    return counts(ds, rows)


def in_memory(ds: Dataset, apply: bool) -> Found:
    """Take the pixels of masks out of their bitmaps in a dry run, too: what covers what can't be told without them."""
    return (ds if apply or not len(rows_in_bitmaps(ds)) else settled(ds).dataset), []


def sizes_from_masks(ds: Dataset, apply: bool) -> Found:
    """Give items without size that of their first mask; half a size is none."""
    size = ds._items.array("size")
    unknown = np.asarray((size <= 0).any(axis=1))
    rows = mask_rows(ds)
    item = ds._annotations.array("item")[rows]
    rows, item = rows[unknown[item]], item[unknown[item]]
    filled = size.copy()
    filled[unknown] = -1
    first = np.unique(item, return_index=True)[1]
    stated = rles(ds, rows[first]) if len(first) else []
    for place, ((height, width), _) in zip(first.tolist(), stated, strict=True):
        filled[item[place]] = (width, height) if width > 0 and height > 0 else -1
    changed = np.flatnonzero((filled != size).any(axis=1))
    if not len(changed):
        return ds, []
    issue = at_items(ds, "derived", "size", "an item's size is that of its masks", changed)
    return ds._with(items=ds._items.replace({"size": Fixed(filled)})), [issue]


def plain_masks(ds: Dataset, apply: bool) -> Found:
    """State every mask as the shortest run lengths; one without pixels is no shape."""
    changed: dict[int, bytes] = {}
    empty: list[int] = []
    for rows in _pieces(mask_rows(ds)):
        flat, offsets, sizes = counts_of(ds, rows)
        empty += rows[runs.areas(flat, offsets) == 0].tolist()
        changed.update(_replaced(ds, rows, flat, offsets, sizes))
    issues: list[Issue] = []
    if empty:
        told = "a mask without pixels is no shape"
        issues.append(at_annotations(ds, "dropped", "shape", told, np.array(empty), severity="info"))
        ds = shapeless(ds, np.array(empty))
        changed = {row: text for row, text in changed.items() if row not in set(empty)}
    if changed:
        told = "masks are stated as compressed run lengths"
        issues.append(at_annotations(ds, "restated", "shape", told, np.array(sorted(changed))))
        ds = with_masks(ds, changed)
    return ds, issues


def _pieces(rows: Array) -> Iterator[Array]:
    for start in range(0, len(rows), ROWS):
        yield rows[start : start + ROWS]


def _replaced(ds: Dataset, rows: Array, flat: Array, offsets: Array, sizes: Array) -> dict[int, bytes]:
    """Return the run lengths of masks that are stated in another way than the shortest, by row."""
    inner = flat == 0
    inner[offsets[:-1][offsets[1:] > offsets[:-1]]] = False
    loose = np.add.reduceat(np.append(inner, False).astype(np.int64), offsets[:-1]) if len(rows) else np.zeros(0)
    loose[offsets[1:] == offsets[:-1]] = 0
    data, ends = rle.dump(flat, offsets)
    _, encoding, stored = _stored(ds, rows)
    if (encoding == RLE).all() and not loose.any() and stored.equals(Text(data, ends)):
        return {}
    texts = stored.raw_list()
    found: dict[int, bytes] = {}
    blob, bounds = data.tobytes(), ends.tolist()
    for place in range(len(rows)):
        text = blob[bounds[place] : bounds[place + 1]]
        if loose[place]:
            own = flat[offsets[place] : offsets[place + 1]]
            text = rle.dumps(runs.from_intervals(*runs.intervals(own), int(sizes[place].prod())))
        if encoding[place] != RLE or text != texts[place]:
            found[int(rows[place])] = text
    return found


def with_masks(ds: Dataset, texts: dict[int, bytes]) -> Dataset:
    """Return the dataset in which rows have other run lengths; their sizes stay."""
    rows = np.array(sorted(texts), np.int64)
    size, _, _ = _stored(ds, rows)
    data = Text.of_bytes([texts[row] for row in rows.tolist()])
    fields: dict[str, Any] = {"size": Fixed(size), "encoding": Fixed(np.full(len(rows), RLE, np.uint8)), "data": data}
    return ds._with(annotations=ds._annotations.replace({"mask": placed(ds, "mask", rows, Struct(fields))}))


def fitting_masks(ds: Dataset, apply: bool) -> Found:
    """Refuse masks of another size than their picture's."""
    rows = mask_rows(ds)
    if not len(rows):
        return ds, []
    size = _stored(ds, rows)[0][:, ::-1]
    wrong = rows[(size != ds._items.array("size")[ds._annotations.array("item")[rows]]).any(axis=1)]
    if not len(wrong):
        return ds, []
    issue = at_annotations(ds, "refused", "shape", "a mask has another size than its picture", wrong)
    return without(ds, wrong), [issue]


@attrs.define
class _Changes:
    """What painting changes."""

    texts: dict[int, bytes] = attrs.field(factory=dict)
    """New run lengths by row."""

    covered: list[int] = attrs.field(factory=list)
    """Rows that lose pixels to later ones."""

    hidden: list[int] = attrs.field(factory=list)
    """Rows of which nothing is left to see."""

    joined: list[int] = attrs.field(factory=list)
    """Rows that become one with others of their label."""

    gone: list[int] = attrs.field(factory=list)
    """Rows that another one stands for."""


def flattened(*, merged: bool, listed: bool, overlaps: bool = True) -> Step:
    """Bring the masks of a picture into what one bitmap can show.

    Parameters
    ----------
    merged : bool
        Whether what has one label is one annotation.
    listed : bool
        Whether an annotation without pixels can be told.
    overlaps : bool
        False where every label has a bitmap of its own, so that labels don't cover each other.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        changes = _Changes()
        for rows in _groups(ds):
            _flatten(ds, rows, changes, merged, overlaps)
        return _changed(ds, changes, listed)

    return step


def _groups(ds: Dataset) -> Iterator[Array]:
    """Yield the rows of some items at a time; rows lie item by item."""
    offsets = ds._index[0]
    start = int(offsets[0])
    for stop in offsets[1:].tolist():
        if stop - start >= ROWS:
            yield np.arange(start, stop)
            start = stop
    yield np.arange(start, int(offsets[-1]))


def _flatten(ds: Dataset, rows: Array, changes: _Changes, merged: bool, overlaps: bool) -> None:
    column = ds._annotations.array("item")[rows]
    keys = _keys(ds, rows, merged)
    marks = np.zeros(len(ds._annotations), bool)
    marks[mask_rows(ds)] = True
    masked = marks[rows]
    joined = np.unique(column[_repeated(column, keys)]) if merged else np.zeros(0, np.int64)
    covered = np.zeros(0, np.int64)
    flat, offsets = np.zeros(0, np.int64), np.zeros(len(rows) + 1, np.int64)
    if masked.any():
        flat, own, sizes = counts(ds, rows[masked])
        lengths = np.zeros(len(rows), np.int64)
        lengths[masked] = np.diff(own)
        offsets = ragged.offsets_of(lengths)
        if overlaps:
            covered = _overlapping(flat, own, sizes, column[masked])
    for item in np.union1d(joined, covered).tolist():
        places = np.arange(*np.searchsorted(column, [item, item + 1]))
        masks = ragged.gather(flat, offsets, places)
        _settle(ds, item, (rows[places], keys[places]), masks, changes, item in covered)


def _keys(ds: Dataset, rows: Array, merged: bool) -> Array:
    """Return what tells annotations of a picture apart; what has no label is never merged."""
    if not merged:
        return rows
    label = ds._annotations.array("label")[rows]
    return np.where(label < 0, -1 - rows, label)


def _repeated(item: Array, keys: Array) -> Array:
    """Return which rows have the item and key of another one."""
    _, inverse, count = np.unique(np.stack([item, keys]), axis=1, return_inverse=True, return_counts=True)
    return np.asarray(count[inverse.reshape(-1)] > 1)


def _overlapping(flat: Array, offsets: Array, sizes: Array, item: Array) -> Array:
    """Return the items in which a pixel is covered twice, from run lengths alone."""
    ends = np.cumsum(flat)
    owner = ragged.owners(offsets)
    inside = ((np.arange(len(flat)) - offsets[owner]) % 2 == 1) & (flat > 0)
    owner, stops = owner[inside], ends[inside]
    pixels = sizes.prod(axis=1)
    base = np.cumsum(np.where(np.diff(item, prepend=-1) != 0, pixels, 0)) - pixels
    before = np.concatenate([[0], ends])[offsets[:-1]]
    starts = stops - flat[inside] + (base - before)[owner]
    stops = stops + (base - before)[owner]
    order = np.argsort(starts, kind="stable")
    reach = np.maximum.accumulate(stops[order])
    return np.unique(item[owner[order[1:][starts[order[1:]] < reach[:-1]]]])


def _settle(
    ds: Dataset,
    item: int,
    rows_keys: tuple[Array, Array],
    masks: tuple[Array, Array],
    changes: _Changes,
    overlaps: bool,
) -> None:
    """Paint the masks of an item and note what each of its annotations becomes."""
    rows, keys = rows_keys
    _, place = np.unique(keys, return_inverse=True)
    groups = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    width, height = ds._items.array("size")[item].tolist()
    wanted = [_union(masks, group) for group in groups]
    seen = _painted(masks, place, (height, width), len(groups)) if overlaps else wanted
    for group, before, after in zip(groups, wanted, seen, strict=True):
        own = rows[group].tolist()
        if len(own) > 1:
            changes.joined += own
            changes.gone += own[1:]
        if after != before:
            (changes.covered if after else changes.hidden).extend(own)
        changes.texts[own[0]] = after


def _union(masks: tuple[Array, Array], places: Array) -> bytes:
    flat, offsets = masks
    own = [flat[offsets[p] : offsets[p + 1]] for p in places.tolist() if offsets[p + 1] > offsets[p]]
    return rle.dumps(own[0] if len(own) == 1 else runs.union(own)) if own else b""


def _painted(masks: tuple[Array, Array], place: Array, size: tuple[int, int], groups: int) -> list[bytes]:
    flat, offsets = masks
    filled = np.flatnonzero(np.diff(offsets))
    if not len(filled):
        return [b""] * groups
    bitmap = paint(*ragged.gather(flat, offsets, filled), (place[filled] + 1).astype(np.uint32), size)
    found = labelmap.objects(bitmap)
    texts = [b""] * groups
    for row, group in enumerate(found.ids.tolist()):
        texts[group - 1] = found.rle(row)
    return texts


def _changed(ds: Dataset, changes: _Changes, listed: bool) -> Found:
    """Return the dataset with what painting changes, and what to tell of it."""
    issues: list[Issue] = []
    for rows, code, told in (
        (changes.joined, "converted", "what has one label in a picture is one annotation"),
        (changes.covered, "converted", "pixels that later annotations cover are lost"),
        (changes.hidden, "dropped" if listed else "refused", "later annotations cover all of its pixels"),
    ):
        if rows:
            issues.append(at_annotations(ds, code, "shape", told, np.sort(np.array(rows))))
    if not issues:
        return ds, []
    hidden = set(changes.hidden)
    shown = {row: text for row, text in changes.texts.items() if text}
    ds = _as_masks(ds, shown)
    gone = set(changes.gone)
    if hidden - gone and listed:
        ds = shapeless(ds, np.array(sorted(hidden - gone)))
    elif hidden:
        gone |= hidden
    return (without(ds, np.array(sorted(gone))) if gone else ds), issues


def _as_masks(ds: Dataset, texts: dict[int, bytes]) -> Dataset:
    """Return the dataset in which rows have these run lengths, also those that had no shape of their own."""
    kinds = ds._annotations.array("kind").copy()
    rows = np.array(sorted(texts), np.int64)
    kinds[rows] = KIND_CODE["mask"]
    size = ds._items.array("size")[ds._annotations.array("item")[rows]][:, ::-1].astype(np.int64)
    data = Text.of_bytes([texts[row] for row in rows.tolist()])
    fields: dict[str, Any] = {"size": Fixed(size), "encoding": Fixed(np.full(len(rows), RLE, np.uint8)), "data": data}
    column = placed(ds, "mask", rows, Struct(fields)) if len(rows) else ds._annotations.get("mask")
    return ds._with(annotations=ds._annotations.replace({"mask": column, "kind": Fixed(kinds)}))
