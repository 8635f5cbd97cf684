"""PNG pictures that lie beside the documents of an export: a mask per item and label, or all labels of an item at once.

The platform's names are documented nowhere. A picture is one of a label where the parts of its name are those of one
item (its name, with or without ending, or its id) and of one label, in either order, as folders or joined by ``_``,
``-``, ``.`` or a space. One whose name is just that of an item shows all its labels, and tells nothing more.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.mask_png import PREFIX, size_of
from annokit.codecs.names import clean_part
from annokit.columns import Fixed, Sparse, Struct, Table, Text
from annokit.columns.base import Array
from annokit.formats.conversions import placed
from annokit.formats.dataloop.facts import EXTRA
from annokit.formats.dataloop.fit_rows import chosen
from annokit.model.masks import DATAURI
from annokit.model.schema import KIND_CODE
from annokit.model.select import take_annotations
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

ITEMS = "items/"
"""Where an export keeps the items themselves."""

BETWEEN = "_-. "
"""Characters between an item and a label."""

NONE = KIND_CODE["none"]

Key = tuple[int, int]
"""Item and label; the label is -1 where a picture shows all of them."""


def with_items(ds: Dataset, source: Source, context: ReadContext) -> Dataset:
    """Return the dataset with the paths of the items that lie in the export's own folder for them."""
    folder = Path(source.label) / ITEMS
    if source.kind != "folder" or context.images or not folder.is_dir():
        return ds
    from annokit.model.media import with_images

    return with_images(ds, folder)


def with_pictures(ds: Dataset, source: Source, context: ReadContext) -> Dataset:
    """Return the dataset with masks out of pictures, where an item has no shape of that label."""
    own = set(ds.names)
    files = [name for name in source.names() if name.lower().endswith(".png") and not name.startswith(ITEMS)]
    files = [name for name in files if name not in own]
    if not files:
        return ds
    names = Names(ds)
    found: dict[Key, list[str]] = {}
    ambiguous: list[tuple[str, str]] = []
    unknown: list[str] = []
    for file in files:
        keys = names.find(file)
        if len(keys) == 1:
            found.setdefault(keys[0], []).append(file)
        elif keys:
            ambiguous.append((file, ", ".join(names.shown(key) for key in keys[:5])))
        else:
            unknown.append(file)
    ds, issues = _joined(ds, found, source)
    return ds._with(issues=ds.issues + Report([*issues, *_of_names(ambiguous, unknown)]))


def _of_names(ambiguous: Sequence[tuple[str, str]], unknown: Sequence[str]) -> list[Issue]:
    issues = []
    if ambiguous:
        told = "a picture's name fits several items or labels; it was not read"
        places = Places.of((None, None, f"{file}: {keys}") for file, keys in ambiguous)
        issues.append(Issue.at("ambiguous-media", "warning", told, places, field="shape", fate="missing"))
    if unknown:
        told = "a picture's name fits no item and label; it was not read"
        places = Places.of((None, None, file) for file in unknown)
        issues.append(Issue.at("mask-without-annotation", "warning", told, places, field="shape", fate="missing"))
    return issues


class Names:
    """What pictures may be called.

    Parameters
    ----------
    ds : Dataset
        Its items and labels.
    """

    def __init__(self, ds: Dataset) -> None:
        self._ds = ds
        self._folders = [name.split("/")[:-1] for name in ds.names]
        self._items: dict[str, list[int]] = {}
        ids = ds._items.get("id")
        idents = [None] * len(ds) if ids is None else ids.to_list()
        for row, (name, ident) in enumerate(zip(ds.names, idents, strict=True)):
            last = name.rpartition("/")[2]
            for key in {last, Path(last).stem, clean_part(last), *([ident] if isinstance(ident, str) else [])}:
                self._items.setdefault(key, []).append(row)
        self._labels: dict[str, list[int]] = {}
        for place, label in enumerate(ds.labels):
            for key in {label.name, label.name.rpartition(".")[2], clean_part(label.name)}:
                self._labels.setdefault(key, []).append(place)

    def shown(self, key: Key) -> str:
        """Return an item and a label for people."""
        item, label = key
        return self._ds.names[item] if label < 0 else f"{self._ds.names[item]} {self._ds.labels[label].name}"

    def find(self, file: str) -> list[Key]:
        """Return the items and labels that a file may belong to; those in whose folder it lies before all others."""
        *folders, last = file[: -len(".png")].split("/")
        keys = self._pairs(last, folders)
        keys |= {(item, -1) for item in self._items.get(last, ())} if not keys else set()
        depth = {key: _within(self._folders[key[0]], folders) for key in keys}
        deepest = max(depth.values(), default=0)
        return sorted(key for key in keys if depth[key] == deepest)

    def _pairs(self, last: str, folders: Sequence[str]) -> set[Key]:
        """Return the items and labels that a name and the folders above it name together."""
        pairs = [(last[:k], last[k + 1 :]) for k, letter in enumerate(last) if letter in BETWEEN]
        pairs += [(last, folder) for folder in folders]
        both = [*pairs, *((b, a) for a, b in pairs)]
        return {(i, label) for a, b in both for i in self._items.get(a, ()) for label in self._labels.get(b, ())}


