"""What a reader tells about a COCO file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Fixed, Json, Sparse, Table, Text
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
    "iscrowd": "0 or 1",
    "caption": "a string",
}
"""What a known key should hold."""

OF_IMAGES = ("id", "file_name", "coco_url", "width", "height", "attributes")

OF_ANNOTATIONS = ("id", "attributes", *(key for key in EXPECTED if key not in OF_IMAGES))


class _Found(Sequence[str]):
    """Pointer and value of each place, made only when asked for."""

    def __init__(self, told: Told, key: str, rows: Array, column: Sparse) -> None:
        self._told, self._key, self._rows, self._column = told, key, rows, column

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        row = int(self._rows[index])
        text = dumps(self._column.value(row)).decode("utf-8", "replace")
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
        return f"{self._told.pointer}/{self._told.place(row)}/{self._key}: {shown}"


class Told:
    """What is to be told about one list.

    Parameters
    ----------
    ds : Dataset
        What was read.
    table : Table
        The items or annotations of it.
    pointer : str
        Of the list.
    places : (n,) int64 array, sequence of str or None
        Position in the list of each row, or the path to it; None where they are the same.
    unique : bool
        Whether no two rows may state one id.
    """

    def __init__(
        self,
        ds: Dataset,
        table: Table,
        pointer: str,
        places: Array | Sequence[str] | None = None,
        *,
        unique: bool = True,
    ) -> None:
        self._ds, self.table, self.pointer, self.unique = ds, table, pointer, unique
        self._of_items = table is ds._items
        self._stood = places

    def all(self, known: Sequence[str], dangling: Sequence[Array]) -> list[Issue]:
        """Return issues about odd values of known keys, and about keys that the model does not map."""
        found = []
        for name in self.table.columns:
            key = keys.key_of(name)
            column = self.table.sparse(name)
            if key is None or column is None:
                continue
            if key in known:
                found += self._odd(key, column, dangling)
            else:
                found.append(self._unread(key, column.count))
        if self.table.sparse(keys.FURTHER) is not None:
            found.append(self._unread("...", self.table.sparse(keys.FURTHER).count))  # type: ignore[union-attr] # just seen
        return found

    def place(self, row: int) -> int | str:
        """Return the position in the list of a row, or the path to it."""
        return row if self._stood is None else self._stood[row]

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
        details = _Found(self, key, rows, column)
        names = ItemNames(self._ds._items)
        if self._of_items:
            return Places(names, rows, None, details)
        return Places(names, self._ds._annotations.array("item")[rows], rows, details)

    def dangling(self, key: str, rows: Array) -> list[Issue]:
        """Return the issue about annotations whose `key` leads nowhere."""
        if not len(rows):
            return []
        column = self.table.sparse(keys.extra(key))
        assert column is not None
        told = f"the {key.removesuffix('_id')} of an annotation does not exist; its id was kept verbatim"
        places = self._places(key, rows, column)
        return [Issue.at("dangling-reference", "error", told, places, field=key, fate="kept")]

    def at(self, code: str, severity: str, message: str, key: str, rows: Array) -> Issue:
        """Return an issue about some rows of a column of ids or numbers."""
        column = self.table.sparse(keys.ATTRIBUTE + key if key in keys.TOP_ATTRIBUTES else key)
        assert column is not None
        return Issue.at(code, severity, message, self._places(key, rows, column), field=key, fate="kept")


def issues_of(ds: Dataset, items: Told, annotations: Told, dangling: tuple[Array, Array]) -> list[Issue]:
    """Return what is to be told about a dataset just read.

    Parameters
    ----------
    ds : Dataset
        What was read.
    items, annotations : Told
        Its lists.
    dangling : pair of (k,) int64 arrays
        Annotation rows whose image, and whose category, does not exist.
    """
    found = items.all(OF_IMAGES, ()) + annotations.all(OF_ANNOTATIONS, dangling)
    found += annotations.dangling("image_id", dangling[0]) + annotations.dangling("category_id", dangling[1])
    found += _of_no_image(ds, annotations)
    found += _repeated(ds, items, annotations) + _visibility(ds, annotations) + _odd_attributes(ds, annotations)
    return found + _of_categories(ds) + _unread_top(ds)


def _of_no_image(ds: Dataset, annotations: Told) -> list[Issue]:
    """Return the issue about annotations that name no image at all, and so belong to no item."""
    rows = np.flatnonzero(ds._annotations.array("item") < 0)
    column = annotations.table.sparse(keys.extra("image_id"))
    if len(rows) and column is not None:
        raws = column.values.text.raw_list() if isinstance(column.values, Json) else [b""] * len(column.values)
        stated = np.array([raw.strip() != b"null" for raw in raws], bool)
        rows = np.setdiff1d(rows, column.present()[stated[column.all_slots()]])
    if not len(rows):
        return []
    details = [f"{annotations.pointer}/{annotations.place(row)}" for row in rows.tolist()]
    places = Places((), np.full(len(rows), -1, np.int64), rows, details)
    told = "an annotation names no image; it was kept, and belongs to no item"
    return [Issue.at("dangling-reference", "error", told, places, field="image_id", fate="kept")]


def _is_number(raw: bytes) -> bool:
    value = loads(raw)
    return type(value) in (int, float) and value - value == 0


def _repeated(ds: Dataset, items: Told, annotations: Told) -> list[Issue]:
    """Return issues about ids that two records state."""
    found = []
    for told, what in ((items, "images"), (annotations, "annotations")):
        rows = repeated(told.table.get("id") if told.unique else None)
        if len(rows):
            message = f"two {what} state the same id; both were kept"
            found.append(told.at("duplicate-id", "warning", message, "id", rows))
    counts = Counter((type(label.source_id), label.source_id) for label in ds.labels if label.source_id is not None)
    again = [str(ident) for (_, ident), count in counts.items() if count > 1]
    if again:
        message = "two categories state the same id; both were kept, annotations belong to the first"
        found.append(Issue("duplicate-id", "warning", message, len(again), tuple(again[:5]), field="id", fate="kept"))
    return found


def _visibility(ds: Dataset, annotations: Told) -> list[Issue]:
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


def _odd_attributes(ds: Dataset, annotations: Told) -> list[Issue]:
    """Return issues about crowd flags and captions of another type."""
    found = []
    for key, fits in (("iscrowd", _is_flag), ("caption", lambda value: isinstance(value, str))):
        column = ds._annotations.sparse(keys.ATTRIBUTE + key)
        if column is None or isinstance(column.values, Text if key == "caption" else ()):
            continue
        odd = ~_fitting(column, fits)
        rows = column.present()[odd[column.all_slots()]]
        if len(rows):
            told = f"{key} is not {EXPECTED[key]}; it was kept as it is"
            found.append(annotations.at("odd-value", "warning", told, key, rows))
    return found


def _is_flag(value: Any) -> bool:
    return type(value) is int and value in (0, 1)


def _fitting(column: Sparse, fits: Callable[[Any], bool]) -> Array:
    """Return which stored values fit."""
    if isinstance(column.values, Fixed) and column.values.values.dtype == np.int64:
        return np.isin(column.values.values, (0, 1))
    return np.array([fits(value) for value in column.values.to_list()], bool)


def _of_categories(ds: Dataset) -> list[Issue]:
    """Return issues about keys of categories that a label can't hold."""
    odd: dict[str, list[str]] = {}
    unread: dict[str, list[str]] = {}
    for position, label in enumerate(ds.labels):
        for name in label.extras:
            key = keys.key_of("extras/" + name)
            if key is not None and key != "supercategory":
                told = odd if key in OF_CATEGORIES else unread
                told.setdefault(key, []).append(f"/categories/{position}/{key}: {label.extras[name]!r:.40}")
    found = []
    for key, places in odd.items():
        message = f"{key} of a category is not {OF_CATEGORIES[key]}; it was kept verbatim"
        found.append(Issue("odd-value", "warning", message, len(places), tuple(places[:5]), field=key, fate="kept"))
    for key, places in unread.items():
        message = f"the key {key!r} of categories is not part of the model and was kept verbatim"
        found.append(Issue("unread-key", "info", message, len(places), tuple(places[:5]), field=key, fate="kept"))
    return found


OF_CATEGORIES = {
    "id": "an integer or a string",
    "name": "a string",
    "keypoints": "a list of names",
    "skeleton": "a list of pairs of joints, counted from 1",
    "color": "three or four integers from 0 to 255",
    "isthing": "0 or 1",
}


def _unread_top(ds: Dataset) -> list[Issue]:
    found = []
    for name in ds._extras:
        key = keys.key_of("extras/" + name)
        if key in ("info", *keys.LISTS):
            told = f"{key!r} is {'no object' if key == 'info' else 'no list'} and was kept verbatim"
            severity = "info" if ds._extras[name] in (b"null", b"{}") else "warning"
            found.append(Issue("odd-value", severity, told, 1, (f"/{key}",), field=key, fate="kept"))
        elif key is not None:
            told = f"the key {key!r} of the file is not part of the model and was kept verbatim"
            found.append(Issue("unread-key", "info", told, 1, (f"/{key}",), field=key, fate="kept"))
    return found
