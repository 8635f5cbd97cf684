"""Steps of narrowing about items and labels: sizes, splits, names, elements that say nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.palette import voc_palette
from annokit.columns import Column, Fixed, Sparse
from annokit.columns.base import Array
from annokit.columns.json import same
from annokit.formats.places import at_all, at_annotations, at_items
from annokit.formats.voc.dialects import Dialect
from annokit.formats.voc.items import located, stated_size
from annokit.formats.voc.label_map import BACKGROUND, is_listable
from annokit.formats.voc.names import xml_files
from annokit.formats.voc.splits import is_split
from annokit.formats.voc.values import legal, trimmed
from annokit.model.label_set import LabelSet

if TYPE_CHECKING:
    from annokit.formats.holds import Step
    from annokit.formats.steps import Found
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

TAG = re.compile(r"[A-Za-z_][\w.-]*")
"""Name of an element."""

WRITTEN = {"items": ("object",), "annotations": ("name",)}
"""Elements that are never kept, being written from the model."""

MARKS = {"items": ("#attrib", "void"), "annotations": ("#attrib", "#absent", "#v1")}
"""Extras that are no elements."""

EXTRAS = "extras/voc/"


def clean(column: Sparse, rows: Array) -> Sparse | None:
    """Return a column without the values of `rows`; None where nothing is left."""
    kept = np.setdiff1d(column.present(), rows)
    return Sparse(len(column), kept, column.slots_of(kept), column.values) if len(kept) else None


def known_extras(masks: bool) -> Step:
    """Drop extras that are no elements, and those of the dataset as a whole."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        own = [key for key in ds._extras if key.startswith("voc/")]
        if own:
            issues.append(at_all("dropped", "extras", "the files have no place for extras of the dataset", own))
            ds = ds._with(extras={key: raw for key, raw in ds._extras.items() if key not in own})
        for table, at in (("items", at_items), ("annotations", at_annotations)):
            columns = getattr(ds, f"_{table}").group(EXTRAS[:-1])
            wanted = [tag for tag in columns if not TAG.fullmatch(tag) and tag not in MARKS[table]]
            wanted += [tag for tag in WRITTEN[table] if tag in columns]
            wanted += ["void"] if table == "items" and "void" in columns and not masks else []
            told = "the target has no place for it"
            issues += [at(ds, "dropped", tag, told, columns[tag].present()) for tag in wanted]
            changed = getattr(ds, f"_{table}").without([EXTRAS + tag for tag in wanted])
            ds = ds._with(**{table: changed}) if wanted else ds
        return ds, issues

    return step


def plain_extras(dialect: Dialect) -> Step:
    """Leave out elements that the target writes anyway and that say nothing there."""

    def step(ds: Dataset, apply: bool) -> Found:
        issues: list[Issue] = []
        changes: dict[str, Column | None] = {}
        for tag in {"filename", *dialect.fixed, *(("folder", "path") if dialect.located else ())}:
            column = ds._items.sparse(EXTRAS + tag)
            if column is None:
                continue
            rows = _meaningless(ds, tag, column, dialect)
            if len(rows):
                issues.append(at_items(ds, "restated", tag, "the target states it of every picture", rows))
                changes[EXTRAS + tag] = clean(column, rows)
        issues.sort(key=lambda issue: str(issue.field))
        return (ds._with(items=ds._items.replace(changes)) if changes else ds), issues

    return step


def _meaningless(ds: Dataset, tag: str, column: Sparse, dialect: Dialect) -> Array:
    rows, values = column.present(), column.dense().to_list()
    found = []
    for row, value in zip(rows.tolist(), values, strict=True):
        name = ds.names[row]
        usual: Any = name.rpartition("/")[2] if tag == "filename" else dialect.fixed.get(tag)
        if dialect.located and tag in ("folder", "path"):
            usual = located(tag, name)
        if usual is not None and same(value, usual):
            found.append(row)
    return np.array(found, np.int64)


def sizes_as_stated(ds: Dataset, apply: bool) -> Found:
    """Keep a size's own text only where it says what the item's size is, and a depth only beside a size."""
    size = ds._items.array("size").copy()
    issues: list[Issue] = []
    changes: dict[str, Column | None] = {}
    half = np.flatnonzero((size <= 0).any(axis=1) & (size != -1).any(axis=1))
    if len(half):
        issues.append(at_items(ds, "dropped", "size", "half a size is none", half))
        size[half] = -1
        changes["size"] = Fixed(size)
    column = ds._items.sparse(EXTRAS + "size")
    odd = np.zeros(len(ds), bool)
    if column is not None:
        rows = column.present()
        stated = np.array([stated_size(told) for told in column.dense().to_list()], np.int64).reshape(-1, 2)
        stale = rows[(stated != size[rows]).any(axis=1)]
        if len(stale):
            told = "the item has another size than its text says"
            issues.append(at_items(ds, "restated", "size", told, stale))
            changes[EXTRAS + "size"] = clean(column, stale)
        odd[np.setdiff1d(rows, stale)] = True
    depth = ds._items.sparse(EXTRAS + "depth")
    if depth is not None:
        loose = depth.present()
        loose = loose[odd[loose] | (size[loose] <= 0).any(axis=1)]
        if len(loose):
            issues.append(at_items(ds, "dropped", "depth", "a depth stands beside a size", loose))
            changes[EXTRAS + "depth"] = clean(depth, loose)
    return (ds._with(items=ds._items.replace(changes)) if changes else ds), issues


