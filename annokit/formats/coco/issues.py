"""What a reader tells about a COCO file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Json, Sparse, Table
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.formats.coco import keys
from annokit.formats.coco.resolve import repeated
from annokit.formats.coco.shapes import visibility_of
from annokit.formats.places import ItemNames
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

NONE = (b"null", b"[]")
"""Values that say that there is nothing, which is no news."""

SHOWN = 40

EXPECTED = {
    "segmentation": "rings of at least three points, or run lengths that fill their size",
    "bbox": "four numbers: x, y, width, height",
    "keypoints": "x, y and visibility of each joint",
    "id": "an integer or a string",
    "image_id": "an integer or a string",
    "category_id": "an integer or a string",
    "track_id": "an integer or a string",
    "file_name": "a string",
    "coco_url": "a string",
    "width": "an integer",
    "height": "an integer",
    "area": "a number",
    "num_keypoints": "a number",
    "score": "a number",
    "attributes": "an object of attributes",
}
"""What a known key should hold."""

OF_IMAGES = ("id", "file_name", "coco_url", "width", "height", "attributes")

OF_ANNOTATIONS = ("id", "attributes", *(key for key in EXPECTED if key not in OF_IMAGES))


class _Found(Sequence[str]):
    """Pointer and value of each place, made only when asked for."""

    def __init__(self, pointer: str, key: str, rows: Array, column: Sparse) -> None:
        self._pointer, self._key, self._rows, self._column = pointer, key, rows, column

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        row = int(self._rows[index])
        text = dumps(self._column.value(row)).decode("utf-8", "replace")
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
        return f"{self._pointer}/{row}/{self._key}: {shown}"


def issues_of(ds: Dataset, listed: bool, images: Array, categories: Array) -> list[Issue]:
    """Return what is to be told about a dataset just read.

    Parameters
    ----------
    ds : Dataset
        What was read.
    listed : bool
        Whether the document is a list of results.
    images, categories : (k,) int64 arrays
        Annotation rows whose image or category does not exist.
    """
    pointer = "" if listed else "/annotations"
    annotations = _Told(ds, ds._annotations, pointer)
    found = _Told(ds, ds._items, "/images").all(OF_IMAGES, ())
    found += annotations.all(OF_ANNOTATIONS, (images, categories))
    found += annotations.dangling("image_id", images) + annotations.dangling("category_id", categories)
    found += _repeated(ds, listed) + _visibility(ds, annotations) + _unread_top(ds)
    return found


class _Told:
    """What is to be told about one list."""

    def __init__(self, ds: Dataset, table: Table, pointer: str) -> None:
        self._ds, self._table, self.pointer = ds, table, pointer
        self._of_items = table is ds._items

    def all(self, known: Sequence[str], dangling: Sequence[Array]) -> list[Issue]:
        """Return issues about odd values of known keys, and about keys that the model does not map."""
        found = []
        for name in self._table.columns:
            key = keys.key_of(name)
            column = self._table.sparse(name)
            if key is None or column is None:
                continue
            if key in known:
                found += self._odd(key, column, dangling)
            else:
                found.append(self._unread(key, column.count))
        if self._table.sparse(keys.FURTHER) is not None:
            found.append(self._unread("...", self._table.sparse(keys.FURTHER).count))  # type: ignore[union-attr] # just seen
        return found

    def _unread(self, key: str, count: int) -> Issue:
        where = "images" if self._of_items else "annotations"
        told = f"the key {key!r} of {where} is not part of the model and was kept verbatim"
        return Issue("unread-key", "info", told, count, (f"{self.pointer}/*/{key}",), field=key, fate="kept")

    def _odd(self, key: str, column: Sparse, dangling: Sequence[Array]) -> list[Issue]:
        if not isinstance(column.values, Json):
            return []
        quiet = np.array([raw.replace(b" ", b"") in NONE for raw in column.values.text.raw_list()], bool)
        if key in keys.DERIVED:
            quiet |= np.array([_is_number(raw) for raw in column.values.text.raw_list()], bool)
        rows = column.present()[~quiet[column.all_slots()]]
        for known in dangling if key in ("image_id", "category_id") else ():
            rows = np.setdiff1d(rows, known)
        if not len(rows):
            return []
        told = f"{key} is not {EXPECTED[key]}; it was kept verbatim"
        return [Issue.at("odd-value", "warning", told, self._places(key, rows, column), field=key, fate="kept")]

    def _places(self, key: str, rows: Array, column: Sparse) -> Places:
        details = _Found(self.pointer, key, rows, column)
        names = ItemNames(self._ds._items)
        if self._of_items:
            return Places(names, rows, None, details)
        return Places(names, self._ds._annotations.array("item")[rows], rows, details)

    def dangling(self, key: str, rows: Array) -> list[Issue]:
        """Return the issue about annotations whose `key` leads nowhere."""
        if not len(rows):
            return []
        column = self._table.sparse(keys.extra(key))
        assert column is not None
        told = f"the {key.removesuffix('_id')} of an annotation does not exist; its id was kept verbatim"
        places = self._places(key, rows, column)
        return [Issue.at("dangling-reference", "error", told, places, field=key, fate="kept")]

    def at(self, code: str, severity: str, message: str, key: str, rows: Array) -> Issue:
        """Return an issue about some rows of a column of ids or numbers."""
        column = self._table.sparse("id" if key == "id" else key)
        assert column is not None
        return Issue.at(code, severity, message, self._places(key, rows, column), field=key, fate="kept")


def _is_number(raw: bytes) -> bool:
    value = loads(raw)
    return type(value) in (int, float) and value - value == 0


def _repeated(ds: Dataset, listed: bool) -> list[Issue]:
    """Return issues about ids that two records state."""
    found = []
    for table, what, pointer in ((ds._items, "images", "/images"), (ds._annotations, "annotations", "/annotations")):
        rows = repeated(table.get("id"))
        if len(rows):
            told = f"two {what} state the same id; both were kept"
            found.append(_Told(ds, table, "" if listed else pointer).at("duplicate-id", "warning", told, "id", rows))
    counts = Counter((type(label.source_id), label.source_id) for label in ds.labels if label.source_id is not None)
    again = [str(ident) for (_, ident), count in counts.items() if count > 1]
    if again:
        told = "two categories state the same id; both were kept, annotations belong to the first"
        found.append(Issue("duplicate-id", "warning", told, len(again), tuple(again[:5]), field="id", fate="kept"))
    return found


def _visibility(ds: Dataset, annotations: _Told) -> list[Issue]:
    """Return the issue about joints whose visibility is no 0, 1 or 2, such as the scores of some results."""
    column = ds._annotations.sparse("keypoints")
    if column is None:
        return []
    visibility, owner = visibility_of(column)
    rows = np.unique(owner[~np.isin(visibility, (0, 1, 2))])
    if not len(rows):
        return []
    told = "the visibility of a joint is not 0, 1 or 2; it was kept, and counts as the whole number below it"
    return [annotations.at("odd-value", "warning", told, "keypoints", rows)]


def _unread_top(ds: Dataset) -> list[Issue]:
    found = []
    for name in ds._extras:
        key = keys.key_of("extras/" + name)
        if key is not None:
            told = f"the key {key!r} of the file is not part of the model and was kept verbatim"
            found.append(Issue("unread-key", "info", told, 1, (f"/{key}",), field=key, fate="kept"))
    return found
