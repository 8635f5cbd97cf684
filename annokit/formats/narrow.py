"""Bringing a dataset into the shape that a target can hold, with a record of every row and field that it touches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from annokit.errors import MissingSizeError
from annokit.formats import numbers, steps
from annokit.formats.bitmaps import settle_bitmaps
from annokit.formats.conversions import convert_kinds
from annokit.formats.encodings import settle_masks
from annokit.formats.frames import expanded_tracks
from annokit.formats.origin import forgotten, remembered
from annokit.formats.places import at_items
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.formats.holds import Holds, Step
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def narrow(ds: Dataset, holds: Holds, *, apply: bool = True) -> tuple[Dataset, Report]:
    """Return the dataset as a target can hold it, and what that changes.

    Parameters
    ----------
    ds : Dataset
        What is to be written.
    holds : Holds
        What the target can hold.
    apply : bool
        False for a dry run: the report is the same, the dataset is not fit for writing.

    Returns
    -------
    dataset : Dataset
        `ds` itself where nothing changes.
    report : Report
        Empty exactly if the returned dataset equals `ds`. Its places are items and annotation rows of `ds`. Where a
        write raises MissingSizeError, a dry run tells the items: ``unknown-size``, severity error.

    Raises
    ------
    MissingSizeError
        The target needs a size that nobody knows; not in a dry run.
    """
    issues: list[Issue] = []
    narrowed = start = remembered(ds)
    for step in _steps(holds):
        try:
            narrowed, found = step(narrowed, apply)
        except MissingSizeError as error:
            if apply:
                raise
            issues.append(_stopped(ds, error))
            break
        issues += found
    return ds if narrowed is start else forgotten(narrowed), Report(issues)


def _stopped(ds: Dataset, error: MissingSizeError) -> Issue:
    """Return what a dry run tells of the item at which a write stops."""
    items = np.array([row for row, name in enumerate(ds.names) if name == error.item][:1], np.int64)
    told = "what the target states needs the item's size, which nobody knows: a write stops here"
    return at_items(ds, "unknown-size", "size", told, items, severity="error")


def _steps(holds: Holds) -> Iterator[Step]:
    yield steps.refuse_dangling(holds)
    yield steps.refuse_unlabelled(holds)
    yield settle_bitmaps(holds)
    yield settle_masks(holds)
    if not {"interpolation", "span"} & holds.annotation_fields:
        yield expanded_tracks
    yield from holds.steps
    yield convert_kinds(holds)
    yield steps.drop_annotation_columns(holds)
    yield steps.drop_item_columns(holds)
    yield steps.drop_sequences(holds)
    yield steps.drop_label_facets(holds)
    yield steps.drop_dataset_parts(holds)
    yield steps.item_kinds(holds)
    yield from holds.late_steps
    yield steps.sort_items(holds)
    yield steps.group_annotations(holds)
    yield numbers.restate_times(holds)
    yield numbers.restate(holds)
    yield numbers.round_numbers(holds)
    yield steps.drop_sizes(holds)
    yield from holds.final_steps
