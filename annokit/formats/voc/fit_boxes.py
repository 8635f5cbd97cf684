"""Steps of narrowing about shapes: every object has a box, and where wanted a mask beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Number
from annokit.columns.base import Array
from annokit.formats.conversions import source_bounds, with_boxes
from annokit.formats.flatten import counts_of, mask_rows, with_masks
from annokit.formats.places import at_annotations, at_items
from annokit.formats.steps import without
from annokit.formats.voc.fit_attributes import ABSENT
from annokit.formats.voc.fit_items import EXTRAS, clean
from annokit.formats.voc.label_map import VOID
from annokit.geometry import rle, runs
from annokit.model.masks import _stored
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

AREAS = ("rotated_box", "ellipse", "polygon")
"""Kinds of shape that become masks where masks are wanted."""

BOX, NONE = KIND_CODE["box"], KIND_CODE["none"]


def stated_boxes(ds: Dataset, apply: bool) -> Found:
    """Give every mask, and what becomes one, a box of its own: that of its shape."""
    kinds = [KIND_CODE[kind] for kind in (*AREAS, "mask")]
    rows = np.flatnonzero(np.isin(ds._annotations.array("kind"), kinds))
    column = ds._annotations.get("box")
    if isinstance(column, Number):
        rows = rows[np.isnan(column.values[rows, 0])]
    if not len(rows):
        return ds, []
    bounds = source_bounds(ds, rows)
    rows, bounds = rows[~np.isnan(bounds[:, 0])], bounds[~np.isnan(bounds[:, 0])]
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "derived", "box", "an object's box is that of its shape", rows)
    return ds._with(annotations=ds._annotations.replace({"box": with_boxes(ds, rows, bounds)})), [issue]


def boxes_where_stated(ds: Dataset, apply: bool) -> Found:
    """Make a box of what states one and has no shape; refuse what has neither, and boxes of no extent."""
    kind = ds._annotations.array("kind")
    column = ds._annotations.get("box")
    stated = np.zeros(len(kind), bool)
    finite = np.zeros(len(kind), bool)
    if isinstance(column, Number):
        stated = ~np.isnan(column.values[:, 0])
        finite = np.asarray(np.isfinite(column.values).all(axis=1))
    issues: list[Issue] = []
    bare = np.flatnonzero((kind == NONE) & finite)
    if len(bare):
        kinds = kind.copy()
        kinds[bare] = BOX
        issues.append(at_annotations(ds, "converted", "shape", "the box that it states is its shape", bare))
        ds = ds._with(annotations=ds._annotations.replace({"kind": Fixed(kinds)}))
        kind = kinds
    gone = ((kind != NONE) & ~finite) | ((kind == NONE) & (stated | ~_kept_without_box(ds)))
    rows = np.flatnonzero(gone)
    if len(rows):
        issues.append(at_annotations(ds, "refused", "shape", "an object needs a box of finite numbers", rows))
        ds = without(ds, rows)
    return ds, issues


def _kept_without_box(ds: Dataset) -> Array:
    """Return which annotations came from files that state no box, or one that can't be read."""
    found = np.zeros(len(ds._annotations), bool)
    odd, absent = ds._annotations.sparse(EXTRAS + "bndbox"), ds._annotations.sparse(ABSENT)
    if odd is not None:
        found[odd.present()] = True
    if absent is not None:
        told = absent.dense().to_list()
        found[[r for r, names in zip(absent.present().tolist(), told, strict=True) if "bndbox" in (names or ())]] = True
    return found


def no_stale_boxes(ds: Dataset, apply: bool) -> Found:
    """Drop the text of a box where the annotation has one that can be read."""
    odd = ds._annotations.sparse(EXTRAS + "bndbox")
    if odd is None:
        return ds, []
    rows = odd.present()
    rows = rows[ds._annotations.array("kind")[rows] != NONE]
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "restated", "bndbox", "the annotation has a box", rows)
    return ds._with(annotations=ds._annotations.replace({EXTRAS + "bndbox": clean(odd, rows)})), [issue]


