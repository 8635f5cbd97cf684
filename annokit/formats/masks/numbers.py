"""Steps of narrowing that give labels and annotations the numbers that pixels hold."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.class_map import one_line
from annokit.codecs.mask_tree import LARGEST
from annokit.columns.base import Array
from annokit.formats.numbering import MOST, NONE, filled, stated_ids, with_ids, without_repeats
from annokit.formats.places import at_all, at_annotations
from annokit.model.label_set import LabelSet
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


# labels ---------------------------------------------------------------------------------------------------------------


def class_values(*, pixels: bool, background: int) -> Step:
    """Give every label a number of its own as its source id: the one it has where all have one, else its place from 1.

    Parameters
    ----------
    pixels : bool
        Whether pixels hold the number, which then must be possible in a PNG and none of the background.
    background : int
        Value of what no label covers.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        stated = [label.source_id for label in ds.labels]
        if _are_values(stated, pixels, background):
            return ds, []
        values = _counted(len(stated), {background} if pixels else set())
        labels = [attrs.evolve(label, source_id=value) for label, value in zip(ds.labels, values, strict=True)]
        told = "a label's value is its place in the list, from 1"
        names = [label.name for label, old in zip(labels, ds.labels, strict=True) if label != old]
        return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [
            at_all("derived", "label.source_id", told, names)
        ]

    return step


def _are_values(stated: list[Any], pixels: bool, background: int) -> bool:
    if any(type(value) is not int for value in stated) or len(set(stated)) < len(stated):
        return False
    if pixels:
        return all(0 <= value <= LARGEST and value != background for value in stated)
    return all(abs(value) <= MOST for value in stated)


def _counted(count: int, reserved: Collection[int]) -> list[int]:
    return [value for value in range(1, count + len(reserved) + 1) if value not in reserved][:count]


def named_by_path(ds: Dataset, apply: bool) -> Found:
    """Call labels by their full path, since the target knows no labels above labels."""
    return _renamed(ds, [label.path for label in ds.labels], "a label is called by its full path")


def one_line_names(ds: Dataset, apply: bool) -> Found:
    """Call labels so that a line can hold the name."""
    return _renamed(ds, [one_line(label.name) for label in ds.labels], "a label's name is a single line")


def _renamed(ds: Dataset, names: list[str], told: str) -> Found:
    changed = [label.name for label, name in zip(ds.labels, names, strict=True) if label.name != name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=name) for label, name in zip(ds.labels, names, strict=True)]
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [at_all("renamed", "label.name", told, changed)]


# annotations ----------------------------------------------------------------------------------------------------------


def pixel_ids(*, merged: bool, background: int) -> Step:
    """Give every annotation the value of its pixels as id; values are told picture by picture, or video by video.

    In a video a value means one label, and where annotations of one label are one, a label one value.
    """

    def step(ds: Dataset, apply: bool) -> Found:
        if not len(ds._annotations):
            return ds, []
        ids = _possible(stated_ids(ds), background)
        item = ds._annotations.array("item")
        scope = _scopes(ds)[item]
        label = ds._annotations.array("label")
        rows = np.arange(len(ids))
        ids = without_repeats(item, ids)
        if merged:
            own = np.where(label >= 0, label, np.where(ids == NONE, -3 - LARGEST - rows, -2 - ids))
            keys = np.stack([scope, own])
        else:
            keys = np.stack([scope, label, np.where(ids == NONE, -2 - rows, ids)])
        _, first, pair = np.unique(keys, axis=1, return_index=True, return_inverse=True)
        pair = pair.reshape(-1)
        order = np.argsort(first, kind="stable")
        numbers = without_repeats(scope[first[order]], ids[first[order]])
        numbers = filled(scope[first[order]], numbers, {background})
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return with_ids(ds, numbers[place[pair]], "an annotation's id is the value of its pixels")

    return step


def _possible(ids: Array, background: int) -> Array:
    return np.where((ids < 0) | (ids > LARGEST) | (ids == background), NONE, ids)


def _scopes(ds: Dataset) -> Array:
    """Return (n,) int64: items that share their values have the same number."""
    sequence = ds._items.array("sequence")
    return np.where(sequence >= 0, sequence, len(ds._sequences) + np.arange(len(ds)))


def unlabelled_ids(background: int) -> Step:
    """Keep ids only where no label tells the value of the pixels; such an id is a value that no label has."""

    def step(ds: Dataset, apply: bool) -> Found:
        values = {label.source_id for label in ds.labels} | {background}
        label, item = ds._annotations.array("label"), ds._annotations.array("item")
        bare = np.flatnonzero(label < 0)
        ids = np.full(len(label), NONE, np.int64)
        if len(bare):
            own = _possible(stated_ids(ds)[bare], background)
            own[np.isin(own, np.array([v for v in values if isinstance(v, int)], np.int64))] = NONE
            ids[bare] = filled(item[bare], without_repeats(item[bare], own), {v for v in values if isinstance(v, int)})
        return with_ids(ds, ids, "only an annotation without label has an id, the value of its pixels")

    return step


def file_numbers(ds: Dataset, apply: bool) -> Found:
    """Tell annotations of one label in one picture apart by numbers."""
    group = ds._annotations.array("item") * (len(ds.labels) + 1) + ds._annotations.array("label")
    ids = without_repeats(group, stated_ids(ds))
    _, place, count = np.unique(group, return_inverse=True, return_counts=True)
    bare = (count[place.reshape(-1)] == 1) & (ids == NONE)
    numbers = filled(group, np.where(bare, 0, ids))
    numbers[bare] = NONE
    return with_ids(ds, numbers, "an annotation's id is the number in its file's name")


# order ----------------------------------------------------------------------------------------------------------------


def by_value(ds: Dataset, apply: bool) -> Found:
    """Order the annotations of a picture by the value of their pixels."""
    label = ds._annotations.array("label")
    values = np.array([v if isinstance(v := lab.source_id, int) else NONE for lab in ds.labels] + [NONE], np.int64)
    ids = stated_ids(ds)
    item = ds._annotations.array("item")
    order = np.lexsort((np.arange(len(ids)), np.where(ids == NONE, values[label], ids), item))
    moved = np.flatnonzero(order != np.arange(len(order)))
    if not len(moved):
        return ds, []
    issue: Issue = at_annotations(ds, "restated", "order", "annotations are listed by the value of their pixels", moved)
    return ds._with(annotations=take_annotations(ds._annotations, order)), [issue]
