"""Steps of narrowing that bring a dataset into the form of panoptic COCO.

Every annotation is a mask of its own pixels with an id from 1 on, no two of an image cover one pixel, and ``area`` and
``bbox`` are those of the pixels. An image whose PNG is not on this machine stays as it is: its record goes on to name
that PNG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import safe_names
from annokit.columns import Column, Fixed, Json, Number, Sparse
from annokit.columns.base import Array
from annokit.errors import AnnokitError
from annokit.formats import numbering
from annokit.formats.bitmap_files import is_relative
from annokit.formats.bitmaps import lost
from annokit.formats.coco import keys
from annokit.formats.flatten import mask_rows
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.steps import cleared, without
from annokit.geometry.runs import areas
from annokit.model.bitmaps import LARGEST_ID, has_file, idents_of, rows_in_bitmaps, settled
from annokit.model.masks import counts, load_bitmap
from annokit.model.masks import mask_bounds as tight
from annokit.model.schema import STATUSES

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

UNLABELLED = STATUSES.index("unlabelled")


def as_records(ds: Dataset, apply: bool) -> Found:
    """Let the document be one of records per image, with all of its lists."""
    extras = {key: raw for key, raw in ds._extras.items() if key not in (keys.NO_LIST, keys.LISTED, keys.OUTLINED)}
    extras[keys.PANOPTIC] = b"true"
    if extras == ds._extras:
        return ds, []
    told = "the annotations of an image become one record, with their pixels in a PNG beside the file"
    return ds._with(extras=extras), [at_all("restated", "document", told, ["panoptic"])]


def apart(ds: Dataset, apply: bool) -> Found:
    """Let a document of records per image be one of annotations, where that is written."""
    issues: list[Issue] = []
    if keys.PANOPTIC in ds._extras:
        told = "every segment of an image becomes an annotation of its own"
        issues.append(at_all("restated", "document", told, ["annotations"]))
        ds = ds._with(extras={key: raw for key, raw in ds._extras.items() if key != keys.PANOPTIC})
    for name in [name for name in ds._items.columns if name.startswith(keys.RECORD)]:
        column = ds._items.sparse(name)
        field = name[len(keys.RECORD) :]
        told = f"{field} belongs to the record of an image, which the target does not have"
        if column is not None and column.count:
            issues.append(at_items(ds, "dropped", field, told, column.present()))
        ds = ds._with(items=ds._items.without((name,)))
    return ds, issues


def with_pixels(ds: Dataset, apply: bool) -> Found:
    """Take the pixels of masks out of their bitmaps, but where an image's own PNG is elsewhere and may stay there."""
    rows = rows_in_bitmaps(ds)
    item = ds._annotations.array("item")
    loose = rows[~_absent(ds)[item[rows]]]
    found = settled(ds, rows=loose)
    issues = []
    broken = np.intersect1d(loose, np.flatnonzero(np.isin(item, [owner for owner, _ in found.damaged])))
    gone = np.union1d(found.missing, broken)
    if len(gone):
        issues.append(lost(ds, gone))
    extra = np.union1d([owner for owner, _ in found.unclaimed], _painted_bare(ds)).astype(np.int64)
    if len(extra):
        told = "pixels whose id no annotation states belong to nothing"
        issues.append(at_items(ds, "dropped", "bitmap", told, extra))
    return found.dataset, issues


def _painted_bare(ds: Dataset) -> list[int]:
    """Return the items without annotations whose bitmap holds ids all the same."""
    bare = np.ones(len(ds) + 1, bool)
    bare[ds._annotations.array("item")] = False
    found = []
    for item in np.flatnonzero(bare[:-1]).tolist():
        try:
            bitmap = load_bitmap(ds, item) if has_file(ds, item) else None
        except AnnokitError:
            continue
        if bitmap is not None and bitmap.any():
            found.append(item)
    return found


def _names(ds: Dataset) -> dict[int, str]:
    """Return the relative names of bitmaps that items state."""
    column = ds._items.sparse("bitmap")
    if column is None:
        return {}
    pairs = zip(column.present().tolist(), column.values_of(column.present()), strict=True)
    named = {row: value.get("name") for row, value in pairs if isinstance(value, dict)}
    return {row: name for row, name in named.items() if isinstance(name, str) and is_relative(name)}


def _absent(ds: Dataset) -> Array:
    """Return (n + 1,) bool: the items whose masks all lie in a PNG that is not on this machine, which they name."""
    marks = np.zeros(len(ds) + 1, bool)
    here = [row for row in _names(ds) if not has_file(ds, row)]
    marks[here] = True
    others = np.ones(len(ds._annotations), bool)
    others[rows_in_bitmaps(ds)] = False
    marks[ds._annotations.array("item")[others]] = False
    if not marks[ds._annotations.array("item")].any():
        marks[:] = False
    return marks


def segment_ids(ds: Dataset, apply: bool) -> Found:
    """Give every annotation the number of its pixels as id, distinct in its image and from 1 on."""
    ids = numbering.stated_ids(ds)
    ids[(ids < 1) | (ids > LARGEST_ID)] = numbering.NONE
    fixed = rows_in_bitmaps(ds)
    ids[fixed] = idents_of(ds, fixed)
    item = ds._annotations.array("item")
    ids = numbering.without_repeats(item, ids)
    again = fixed[ids[fixed] == numbering.NONE]
    issues: list[Issue] = []
    if len(again):
        told = "another segment of the image has its pixels"
        issues.append(at_annotations(ds, "refused", "shape", told, again))
        ds, ids, item = without(ds, again), np.delete(ids, again), np.delete(item, again)
    ds, more = numbering.with_ids(ds, numbering.filled(item, ids), "a segment's id is the value of its pixels")
    return ds, issues + more


