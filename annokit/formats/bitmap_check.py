"""Whether bitmaps on this machine fit the pictures and the annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Fixed
from annokit.columns.base import Array
from annokit.errors import AnnokitError
from annokit.formats.bitmap_files import damaged_bitmaps, told_ids, unseen_issue
from annokit.media.image import load_label_bitmap
from annokit.media.size import image_sizes
from annokit.model.bitmaps import masked_ids
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.formats.context import ReadContext
    from annokit.limits import Limits
    from annokit.model.dataset import Dataset

CHECKED_PIXELS = 64 * 1024 * 1024
"""Pixels of bitmaps that are compared with the annotations where nobody asks: a second or two."""


def finish(ds: Dataset, context: ReadContext, options: Mapping[str, Any]) -> Dataset:
    """Return the dataset with sizes from its bitmaps, and with what does not fit among its issues."""
    column = ds._items.sparse("bitmap_path")
    if column is None:
        return ds
    rows = column.present()
    paths: list[str] = column.values_of(rows)
    measured = image_sizes(paths)
    damaged = [(int(rows[place]), str(error)) for place, error in measured.errors]
    sizes = measured.sizes
    for place in np.flatnonzero(sizes.prod(axis=1) > context.limits.pixels).tolist():
        width, height = sizes[place].tolist()
        damaged.append((int(rows[place]), f"{paths[place]}: {width} x {height}; the limit is {context.limits.pixels}"))
        sizes[place] = -1
    ds, issues = _sized(ds, rows, sizes)
    wanted = options.get("check")
    if wanted is not False:
        good = (sizes > 0).all(axis=1)
        pixels = np.where(good, sizes.prod(axis=1), 0)
        chosen = np.asarray(good if wanted else good & (pixels.cumsum() <= CHECKED_PIXELS))
        found = _compared(ds, rows[chosen], [path for path, take in zip(paths, chosen, strict=True) if take], context)
        damaged += found.damaged
        issues += found.issues(ds)
        issues += _unchecked(ds, rows[good & ~chosen])
    return ds._with(issues=ds.issues + Report((*issues, *damaged_bitmaps(ds, sorted(damaged)))))


def _sized(ds: Dataset, rows: Array, found: Array) -> tuple[Dataset, list[Issue]]:
    """Return the dataset with sizes of bitmaps where no other is known, and an issue where another one is."""
    stated = ds._items.array("size")[rows]
    known, good = (stated > 0).all(axis=1), (found > 0).all(axis=1)
    fill, differs = ~known & good, known & good & (stated != found).any(axis=1)
    if fill.any():
        sizes = ds._items.array("size").copy()
        sizes[rows[fill]] = found[fill]
        ds = ds._with(items=ds._items.replace({"size": Fixed(sizes)}))
    if not differs.any():
        return ds, []
    pairs = zip(stated[differs].tolist(), found[differs].tolist(), strict=True)
    details = [f"the picture has {a}x{b}, the bitmap {c}x{d}" for (a, b), (c, d) in pairs]
    places = Places(ds.names, rows[differs], details=details)
    message = "a bitmap has another size than its picture"
    return ds, [Issue.at("size-mismatch", "warning", message, places, field="bitmap", fate="kept")]


@attrs.define
class _Compared:
    """What does not fit."""

    damaged: list[tuple[int, str]] = attrs.field(factory=list)
    unclaimed: list[tuple[str | None, int | None, str | None]] = attrs.field(factory=list)
    empty: list[tuple[str | None, int | None, str | None]] = attrs.field(factory=list)

    def issues(self, ds: Dataset) -> list[Issue]:
        """Return it as issues."""
        told = {"mask-without-annotation": self.unclaimed, "annotation-without-mask": self.empty}
        return [unseen_issue(code, Places.of(places)) for code, places in told.items() if places]


def _compared(ds: Dataset, rows: Array, paths: list[str], context: ReadContext) -> _Compared:
    """Compare the ids in bitmaps with those of the annotations."""
    found = _Compared()
    for item, path in zip(rows.tolist(), paths, strict=True):
        name = str(ds._items.value("name", item))
        own, stated = masked_ids(ds, item)
        try:
            present = ids_of(path, context.limits)
        except AnnokitError as error:
            found.damaged.append((item, str(error)))
            continue
        without = np.flatnonzero(~np.isin(stated, present))
        found.empty += [(name, int(own[place]), f"id {stated[place]}") for place in without.tolist()]
        found.unclaimed += [(name, None, told) for told in told_ids(np.setdiff1d(present, stated))]
    return found


def ids_of(path: str, limits: Limits) -> Array:
    """Return the distinct ids of a bitmap but 0, ascending, (k,) uint32."""
    from annokit.geometry.labelmap import stretches

    return np.asarray(np.unique(stretches(load_label_bitmap(path, limits))[2]))


def _unchecked(ds: Dataset, rows: Array) -> list[Issue]:
    if not len(rows):
        return []
    message = "a bitmap was not compared with the annotations; check=True compares all"
    places = Places(ds.names, rows)
    return [Issue.at("skipped-record", "info", message, places, field="bitmap", fate="skipped")]