def _within(inner: Sequence[str], folders: Sequence[str]) -> int:
    """Return how many of an item's folders, from the last one up, are named side by side; -1 where only some are."""
    if not inner:
        return 0
    places = range(len(folders) - len(inner) + 1)
    return len(inner) if any(list(folders[k : k + len(inner)]) == list(inner) for k in places) else -1


def _joined(ds: Dataset, found: Mapping[Key, Sequence[str]], source: Source) -> tuple[Dataset, list[Issue]]:
    """Make masks of pictures of labels."""
    masks: dict[Key, tuple[tuple[int, int], bytes]] = {}
    bad: list[tuple[int, str]] = []
    twice: list[tuple[int, str]] = []
    shaped = _shaped(ds)
    for key, files in found.items():
        if key[1] < 0 or key in shaped:
            continue
        if len(files) > 1:
            twice.append((key[0], ", ".join(files[:5])))
            continue
        data = b'"' + PREFIX + base64.b64encode(source.read(files[0])) + b'"'
        size = size_of(data)
        if size is None:
            bad.append((key[0], source.where(files[0])))
        else:
            masks[key] = size, data
    issues = _of_items(ds, "bad-media", "a picture can't be read as a mask", bad)
    issues += _of_items(ds, "ambiguous-media", "several pictures show one label of an item; none was read", twice)
    return (_with_masks(ds, masks) if masks else ds), issues


def _shaped(ds: Dataset) -> set[Key]:
    """Return the items and labels of annotations with a shape."""
    table = ds._annotations
    rows = np.flatnonzero(table.array("kind") != NONE)
    return set(zip(table.array("item")[rows].tolist(), table.array("label")[rows].tolist(), strict=True))


def _of_items(ds: Dataset, code: str, told: str, found: Sequence[tuple[int, str]]) -> list[Issue]:
    if not found:
        return []
    places = Places(ds.names, np.array([item for item, _ in found], np.int64), details=[detail for _, detail in found])
    return [Issue.at(code, "warning", told, places, field="shape", fate="missing")]


def _with_masks(ds: Dataset, masks: Mapping[Key, tuple[tuple[int, int], bytes]]) -> Dataset:
    """Return the dataset with masks, of the one annotation of a label that lacks coordinates, else of new ones."""
    bare = _bare(ds)
    fresh = [key for key in masks if key not in bare]
    ds = _with_rows(ds, fresh)
    at = _bare(ds) | dict(zip(fresh, range(len(ds._annotations) - len(fresh), len(ds._annotations)), strict=True))
    rows = np.array([at[key] for key in masks], np.int64)
    order = rows.argsort()
    stated = [list(masks.values())[place] for place in order.tolist()]
    fields: dict[str, Any] = {
        "size": Fixed(np.array([size for size, _ in stated], np.int64)),
        "encoding": Fixed(np.full(len(stated), DATAURI, np.uint8)),
        "data": Text.of_bytes([data for _, data in stated]),
    }
    kinds = ds._annotations.array("kind").copy()
    kinds[rows] = KIND_CODE["mask"]
    changes: dict[str, Any] = {"kind": Fixed(kinds), "mask": placed(ds, "mask", rows[order], Struct(fields))}
    table = ds._annotations.replace({**changes, **_typeless(ds._annotations, rows)})
    by_item = table.array("item").argsort(kind="stable")
    return ds._with(annotations=take_annotations(table, by_item))


def _bare(ds: Dataset) -> dict[Key, int]:
    """Return the only annotation of type ``binary`` without coordinates, by item and label."""
    table = ds._annotations
    typed = _types(table)
    rows: dict[Key, list[int]] = {}
    for row in np.flatnonzero(table.array("kind") == NONE).tolist():
        if typed[row] == "binary":
            rows.setdefault((int(table.array("item")[row]), int(table.array("label")[row])), []).append(row)
    return {key: own[0] for key, own in rows.items() if len(own) == 1}


def _types(table: Table) -> list[Any]:
    """Return the type of each annotation whose shape does not tell it."""
    column = table.sparse(f"{EXTRA}type")
    found: list[Any] = [None] * len(table)
    if column is not None:
        for row, value in zip(column.present().tolist(), column.values_of(column.present()), strict=True):
            found[row] = value
    return found


def _typeless(table: Table, rows: Array) -> dict[str, Sparse | None]:
    """Return what takes away the type of `rows`, which their masks tell."""
    column = table.sparse(f"{EXTRA}type")
    if column is None:
        return {}
    return {f"{EXTRA}type": chosen(column, np.setdiff1d(column.present(), rows))}


def _with_rows(ds: Dataset, keys: Sequence[Key]) -> Dataset:
    """Return the dataset with annotations without shape at the end."""
    if not keys:
        return ds
    items, labels = np.array(keys, np.int64).T
    columns = {"item": Fixed(items.copy()), "label": Fixed(labels.copy()), "kind": Fixed(np.zeros(len(keys), np.uint8))}
    table = Table.join([ds._annotations, Table(len(keys), columns)])
    return ds._with(annotations=table)


__all__ = ["with_items", "with_pictures"]