def named_splits(ds: Dataset, apply: bool) -> Found:
    """Drop splits whose name can't be that of a list."""
    column = ds._items.sparse("split")
    if column is None:
        return ds, []
    values = column.dense().to_list()
    rows = np.array(
        [row for row, name in zip(column.present().tolist(), values, strict=True) if not is_split(name)], int
    )
    if not len(rows):
        return ds, []
    issue = at_items(ds, "dropped", "split", "a split is a file whose name has letters, digits, '.', '_' and '-'", rows)
    return ds._with(items=ds._items.replace({"split": clean(column, rows)})), [issue]


def by_file(folder: str) -> Step:
    """List items in the order of their files."""

    def step(ds: Dataset, apply: bool) -> Found:
        files = xml_files(ds.names, folder)
        order = np.array(sorted(range(len(ds)), key=files.__getitem__), np.int64)
        moved = np.flatnonzero(order != np.arange(len(ds)))
        if not len(moved):
            return ds, []
        return ds[order], [at_items(ds, "restated", "order", "items are listed in the order of their files", moved)]

    return step


def legal_names(ds: Dataset, apply: bool) -> Found:
    """Replace characters in the names of labels that XML can't hold, and leave out white space around them."""
    changed = [label.name for label in ds.labels if trimmed(legal(label.name)) != label.name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=trimmed(legal(label.name))) for label in ds.labels]
    issue = at_all(
        "renamed",
        "label.name",
        "characters that XML can't hold are replaced, and white space around left out",
        [legal(n) for n in changed],
    )
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def full_names(ds: Dataset, apply: bool) -> Found:
    """Call labels by their full path."""
    changed = [label.path for label in ds.labels if label.path != label.name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=label.path) for label in ds.labels]
    issue = at_all("renamed", "label.name", "a label is called by its full path", changed)
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def listed_labels(ds: Dataset, apply: bool) -> Found:
    """Bring labels into a list of classes: names of their own, their places as values, a colour each."""
    places: dict[str, int] = {}
    moved = [places.setdefault(label.name, len(places)) for label in ds.labels]
    first = [ds.labels[moved.index(place)] for place in range(len(places))]
    issues: list[Issue] = []
    if len(first) < len(ds.labels):
        names = [name for name in places if sum(label.name == name for label in ds.labels) > 1]
        issues.append(at_all("converted", "label", "labels that the target can't tell apart become one", names))
    labels = [attrs.evolve(label, source_id=place) for place, label in enumerate(first, 1)]
    renumbered = [label.name for label, old in zip(labels, first, strict=True) if label.source_id != old.source_id]
    if renumbered:
        told = "a label's value is its place in the list, from 1"
        issues.append(at_all("derived", "label.source_id", told, renumbered))
    colored = [attrs.evolve(label, color=_color(label.color, place)) for place, label in enumerate(labels, 1)]
    fresh = [label.name for label, old in zip(colored, labels, strict=True) if label.color != old.color]
    if fresh:
        issues.append(at_all("derived", "label.color", "a label has three numbers of colour", fresh))
    if not issues:
        return ds, []
    column = Fixed(np.array([*moved, -1], np.int64)[ds._annotations.array("label")])
    table = ds._annotations.replace({"label": column})
    return ds._with(labels=LabelSet(colored, ds.labels.attributes), annotations=table), issues


def _color(color: tuple[int, ...] | None, value: int) -> tuple[int, ...]:
    if color is not None and len(color) >= 3:
        return tuple(color[:3])
    return tuple(voc_palette()[value % 256].tolist())


def listable_names(ds: Dataset, apply: bool) -> Found:
    """Call labels so that a list of classes can hold the name."""
    names = [label.name if is_listable(label.name) else _listable(label.name) for label in ds.labels]
    changed = [label.name for label, name in zip(ds.labels, names, strict=True) if label.name != name]
    if not changed:
        return ds, []
    labels = [attrs.evolve(label, name=name) for label, name in zip(ds.labels, names, strict=True)]
    issue = at_all("renamed", "label.name", "a list of classes can't hold the name", changed)
    return ds._with(labels=LabelSet(labels, ds.labels.attributes)), [issue]


def _listable(name: str) -> str:
    found = re.sub(r"[:\r\n]+", " ", name).strip().lstrip("#").strip() or "_"
    return f"{found}_" if found == BACKGROUND else found