def categorised(ds: Dataset, apply: bool) -> Found:
    """Refuse annotations without label, but those whose category a file stated although it does not exist."""
    nameless = ds._annotations.array("label") < 0
    stated = ds._annotations.sparse(keys.extra("category_id"))
    if stated is not None:
        nameless[stated.present()] = False
    rows = np.flatnonzero(nameless)
    if not len(rows):
        return ds, []
    issue = at_annotations(ds, "refused", "label", "the target needs a label, the annotation has none", rows)
    return without(ds, rows), [issue]


def recorded(ds: Dataset, apply: bool) -> Found:
    """Name a PNG for every image but those that nobody has labelled, and those without known size."""
    absent = _absent(ds)[:-1]
    status = ds._items.array("status")
    wanted = np.asarray(absent | ((status != UNLABELLED) & (ds._items.array("size") > 0).all(axis=1)))
    wanted[ds._annotations.array("item")] = True
    files = _files(ds, np.flatnonzero(wanted), absent)
    old = _stated(ds)
    changed = np.array(
        [row for row in range(len(ds)) if old.get(row) != ({"name": files[row]} if row in files else None)], np.int64
    )
    issues = [
        at_items(ds, code, field, told, rows)
        for code, field, told, rows in (*_statuses(status, wanted), ("derived", "bitmap", NAMED, changed))
        if len(rows)
    ]
    gone, told = _outdated(ds, wanted)
    issues += told
    if not issues:
        return ds, []
    names = Json.of([{"name": name} for name in files.values()])
    column = Sparse(len(ds), np.array(list(files), np.int64), None, names) if files else None
    fresh = Fixed(np.where(wanted, 0, UNLABELLED).astype(np.uint8))
    return ds._with(items=ds._items.replace({**gone, "status": fresh, "bitmap": column})), issues


def _outdated(ds: Dataset, wanted: Array) -> tuple[dict[str, Column | None], list[Issue]]:
    """Return the columns of records without what belongs to no record, and what a record states otherwise by now."""
    changes: dict[str, Column | None] = {}
    issues = []
    for name in [name for name in ds._items.columns if name.startswith(keys.RECORD)]:
        column = ds._items.sparse(name)
        key = name[len(keys.RECORD) :]
        rows = np.zeros(0, np.int64) if column is None else column.present()
        rows = rows if key in OF_RECORDS else rows[~wanted[rows]]
        if column is not None and len(rows):
            changes[name] = cleared(column, rows)
            severity = "info" if key in OF_RECORDS else "warning"
            told = f"{key} of a record is outdated, or there is no record"
            issues.append(at_items(ds, "dropped", key, told, rows, severity=severity))
    return changes, issues


OF_RECORDS = ("image_id", "file_name")
"""Members of records that the model states."""

NAMED = "the record of an image names the PNG with the pixels of its segments"


def _statuses(status: Array, wanted: Array) -> list[tuple[str, str, str, Array]]:
    """Return what there is to tell of statuses: only "unlabelled" can be stated, by having no record."""
    without = "an image without record, since nobody knows its size, counts as not labelled"
    recorded = "an image with a record counts as labelled"
    return [
        ("restated", "status", without, np.flatnonzero(~wanted & (status != UNLABELLED))),
        ("restated", "status", recorded, np.flatnonzero(wanted & (status == UNLABELLED))),
        (
            "dropped",
            "status",
            "the target has no place for status",
            np.flatnonzero(wanted & (status != 0) & (status != UNLABELLED)),
        ),
    ]


def _files(ds: Dataset, rows: Array, absent: Array) -> dict[int, str]:
    """Return the PNG of each of some items: the one that it names where it can, else one called like the item."""
    named = _names(ds)
    proposed = [named.get(row, ds.names[row]) for row in rows.tolist()]
    wanted = list(safe_names(proposed, suffix=".png"))
    files = dict(zip(rows.tolist(), safe_names(wanted, suffix=".png"), strict=True))  # of ".jpg", "_png" came before
    files.update({row: named[row] for row in rows[absent[rows]].tolist()})
    return files


def _stated(ds: Dataset) -> dict[int, Any]:
    column = ds._items.sparse("bitmap")
    if column is None:
        return {}
    return dict(zip(column.present().tolist(), column.values_of(column.present()), strict=True))


def true_numbers(ds: Dataset, apply: bool) -> Found:
    """Let area and bbox be those of the pixels."""
    rows = mask_rows(ds)
    if not len(rows):
        return ds, []
    flat, offsets, _ = counts(ds, rows)
    bounds = tight(ds, rows)
    bounds[:, 2:] -= bounds[:, :2]
    issues: list[Issue] = []
    box: Any = ds._annotations.get("box")
    if box is not None:
        stated = box.values[rows]
        wrong = rows[(~np.isnan(stated[:, 0])) & (stated != bounds).any(axis=1)]
        if len(wrong):
            told = "bbox is the tight box around the pixels"
            issues.append(at_annotations(ds, "restated", "box", told, wrong))
            ds = ds._with(annotations=ds._annotations.replace({"box": cleared(box, wrong)}))
    column = ds._annotations.sparse(keys.extra("area"))
    if column is not None and isinstance(column.values, Number):
        known = np.full(len(ds._annotations), -1.0)
        known[rows] = areas(flat, offsets)
        present = column.present()
        own = column.dense().values.reshape(-1)  # type: ignore[attr-defined] # numbers
        wrong = present[(known[present] >= 0) & (known[present] != own)]
        if len(wrong):
            issues.append(at_annotations(ds, "restated", "area", "area is the number of pixels", wrong))
            fresh = cleared(column, wrong)
            ds = ds._with(annotations=ds._annotations.replace({keys.extra("area"): fresh}))
    return ds, issues
