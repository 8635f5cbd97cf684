"""Steps of narrowing about masks: one bitmap per item, in which each pixel has one id.

An item whose masks all lie in the bitmap that it names keeps that bitmap. Any other item with masks gets a new one,
into which the masks are painted in their order.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import safe_names
from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Struct, Text
from annokit.columns.base import Array
from annokit.formats.bitmap_files import is_relative
from annokit.formats.bitmaps import lost
from annokit.formats.conversions import placed, shapeless
from annokit.formats.places import at_annotations, at_items
from annokit.formats.segments.batch import KEPT
from annokit.formats.segments.facts import LARGEST_ID
from annokit.formats.segments.layers import is_main, layers_of
from annokit.formats.segments.samples import has_bitmap
from annokit.geometry import labelmap, runs
from annokit.geometry.paint import paint
from annokit.media.size import image_sizes
from annokit.model.bitmaps import has_file, rows_in_bitmaps, settled, unseen
from annokit.model.masks import BITMAP, RLE, VOID, counts, rles
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

MASK = KIND_CODE["mask"]
FOLDER = "bitmaps/"
"""Where bitmaps that are written lie, relative to the release."""

Pairs = list[tuple[tuple[int, int], bytes | None]]


def mask_rows(ds: Dataset) -> tuple[Array, Array]:
    """Return the annotation rows with a mask, and their encodings."""
    rows = np.flatnonzero(ds._annotations.array("kind") == MASK)
    column: Any = ds._annotations.sparse("mask")
    if column is None or not len(rows):
        return rows[:0], np.zeros(0, np.uint8)
    slots = column.slots_of(rows)
    encoding = np.where(slots < 0, VOID, column.values.fields["encoding"].values[slots])
    return rows, encoding


def fresh_items(ds: Dataset) -> Array:
    """Return (n,) bool, True for the items that need a new bitmap: one of their masks lies in none."""
    rows, encoding = mask_rows(ds)
    marks = np.zeros(len(ds) + 1, bool)
    marks[ds._annotations.array("item")[rows[(encoding != BITMAP) & (encoding != VOID)]]] = True
    return marks[:-1]


def stated_bitmaps(ds: Dataset) -> dict[int, str]:
    """Return the name of the bitmap of each item that names one."""
    column = ds._items.sparse("bitmap")
    if column is None:
        return {}
    pairs = zip(column.present().tolist(), column.values_of(column.present()), strict=True)
    named = {row: value.get("name") for row, value in pairs if isinstance(value, dict)}
    return {row: name for row, name in named.items() if isinstance(name, str) and name}


def one_size(ds: Dataset, apply: bool) -> Found:
    """Take the masks of items that need a new bitmap together, and leave out those of another size than their item."""
    issues: list[Issue] = []
    repainted = np.asarray(fresh_items(ds) | _contradicted(ds))
    rows = rows_in_bitmaps(ds)
    loose = rows[repainted[ds._annotations.array("item")[rows]]]
    if len(loose):
        missing = unseen(ds, loose)
        issues += [lost(ds, missing)] if len(missing) else []
        ds = settled(ds, rows=loose).dataset
    rows, encoding = mask_rows(ds)
    rows = rows[(encoding != BITMAP) & (encoding != VOID)]
    if not len(rows):
        return ds, issues
    pairs = rles(ds, rows)
    item = ds._annotations.array("item")[rows]
    sizes = np.array([size for size, _ in pairs], np.int64)
    expected = _expected(ds, item, sizes)
    wrong = np.not_equal(sizes, expected[item]).any(axis=1)
    if wrong.any():
        told = "the mask has another size than its image"
        issues.append(at_annotations(ds, "dropped", "shape", told, rows[wrong], severity="error"))
    known = ds._items.array("size")
    unsized = np.unique(item[(known[item] <= 0).any(axis=1)])
    if len(unsized):
        known = known.copy()
        known[unsized] = expected[unsized][:, ::-1]
        issues.append(at_items(ds, "derived", "size", "an item has the size of its masks", unsized))
        ds = ds._with(items=ds._items.replace({"size": Fixed(known)}))
    kept: Pairs = [((0, 0), None) if bad else pair for bad, pair in zip(wrong.tolist(), pairs, strict=True)]
    return with_masks(ds, rows, kept), issues


def _contradicted(ds: Dataset) -> Array:
    """Return (n,) bool, True for items whose bitmap holds pixels of an id whose annotation has none."""
    rows, encoding = mask_rows(ds)
    bare = np.union1d(rows[encoding == VOID], np.flatnonzero(ds._annotations.array("kind") == 0))
    marks = np.zeros(len(ds) + 1, bool)
    if stated_bitmaps(ds) and "id" in ds._annotations:
        valid = [is_bitmap_id(ds._annotations.value("id", row)) for row in bare.tolist()]
        marks[ds._annotations.array("item")[bare[np.array(valid, bool)]]] = True
    for item in np.flatnonzero(marks[:-1]).tolist():
        marks[item] = has_file(ds, item)
    return marks[:-1]


def is_bitmap_id(value: Any) -> bool:
    """Tell whether a bitmap can hold an id."""
    return type(value) is int and 0 < value <= LARGEST_ID


def _expected(ds: Dataset, item: Array, sizes: Array) -> Array:
    """Return the (height, width) of every item: its own, else that of its first mask, else -1."""
    expected = ds._items.array("size")[:, ::-1].copy()
    unknown = np.asarray((expected <= 0).any(axis=1))
    for place in np.flatnonzero(unknown[item])[::-1].tolist():
        expected[item[place]] = sizes[place]
    return expected


def with_masks(ds: Dataset, rows: Array, pairs: Pairs) -> Dataset:
    """Return the dataset in which `rows` have masks given as (size, run lengths), None for no pixels."""
    column = masks_of(pairs)
    return ds._with(annotations=ds._annotations.replace({"mask": placed(ds, "mask", rows, column)}))


def masks_of(pairs: Pairs) -> Struct:
    """Return masks as a column."""
    codes = np.array([VOID if text is None else RLE for _, text in pairs], np.uint8)
    fields: dict[str, Column] = {
        "size": Fixed(np.array([(0, 0) if text is None else size for size, text in pairs], np.int64).reshape(-1, 2)),
        "encoding": Fixed(codes),
        "data": Text.of_bytes([text or b"" for _, text in pairs]),
    }
    return Struct(fields)


def without_overlaps(ds: Dataset, apply: bool) -> Found:
    """Give each pixel to the last mask that covers it, and leave a mask without any pixel none at all."""
    rows, encoding = mask_rows(ds)
    rows = rows[encoding == RLE]
    item = ds._annotations.array("item")[rows]
    covered: list[int] = []
    void: list[int] = []
    changes: dict[int, tuple[tuple[int, int], bytes | None]] = {}
    order = item.argsort(kind="stable")
    starts = np.flatnonzero(np.diff(item[order], prepend=-2)) if len(item) else np.zeros(0, np.int64)
    for place in np.split(order, starts[1:]) if len(item) else ():
        _flatten(ds, rows[place], changes, covered, void)
    issues = []
    if covered:
        told = "mask becomes mask: where masks overlap, a pixel belongs to the last one"
        issues.append(at_annotations(ds, "converted", "shape", told, np.array(sorted(covered))))
    if void:
        told = "a mask without pixels is none"
        issues.append(at_annotations(ds, "dropped", "shape", told, np.array(sorted(void)), severity="info"))
    if changes:
        touched = np.array(sorted(changes), np.int64)
        ds = with_masks(ds, touched, [changes[row] for row in touched.tolist()])
    return ds, issues


def _flatten(
    ds: Dataset,
    rows: Array,
    changes: dict[int, tuple[tuple[int, int], bytes | None]],
    covered: list[int],
    void: list[int],
) -> None:
    """Note what becomes of the masks of one item."""
    flat, offsets, sizes = counts(ds, rows)
    areas = runs.areas(flat, offsets)
    size = (int(sizes[0, 0]), int(sizes[0, 1]))
    for row in rows[areas == 0].tolist():
        changes[row] = (size, None)
        void.append(row)
    if not _overlap(flat, offsets):
        return
    found = labelmap.objects(paint(flat, offsets, np.arange(1, len(rows) + 1, dtype=np.uint32), size))
    left = dict(zip(found.ids.tolist(), range(len(found)), strict=True))
    for number, (row, area) in enumerate(zip(rows.tolist(), areas.tolist(), strict=True), 1):
        place = left.get(number)
        if area and (place is None or int(found.areas[place]) != area):
            changes[row] = (size, None if place is None else found.rle(place))
            covered.append(row)


def _overlap(flat: Array, offsets: Array) -> bool:
    """Tell whether two of some masks cover one pixel."""
    pieces = [runs.intervals(flat[a:b]) for a, b in pairwise(offsets.tolist())]
    starts = np.concatenate([start for start, _ in pieces])
    stops = np.concatenate([stop for _, stop in pieces])
    full = stops > starts
    order = starts[full].argsort(kind="stable")
    return bool((stops[full][order][:-1] > starts[full][order][1:]).any())


def alike(ds: Dataset, apply: bool) -> Found:
    """Make masks of all annotations of labels with a bitmap, and of none of those without."""
    rows, _ = mask_rows(ds)
    pixels = _in_bitmap(ds)
    issues: list[Issue] = []
    open_ = np.asarray((ds._annotations.array("kind") == 0) & pixels)
    typed = ds._annotations.sparse(KEPT + "type")
    if typed is not None:
        open_[typed.present()] = False
    bare = np.flatnonzero(open_)
    lost_rows = rows[~pixels[rows]]
    if len(bare):
        told = "an annotation without shape is one without pixels"
        issues.append(at_annotations(ds, "converted", "shape", told, bare, severity="info"))
        kinds = ds._annotations.array("kind").copy()
        kinds[bare] = MASK
        ds = with_masks(ds, bare, [((0, 0), None)] * len(bare))
        ds = ds._with(annotations=ds._annotations.replace({"kind": Fixed(kinds)}))
    if len(lost_rows):
        told = "the item has no bitmap, its masks have no pixels"
        issues.append(at_annotations(ds, "dropped", "shape", told, lost_rows, severity="info"))
        ds = shapeless(ds, lost_rows)
    return ds, issues


def _in_bitmap(ds: Dataset) -> Array:
    """Return (n,) bool, True for the annotations whose label has a bitmap."""
    named = fresh_items(ds)
    named[list(stated_bitmaps(ds))] = True
    item = ds._annotations.array("item")
    main, *others = layers_of(ds)
    found = np.asarray(named[item] & is_main(ds, main))
    for layer in others:
        further = np.zeros(len(ds), bool)
        further[[row for row in range(len(ds)) if further_bitmap(ds, row, layer)]] = True
        found |= further[item] & is_main(ds, layer)
    return found


def further_bitmap(ds: Dataset, item: int, layer: str) -> bool:
    """Tell whether the label of a further layer names a bitmap for an item."""
    sequence = int(ds._items.array("sequence")[item])
    labels = ds._items.value(KEPT + "labels", item) if sequence < 0 else ds._sequences.value(KEPT + "labels", sequence)
    label = labels.get(layer) if isinstance(labels, dict) else None
    told = label.get("attributes") if isinstance(label, dict) else None
    if sequence >= 0:
        frames, frame = told.get("frames") if isinstance(told, dict) else None, ds._items.value("frame", item)
        told = frames[frame] if isinstance(frames, list) and type(frame) is int and frame < len(frames) else None
    return isinstance(told, dict) and has_bitmap(told)


def named(ds: Dataset, apply: bool) -> Found:
    """Name the bitmaps that are written, and state the ids that masks have in those that are kept."""
    stated = stated_bitmaps(ds)
    fresh = fresh_items(ds)
    local = [row for row, name in stated.items() if not fresh[row] and is_relative(name) and has_file(ds, row)]
    written = np.union1d(np.flatnonzero(fresh), np.array(local, np.int64)).astype(np.int64)
    names = safe_names([ds.names[row] for row in written.tolist()], suffix=".png")
    wanted = {row: FOLDER + name for row, name in zip(written.tolist(), names, strict=True)}
    moved = np.array([row for row, name in wanted.items() if stated.get(row) != name or _signed(ds, row)], np.int64)
    if not len(moved):
        return ds, []
    issue = at_items(ds, "derived", "bitmap", "masks are written into a bitmap beside the release", moved)
    column = ds._items.sparse("bitmap")
    values = {} if column is None else dict(zip(column.present().tolist(), column.dense().to_list(), strict=True))
    values.update({row: {"name": wanted[row]} for row in moved.tolist()})
    rows = np.array(sorted(values), np.int64)
    fresh_column = Sparse(len(ds), rows, None, Json.of([values[row] for row in rows.tolist()]))
    return ds._with(items=ds._items.replace({"bitmap": fresh_column})), [issue]


def _signed(ds: Dataset, row: int) -> bool:
    value = ds._items.value("bitmap", row)
    return value is not MISSING and set(value) != {"name"}


def known_sizes(ds: Dataset, apply: bool) -> Found:
    """Keep the sizes that are known from bitmaps which are written along, and drop all others."""
    size = ds._items.array("size")
    wanted = np.full(size.shape, -1, np.int64)
    fresh = np.flatnonzero(fresh_items(ds))
    wanted[fresh] = size[fresh]
    local = [row for row, name in stated_bitmaps(ds).items() if is_relative(name) and has_file(ds, row)]
    kept = np.setdiff1d(np.array(local, np.int64), fresh)
    if len(kept):
        wanted[kept] = image_sizes([ds._items.value("bitmap_path", row) for row in kept.tolist()]).sizes
    differs = np.flatnonzero((wanted != size).any(axis=1))
    if not len(differs):
        return ds, []
    told = "sizes are known from bitmaps alone"
    issue = at_items(ds, "dropped", "size", told, differs, severity="info")
    return ds._with(items=ds._items.replace({"size": Fixed(wanted)})), [issue]
