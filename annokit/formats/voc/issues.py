"""What a read tells about numbers that it keeps as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Number
from annokit.columns.base import Array
from annokit.formats.places import ItemNames
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

REVERSED = "the last corner lies before the first; both are kept as they are"
BEYOND = {
    "xyxy": "corners lie beyond the picture; they are kept",
    "xyxy1": "corners lie beyond the picture, where 1 is the first pixel; they are kept",
}
ASSUMED = "coordinates are taken for plain corners; voc:standard, or origin=, counts pixels from 1"
LIKELY = "no corner is 0 and some reach the last pixel, as where pixels are counted from 1"


def about_boxes(ds: Dataset, form: str, assumed: bool) -> Dataset:
    """Return the dataset with issues about its boxes: reversed ones, those beyond the picture, the origin.

    Parameters
    ----------
    ds : Dataset
        As it was read, boxes in pixels.
    form : {"xyxy", "xyxy1"}
        How corners are counted.
    assumed : bool
        Whether nobody told so.
    """
    column = ds._annotations.get("box")
    numbers = column.values if isinstance(column, Number) else np.zeros((0, 4))
    rows = np.flatnonzero(~np.isnan(numbers[:, 0])) if len(numbers) else np.zeros(0, np.int64)
    box = numbers[rows]
    size = ds._items.array("size")[ds._annotations.array("item")[rows]] if len(rows) else np.zeros((0, 2), np.int64)
    back = (box[:, 2:] < box[:, :2]).any(axis=1)
    first = 1 if form == "xyxy1" else 0
    sized = np.asarray((size > 0).all(axis=1))
    over = sized & (box > np.tile(size, 2)).any(axis=1)
    far = over | (box < first).any(axis=1)
    found = [_issue(ds, rows[back], REVERSED), _issue(ds, rows[far & ~back], BEYOND[form])]
    if assumed and len(ds._annotations):
        likely = len(box) and bool((box >= 1).all()) and not over.any() and bool((box[:, 2:] == size).any())
        told = f"{ASSUMED}; {LIKELY}" if likely else ASSUMED
        found.insert(0, Issue("assumed", "info", told, field="box", fate="kept"))
    issues = tuple(issue for issue in found if issue is not None)
    return ds._with(issues=Report(issues) + ds.issues) if issues else ds


def _issue(ds: Dataset, rows: Array, told: str) -> Issue | None:
    if not len(rows):
        return None
    places = Places(ItemNames(ds._items), ds._annotations.array("item")[rows], rows)
    return Issue.at("odd-value", "warning", told, places, field="box", fate="kept")
