"""Lists that a file does not have: what its annotations speak of, and whether a dataset still is that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.columns.make import column_of
from annokit.formats.coco import keys
from annokit.formats.coco.resolve import comparable
from annokit.formats.places import at_all
from annokit.geometry.boxes import FORMS
from annokit.model.label import Label
from annokit.model.rows import ITEM_DEFAULTS
from annokit.model.schema import UNITS

if TYPE_CHECKING:
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue


def frame_of(count: int, size: Array | None = None) -> dict[str, Column]:
    """Return the columns that every item has: images in pixels, boxes as x, y, width, height."""
    defaults = {**ITEM_DEFAULTS, "unit": np.uint8(UNITS.index("pixel")), "form": np.uint8(FORMS.index("xywh"))}
    columns: dict[str, Column] = {
        name: Fixed(np.full((count, *np.shape(value)), value, np.asarray(value).dtype))
        for name, value in defaults.items()
    }
    return columns if size is None else {**columns, "size": Fixed(size)}


def items_of(references: Column | None) -> Table:
    """Return the items that annotations speak of, in the order of their first mention."""
    ids = _first_mentions(references)
    names = Text.of([str(ident) for ident in ids])
    return Table(len(ids), {"name": names, **({"id": column_of(ids)} if ids else {}), **frame_of(len(ids))})


def labels_of(references: Column | None) -> list[Label]:
    """Return the labels that annotations speak of, in the order of their first mention."""
    return [Label(str(ident), ident) for ident in _first_mentions(references)]


def _first_mentions(references: Column | None) -> list[Any]:
    """Return the distinct ids of a column in the order in which they first occur."""
    if references is None:
        return []
    dense = Sparse.of_column(references).dense()
    if isinstance(dense, Fixed):
        found, first = np.unique(dense.values, return_index=True)
        listed: list[Any] = found[np.argsort(first)].tolist()
        return listed
    stated = comparable(dense)
    places = dict(zip(reversed(stated), range(len(stated) - 1, -1, -1), strict=True))
    return dense.values_of(np.array(sorted(places.values()), np.int64))


def settle(ds: Dataset, apply: bool) -> Found:
    """Write the lists after all where the annotations alone no longer tell what stands in them."""
    issues: list[Issue] = []
    if keys.LISTED in ds._extras and not _is_list(ds):
        told = "the dataset holds more than a results list can; it becomes a document with images and categories"
        issues.append(at_all("restated", "document", told, ["a results list"]))
        ds = ds._with(extras={key: raw for key, raw in ds._extras.items() if key != keys.LISTED})
    absent = absent_lists(ds)
    kept = [name for name in absent if _is_absent(ds, name)]
    if kept != absent and keys.LISTED not in ds._extras:
        added = [name for name in absent if name not in kept]
        issues.append(at_all("restated", "document", "lists that the file did not have are written", added))
        rest = {key: raw for key, raw in ds._extras.items() if key != keys.NO_LIST}
        ds = ds._with(extras={**rest, **({keys.NO_LIST: dumps(kept)} if kept else {})})
    return ds, issues


def absent_lists(ds: Dataset) -> list[str]:
    """Return the lists that the document does not have."""
    if keys.LISTED in ds._extras:
        return ["images", "categories"]
    raw = ds._extras.get(keys.NO_LIST)
    return [] if raw is None else [str(name) for name in loads(raw)]


def _is_list(ds: Dataset) -> bool:
    marks = (keys.LISTED, keys.OWN_IDS, keys.OUTLINED)
    further = any(key.startswith("coco/") and key not in marks for key in ds._extras)
    return not further and not ds.info and _are_implied_items(ds) and _are_implied_labels(ds)


def _is_absent(ds: Dataset, name: str) -> bool:
    if name == "annotations":
        return not len(ds._annotations)
    return _are_implied_items(ds) if name == "images" else _are_implied_labels(ds)


def _are_implied_items(ds: Dataset) -> bool:
    """Tell whether the items are those that annotations speak of, known by their ids alone."""
    told = [name for name in ds._items.columns if name == "uri" or name.startswith((keys.ATTRIBUTE, keys.EXTRA))]
    if any(ds._items.sparse(name) is not None for name in told) or (ds._items.array("size") >= 0).any():
        return False
    if not _in_order(ds._annotations.array("item"), len(ds)):
        return False
    ids = ds._items.get("id")
    listed = [] if ids is None else ids.to_list()
    return len(listed) == len(ds) and list(map(str, listed)) == list(ds.names)


def _are_implied_labels(ds: Dataset) -> bool:
    if not _in_order(ds._annotations.array("label"), len(ds.labels)):
        return False
    return all(label == Label(str(label.source_id), label.source_id) for label in ds.labels)


def _in_order(rows: Array, count: int) -> bool:
    """Tell whether rows speak of all of `count` things, first of the first one; -1 speaks of none."""
    found, first = np.unique(rows[rows >= 0], return_index=True)
    return len(found) == count and bool((np.diff(first) > 0).all())
