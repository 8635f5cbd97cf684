"""What was gathered of many files turned into a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Json, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.make import sparse_of
from annokit.formats.headers import sizes_in
from annokit.formats.voc.items import Items
from annokit.formats.voc.label_map import OFFICIAL
from annokit.formats.voc.names import PictureIndex, item_name
from annokit.formats.voc.objects import Objects
from annokit.formats.voc.record import read_record
from annokit.formats.voc.segmentation import Joined, Pngs
from annokit.formats.voc.splits import folder_splits, read_splits
from annokit.geometry.boxes import FORMS
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.model.rows import ANNOTATION_MAKERS
from annokit.model.schema import KIND_CODE, UNITS
from annokit.report import Issue, Places

Progress = Callable[[int, int], object]

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.voc.dialects import Dialect
    from annokit.model.dataset import Dataset


@attrs.define(eq=False)
class Found:
    """What the files of a source hold."""

    source: Source
    """The tree, or the one file."""

    dialect: Dialect
    """The facts."""

    form: str
    """How corners are counted."""

    shared: str
    """What stands before the folder of annotations in the names of all files."""

    items: Items
    """The annotations' elements, objects apart."""

    objects: Objects
    """Their objects."""

    pictures: PictureIndex
    """The pictures."""

    first: list[int] = attrs.field(factory=list)
    """Row of the first object of each item."""

    stated: dict[int, str] = attrs.field(factory=dict)
    """What ``filename`` says where that is not the item's name, by item row."""

    mended: list[str] = attrs.field(factory=list)
    """Files that were repaired."""

    foreign: list[str] = attrs.field(factory=list)
    """XML files that are no annotations."""

    def name(self, key: str, filename: str, alone: bool) -> str:
        """Return the name of an item; see :func:`annokit.formats.voc.names.item_name`."""
        name = item_name(key, filename, alone)
        if not alone:
            return name
        return self.pictures.name(key, name) or name

    def picture(self, row: int) -> str | None:
        """Return the file of an item's picture in the source."""
        return self.pictures.file(self.items.names[row], self.stated.get(row, ""))


def build(found: Found, pngs: Pngs, named: Sequence[Label], progress: Progress) -> Dataset:
    """Return the dataset with its issues.

    Parameters
    ----------
    found : Found
        What the files hold.
    pngs : Pngs
        The PNGs of segmentation to be joined.
    named : sequence of Label
        The labels of their class values.
    progress : callable
        Counts the pictures that are measured.
    """
    builder = DatasetBuilder(unit="pixel", form=found.form)
    for label in named:
        builder.add_label(label)
    measured = _measured(found, progress)
    joined = _joined(found, pngs) if pngs else None
    columns = found.objects.columns()
    item = np.array(found.objects.items, np.int64)
    names = found.objects.names
    columns["item"] = Fixed(item)
    columns["label"] = Fixed(_positions(builder, names)[found.objects.labels()])
    splits, split_issues = _splits(found)
    builder.add_items(_item_table(found, joined, splits))
    if joined is not None and joined.rows:
        columns.update(_masked(columns, joined))
    builder.add_annotations(Table(len(item), columns))
    if joined is not None:
        official = bool(names) and set(names) <= set(OFFICIAL) and not named
        _add_classes(builder, found, joined, official)
        builder.report(joined.issues())
    return builder.report([*measured, *_issues(found), *split_issues]).build()


def _measured(found: Found, progress: Progress) -> list[Issue]:
    """Take the sizes that no file states from the headers of the pictures; return what to tell."""
    rows = [row for row in range(len(found.items)) if found.items.size_of(row) is None]
    files = [(row, file) for row in rows if (file := found.picture(row)) is not None]
    sizes = sizes_in(found.source, [file for _, file in files], progress)
    for (row, _), size in zip(files, sizes.sizes.tolist(), strict=True):
        if size[0] > 0:
            found.items.set_size(row, (size[0], size[1]))
    if not sizes.errors:
        return []
    bad = Places.of((found.items.names[files[place][0]], None, str(error)) for place, error in sizes.errors)
    return [Issue.at("bad-media", "warning", "a picture can't be read", bad, field="size", fate="invalid")]


def _item_table(found: Found, joined: Joined | None, splits: Mapping[int, str]) -> Table:
    items = found.items
    if joined is not None:
        for row, size in joined.sizes.items():
            items.set_size(row, size)
    count = len(items)
    columns: dict[str, Column] = {
        "name": Text.of(items.names),
        "size": Fixed(items.sizes()),
        "unit": Fixed(np.full(count, UNITS.index("pixel"), np.uint8)),
        "form": Fixed(np.full(count, FORMS.index(found.form), np.uint8)),
        **items.columns(),
    }
    if joined is not None and joined.void:
        rows = sorted(joined.void)
        values = Json.of([joined.void[row] for row in rows])
        columns["extras/voc/void"] = Sparse(count, np.array(rows, np.int64), None, values)
    if splits:
        columns["split"] = sparse_of(count, list(splits), list(splits.values()))
    files = [(row, file) for row in range(count) if (file := found.picture(row))]
    paths = [(row, str(path)) for row, file in files if (path := found.source.path(file))]
    if paths:
        columns["path"] = sparse_of(count, [row for row, _ in paths], [path for _, path in paths])
    return Table(count, columns)


