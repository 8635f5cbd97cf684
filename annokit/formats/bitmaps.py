"""Steps of narrowing about masks whose pixels lie in a bitmap beside the item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annokit.formats.places import at_annotations
from annokit.model.bitmaps import rows_in_bitmaps, settled

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def settle_bitmaps(holds: Holds) -> Step:
    """Take the pixels of masks out of their bitmaps, for targets that name no bitmaps.

    Pixels that are not on this machine are lost to the target, and told. A dry run looks at the pixels too: what it
    reports is what a write would.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        if "bitmap" in holds.item_fields:
            return ds, []
        found = settled(ds)
        broken = np.flatnonzero(np.isin(ds._annotations.array("item"), [item for item, _ in found.damaged]))
        gone = np.union1d(found.missing, np.intersect1d(broken, rows_in_bitmaps(ds)))
        return found.dataset, [lost(ds, gone)] if len(gone) else []

    return step


def lost(ds: Dataset, rows: np.ndarray) -> Issue:
    """Return the issue that tells of masks whose pixels are not on this machine."""
    message = "the bitmap that holds its pixels is not on this machine, or damaged: give images= when reading, or fetch"
    return at_annotations(ds, "dropped", "shape", message, rows, severity="error")