def _as_boxes(ds: Dataset, rows: Array, told: str) -> Found:
    """Take the masks of rows; their boxes stay."""
    from annokit.formats.steps import cleared

    kinds = ds._annotations.array("kind").copy()
    kinds[rows] = BOX
    masks = ds._annotations.columns["mask"]
    changes: dict[str, Column | None] = {"kind": Fixed(kinds), "mask": cleared(masks, rows)}
    issue = at_annotations(ds, "converted", "shape", f"mask becomes box: {told}", rows)
    return ds._with(annotations=ds._annotations.replace(changes)), [issue]


def masks_that_fit(ds: Dataset, apply: bool) -> Found:
    """Make boxes of masks of another size than their picture's."""
    rows = mask_rows(ds)
    if not len(rows):
        return ds, []
    size = _stored(ds, rows)[0][:, ::-1]
    wrong = rows[(size != ds._items.array("size")[ds._annotations.array("item")[rows]]).any(axis=1)]
    return _as_boxes(ds, wrong, "it has another size than its picture") if len(wrong) else (ds, [])


def masks_with_numbers(ds: Dataset, apply: bool) -> Found:
    """Make boxes of masks whose object or label has no number that a PNG can hold."""
    rows = mask_rows(ds)
    item = ds._annotations.array("item")
    number = np.arange(len(item)) - ds._index[0][item] + 1
    late = rows[(number[rows] >= VOID) | (ds._annotations.array("label")[rows] >= VOID - 1)]
    return _as_boxes(ds, late, f"the numbers of objects and labels end at {VOID - 1}") if len(late) else (ds, [])


def legal_void(ds: Dataset, apply: bool) -> Found:
    """Drop pixels to be ignored that are none of the picture, and take the others out of its masks."""
    column = ds._items.sparse(EXTRAS + "void")
    if column is None:
        return ds, []
    wrong, voids = [], {}
    for row, told in zip(column.present().tolist(), column.dense().to_list(), strict=True):
        found = _void(told, tuple(ds._items.array("size")[row].tolist()))
        if found is None:
            wrong.append(row)
        else:
            voids[row] = found
    issues: list[Issue] = []
    if wrong:
        told = "the pixels to be ignored are none of the picture"
        issues.append(at_items(ds, "dropped", "void", told, np.array(wrong)))
        ds = ds._with(items=ds._items.replace({EXTRAS + "void": clean(column, np.array(wrong))}))
    rows = mask_rows(ds)
    rows = rows[np.isin(ds._annotations.array("item")[rows], list(voids))]
    flat, offsets, _ = counts_of(ds, rows)
    texts: dict[int, bytes] = {}
    for place, row in enumerate(rows.tolist()):
        own = flat[offsets[place] : offsets[place + 1]]
        less = runs.difference(own, [voids[int(ds._annotations.array("item")[row])]])
        if not np.array_equal(own, less):
            texts[row] = rle.dumps(less)
    if texts:
        told = "pixels to be ignored belong to no object"
        issues.append(at_annotations(ds, "converted", "shape", told, np.array(sorted(texts))))
        ds = with_masks(ds, texts)
    return ds, issues


def _void(told: Any, size: tuple[int, int]) -> Array | None:
    """Return the run lengths of pixels to be ignored, None where they are none of a picture of width and height."""
    from annokit.errors import FormatError

    if not isinstance(told, dict) or set(told) != {"size", "counts"} or told["size"] != [size[1], size[0]]:
        return None
    try:
        counts = rle.loads(told["counts"], (size[1], size[0]))
    except (FormatError, AttributeError, TypeError):
        return None
    plain = runs.from_intervals(*runs.intervals(counts), size[0] * size[1])
    return counts if rle.dumps(plain).decode() == told["counts"] and counts[1::2].sum() else None


def whole_numbers(ds: Dataset, apply: bool) -> Found:
    """State corners as integers."""
    column = ds._annotations.get("box")
    if not isinstance(column, Number):
        return ds, []
    known = ~np.isnan(column.values)
    whole = np.zeros(known.shape, bool) if column.whole is None else column.whole
    rows = np.flatnonzero((known & ~whole).any(axis=1))
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "restated", "box", "corners are written as integers", rows)
    return ds._with(annotations=ds._annotations.replace({"box": Number(column.values, known)})), [issue]