def _splits(found: Found) -> tuple[dict[int, str], Sequence[Issue]]:
    """Return the split of each item that has one, and what to tell."""
    if not found.dialect.splits or found.source.kind == "file":
        return {}, ()
    keys = found.items.keys
    chosen, issues = read_splits(found.source, set(keys), found.shared)
    if not chosen and not issues and read_record(found.source) is None:
        chosen, issues = folder_splits(keys)
    return {row: chosen[key] for row, key in enumerate(keys) if key in chosen}, issues


def _joined(found: Found, pngs: Pngs) -> Joined:
    """Read the PNGs of all items; those without annotation become items, too."""
    joined = Joined(found.source, found.dialect.colored)
    items = found.items
    bounds = [*found.first, len(found.objects)]
    for key in sorted({*pngs.objects, *pngs.classes} - set(items.keys)):
        items.add(found.name(key, "", alone=True), key)
        bounds.append(bounds[-1])
    for row, key in enumerate(items.keys):
        files = pngs.objects.get(key), pngs.classes.get(key)
        if any(files):
            joined.item(row, items.names[row], items.size_of(row), files, range(bounds[row], bounds[row + 1]))
    return joined


def _add_classes(builder: DatasetBuilder, found: Found, joined: Joined, official: bool) -> None:
    """Add an annotation for each class of a picture that no object states."""
    values: dict[Any, int] = {label.source_id: place for place, label in enumerate(builder.labels)}
    assumed = 0
    unnamed = []
    for item, value, mask in joined.classes:
        if official and value not in values and 0 < value <= len(OFFICIAL):
            names = [label.name for label in builder.labels]
            name = OFFICIAL[value - 1]
            values[value] = names.index(name) if name in names else builder.add_label(Label(name))
        label = values.get(value)
        assumed += official and label is not None
        extras = {} if label is not None else {"voc/#value": value}
        if label is None:
            unnamed.append((found.items.names[item], builder.annotation_count, f"value {value}"))
        builder.add_annotation(item, label, kind="mask", mask=mask, extras=extras)
    if assumed:
        told = "all objects have the names of Pascal VOC, whose values pixels are taken to have; classes= says else"
        builder.report(Issue("assumed", "info", told, assumed, field="label", fate="kept"))
    if unnamed:
        told = "nothing names the class of these pixels; classes= does"
        places = Places.of(unnamed)
        builder.report(Issue.at("mask-without-annotation", "warning", told, places, field="label", fate="kept"))


def _issues(found: Found) -> list[Issue]:
    items, objects = found.items, found.objects
    names = items.names
    odd = [
        *((names[row], None, told) for row, told in sorted(items.odd)),
        *((names[objects.items[row]], row, told) for row, told in sorted(objects.odd)),
    ]
    issues: list[Issue] = []
    if odd:
        told = "an element's value is not what the format says; it is kept as it is"
        issues.append(Issue.at("odd-value", "warning", told, Places.of(odd), field="bndbox", fate="unread"))
    issues += _listed("repaired", "warning", "text was not escaped and was repaired", found.mended)
    issues += _listed("skipped-record", "info", "an XML file that is no annotation was not read", found.foreign)
    unread = {**items.unread}
    for tag, count in objects.unread.items():
        unread[tag] = unread.get(tag, 0) + count
    for tag, count in sorted(unread.items()):
        told = f"the element {tag!r} is not part of the model and is kept as it is"
        issues.append(Issue("unread-key", "info", told, count, (tag,), field=tag, fate="unread"))
    return issues


def _listed(code: str, severity: str, message: str, examples: list[str]) -> list[Issue]:
    fate = "skipped" if code == "skipped-record" else "kept"
    return [Issue(code, severity, message, len(examples), tuple(examples[:5]), fate=fate)] if examples else []


def _positions(builder: DatasetBuilder, names: Iterable[str]) -> Array:
    """Return the position of the label of each name; labels come in the order of their first use."""
    known = {label.name: place for place, label in reversed(list(enumerate(builder.labels)))}
    found = [known[name] if name in known else builder.add_label(Label(name)) for name in names]
    return np.array(found, np.int64)


def _masked(columns: Mapping[str, Column], joined: Joined) -> dict[str, Column]:
    """Return the columns in which annotations have the masks of their objects; their boxes stay beside."""
    kind = columns["kind"]
    assert isinstance(kind, Fixed)
    order = np.argsort(np.array(joined.rows, np.int64))
    rows = np.array(joined.rows, np.int64)[order]
    kinds = kind.values.copy()
    kinds[rows] = KIND_CODE["mask"]
    masks = ANNOTATION_MAKERS["mask"]([joined.masks[place] for place in order.tolist()])
    present = None if len(rows) == len(kinds) else rows
    return {"kind": Fixed(kinds), "mask": Sparse(len(kinds), present, None, masks)}
