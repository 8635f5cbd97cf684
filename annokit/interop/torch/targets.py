"""What the second part of a sample is, by kind of target."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.interop.torch.extra import torch, vision
from annokit.model.bounds import boxes
from annokit.model.select import take_annotations

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.item import Item


class Maker:
    """Makes the targets of one kind; holds no dataset, so that it is light to pickle."""

    def __init__(self, ds: Dataset, first_label: int) -> None:
        self._first_label = first_label

    def keep(self, ds: Dataset) -> Dataset:
        """Return what samples still need of the dataset."""
        return ds

    def target(self, item: Item, row: int) -> Any:
        """Return the target of an item."""
        raise NotImplementedError


class Detection(Maker):
    """Boxes and labels, sliced from flat tensors."""

    def __init__(self, ds: Dataset, first_label: int) -> None:
        super().__init__(ds, first_label)
        module = torch()
        rows = _boxed_rows(ds)
        corners = boxes(ds, rows, "xyxy", "pixel")
        item = ds._annotations.array("item")[rows]
        self._offsets = np.concatenate([[0], np.bincount(item, minlength=len(ds)).cumsum()])
        self._boxes = module.from_numpy(corners.astype(np.float32))
        self._labels = module.from_numpy(ds._annotations.array("label")[rows].astype(np.int64) + first_label)
        self._area = module.from_numpy(((corners[:, 2:] - corners[:, :2]).prod(axis=1)).astype(np.float32))
        self._crowd = module.from_numpy(_crowds(ds, rows))

    def keep(self, ds: Dataset) -> Dataset:
        """Return the items alone: the boxes are here."""
        return ds._with(annotations=ds._annotations.take(np.zeros(0, np.int64)).compact())

    def target(self, item: Item, row: int) -> Any:
        """Return the tensors of an item."""
        start, stop = int(self._offsets[row]), int(self._offsets[row + 1])
        return {
            "boxes": self._boxed(self._boxes[start:stop], item),
            "labels": self._labels[start:stop],
            "image_id": row,
            "area": self._area[start:stop],
            "iscrowd": self._crowd[start:stop],
        }

    def _boxed(self, corners: Any, item: Item) -> Any:
        wrap = vision("BoundingBoxes")
        if wrap is None:
            return corners
        width, height = item.size
        return wrap(corners, format="XYXY", canvas_size=(height, width))


def _boxed_rows(ds: Dataset) -> np.ndarray[Any, Any]:
    """Return the rows with an item, a label and a box or a shape with bounds, item by item."""
    order = ds._index[1]
    rows = np.arange(len(ds._annotations)) if order is None else order
    item, label = ds._annotations.array("item")[rows], ds._annotations.array("label")[rows]
    rows = rows[(item >= 0) & (label >= 0)]
    return rows[~np.isnan(boxes(ds, rows, "xyxy", "source")[:, 0])] if len(rows) else rows


def _crowds(ds: Dataset, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    column = ds._annotations.sparse("attributes/iscrowd")
    marks = np.zeros(len(rows), np.int64)
    if column is None:
        return marks
    slots = column.slots_of(rows)
    stated = np.flatnonzero(slots >= 0)
    marks[stated] = [int(bool(value)) for value in column.values.values_of(slots[stated])]
    return marks


class Segmentation(Detection):
    """Boxes, labels and a mask each."""

    def __init__(self, ds: Dataset, first_label: int) -> None:
        super().__init__(ds, first_label)
        self._rows = _boxed_rows(ds)

    def keep(self, ds: Dataset) -> Dataset:
        """Return the annotations that have boxes, item by item."""
        return ds._with(annotations=take_annotations(ds._annotations, self._rows))

    def target(self, item: Item, row: int) -> Any:
        """Return the tensors of an item and its masks."""
        masks = torch().from_numpy(np.ascontiguousarray(item.masks()).astype(np.uint8))
        wrap = vision("Mask")
        return {**super().target(item, row), "masks": masks if wrap is None else wrap(masks)}


class Semantic(Maker):
    """Label positions + 1 by pixel."""

    def target(self, item: Item, row: int) -> Any:
        """Return the bitmap of an item."""
        bitmap = torch().from_numpy(item.semantic_bitmap().astype(np.int64))
        wrap = vision("Mask")
        return bitmap if wrap is None else wrap(bitmap)


class Classification(Maker):
    """The label of each item, or which labels it has."""

    def __init__(self, ds: Dataset, first_label: int) -> None:
        super().__init__(ds, first_label)
        item, label = ds._annotations.array("item"), ds._annotations.array("label")
        known = (item >= 0) & (label >= 0)
        pairs = np.unique(np.stack([item[known], label[known]], axis=1), axis=0)
        several = bool((np.bincount(pairs[:, 0], minlength=len(ds)) > 1).any()) if len(pairs) else False
        shape = (len(ds), len(ds.labels)) if several else (len(ds),)
        table = np.zeros(shape, np.float32) if several else np.full(shape, -1, np.int64)
        if several:
            table[pairs[:, 0], pairs[:, 1]] = 1
        else:
            table[pairs[:, 0]] = pairs[:, 1] + first_label
        self._table = torch().from_numpy(table)

    def keep(self, ds: Dataset) -> Dataset:
        """Return the items alone: the labels are here."""
        return ds._with(annotations=ds._annotations.take(np.zeros(0, np.int64)).compact())

    def target(self, item: Item, row: int) -> Any:
        """Return the row of an item."""
        return self._table[row]


TARGETS: dict[str, Callable[[Any, int], Maker]] = {
    "detection": Detection,
    "segmentation": Segmentation,
    "semantic": Semantic,
    "classification": Classification,
}
"""How the targets of each kind are made."""
