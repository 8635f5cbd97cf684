"""Reading Pascal VOC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import numpy as np

from annokit.codecs.names import read_manifest
from annokit.columns import Column, Fixed, Json, Sparse, Table, Text
from annokit.columns.make import sparse_of
from annokit.errors import FormatError, UsageError
from annokit.formats.voc.dialects import Dialect
from annokit.formats.voc.documents import parse, repaired
from annokit.formats.voc.holds import form_of
from annokit.formats.voc.items import Items
from annokit.formats.voc.label_map import FILE, OFFICIAL, parse_label_map
from annokit.formats.voc.names import PictureIndex, item_name, keys_of, stem
from annokit.formats.voc.objects import Objects
from annokit.formats.voc.plain import cut
from annokit.formats.voc.segmentation import Joined, Pngs
from annokit.formats.voc.splits import read_splits
from annokit.geometry.boxes import FORMS
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.model.rows import ANNOTATION_MAKERS
from annokit.model.schema import KIND_CODE, UNITS
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

STEP = 256
"""Files between two steps of the progress."""


def read(
    source: Source,
    context: ReadContext,
    *,
    origin: str | None = None,
    repair: bool = False,
    masks: bool = True,
    classes: Any = None,
) -> Dataset:
    """Read annotations.

    Parameters
    ----------
    source : Source
        A folder or archive with XML files at any depth, or one XML file.
    context : ReadContext
        What the caller asked for.
    origin : {"corners", "inclusive"}, optional
        Plain corners, or pixels counted from 1, the last one included; by default what the dialect says.
    repair : bool
        Accept text that its writer did not escape, a bare ``&`` or ``<``.
    masks : bool
        Whether PNGs of segmentation are joined to the annotations.
    classes : mapping of int to str, list of str, or "voc", optional
        Names of the values of class PNGs, from 1 on where they are a list; ``"voc"`` for the official ones.
    """
    reader = _Reader(source, context, form_of(context.dialect, origin), repair)
    reader.files()
    pngs = Pngs.of(source) if masks and source.kind != "file" else Pngs({}, {})
    return reader.build(pngs, _labels(source, classes))


def _labels(source: Source, classes: Any) -> list[Label]:
    """Return the labels that class values mean, as far as the caller or a label map names them."""
    if isinstance(classes, str) and classes == "voc":
        classes = OFFICIAL
    if classes is None:
        if source.kind == "file" or FILE not in source:
            return []
        return parse_label_map(source.read_text(FILE), path=source.where(FILE))
    pairs = list(classes.items()) if isinstance(classes, Mapping) else _counted(classes)
    if not all(type(value) is int and value > 0 and isinstance(name, str) for value, name in pairs):
        raise UsageError(f'classes={classes!r:.60}; expected names by value, a list of names from value 1 on, or "voc"')
    return [Label(name, value) for value, name in pairs]


def _counted(classes: Any) -> list[tuple[Any, Any]]:
    listed = isinstance(classes, Sequence) and not isinstance(classes, str)
    return list(enumerate(classes, 1)) if listed else [("", "")]


class _Reader:
    """Reads all files into columns."""

    def __init__(self, source: Source, context: ReadContext, form: str, repair: bool) -> None:
        self._source, self._context, self._form, self._repair = source, context, form, repair
        self._dialect: Dialect = context.dialect
        self._items = Items(self._dialect)
        self._objects = Objects(self._dialect)
        self._first: list[int] = []
        self._mended: list[str] = []
        self._foreign: list[str] = []
        self._pictures = PictureIndex(source, context.images)

    # files --------------------------------------------------------------------------------------------------------

    def files(self) -> None:
        """Read every XML file."""
        source = self._source
        names = (source.only,) if source.only is not None else source.find(".xml")
        originals = read_manifest(source)
        keys = keys_of(names)
        for count, (name, key) in enumerate(zip(names, keys, strict=True)):
            try:
                data = source.read(name)
                if not self._plain(data, name, key, originals):
                    self._parsed(data, name, key, originals)
            except FormatError as error:
                self._context.problems.add(error)
            if count % STEP == 0:
                self._context.progress(count, len(names))
        self._context.progress(len(names), len(names))
        self._items.settle()

    def _plain(self, data: bytes, file: str, key: str, originals: Mapping[str, str]) -> bool:
        """Read a plain document; return False where it is none."""
        found = cut(data)
        plan = None if found is None else self._items.plan(found.tags, found.texts)
        if found is None or plan is None:
            return False
        first = len(self._objects)
        row = len(self._items)
        if not self._objects.add_plain(found.objects, row):
            return False
        self._first.append(first)
        self._add_item(self._items.filename(plan, found.texts), (file, key), originals, alone=True)
        self._items.add_plain(plan, found.texts, row)
        return True

    def _parsed(self, data: bytes, file: str, key: str, originals: Mapping[str, str]) -> None:
        """Read any document."""
        roots = self._roots(data, file)
        for root in roots:
            if root.tag == "annotation":
                self._annotation(root, (file, key), originals, alone=len(roots) == 1)
            else:
                self._foreign.append(f"{file}: <{root.tag}>")

    def _roots(self, data: bytes, name: str) -> list[Element]:
        where, limits = self._source.where(name), self._context.limits
        try:
            return parse(data, where, limits)
        except FormatError as error:
            roots = repaired(data, where, limits) if self._repair else None
            if roots is None:
                raise
            self._mended.append(f"{where}: {error.message}")
            return roots

    def _annotation(self, root: Element, place: tuple[str, str], originals: Mapping[str, str], alone: bool) -> None:
        objects = [child for child in root if child.tag == "object"]
        names = [child for child in root if child.tag == "filename"]
        others = [child for child in root if child.tag not in ("object", "filename")]
        first = len(self._objects)
        row = self._add_item((names[0].text or "") if names else "", place, originals, alone)
        self._first.append(first)
        if len(names) > 1:
            others += names
        if root.attrib:
            self._items.keep(row, "#attrib", dict(root.attrib))
        errors = self._objects.add(objects, row)
        try:
            self._items.add_elements(others, row)
        except FormatError as error:
            errors.append(error)
        for fault in errors:
            self._bad(fault, place[0], row)

    def _add_item(self, filename: str, place: tuple[str, str], originals: Mapping[str, str], alone: bool) -> int:
        name = originals.get(place[0]) or self._name(place[1], filename, alone)
        row = self._items.add(name, place[1])
        if filename != name.rpartition("/")[2]:
            self._items.keep(row, "filename", filename)
        return row

    def _bad(self, error: FormatError, file: str, row: int) -> None:
        message = str(error.message).partition(" (")[0]
        where, item = self._source.where(file), self._items.names[row]
        told = FormatError(message, path=where, item=item, found=error.found, expected=error.expected)
        self._context.problems.add(told)

    def _name(self, key: str, filename: str, alone: bool) -> str:
        name = item_name(key, filename, alone)
        if not alone:
            return name
        return self._pictures.name(key, name if stem(name) == key else filename) or name

    # columns ------------------------------------------------------------------------------------------------------

    def build(self, pngs: Pngs, named: list[Label]) -> Dataset:
        """Return the dataset with its issues."""
        builder = DatasetBuilder(unit="pixel", form=self._form)
        for label in named:
            builder.add_label(label)
        columns = self._objects.columns()
        item = np.array(self._objects.items, np.int64)
        columns["item"] = Fixed(item)
        columns["label"] = Fixed(_positions(builder, self._objects.names()))
        joined = self._joined(pngs) if pngs else None
        builder.add_items(self._item_table(joined))
        if joined is not None and joined.rows:
            columns.update(_masked(columns, joined))
        builder.add_annotations(Table(len(item), columns))
        if joined is not None:
            self._add_classes(builder, joined, named)
            builder.report(joined.issues())
        return builder.report(self._issues()).build()

    def _item_table(self, joined: Joined | None) -> Table:
        items = self._items
        if joined is not None:
            for row, size in joined.sizes.items():
                items.set_size(row, size)
        count = len(items)
        columns: dict[str, Column] = {
            "name": Text.of(items.names),
            "size": Fixed(items.sizes()),
            "unit": Fixed(np.full(count, UNITS.index("pixel"), np.uint8)),
            "form": Fixed(np.full(count, FORMS.index(self._form), np.uint8)),
        }
        columns.update(items.columns())
        if joined is not None and joined.void:
            rows = sorted(joined.void)
            values = Json.of([joined.void[row] for row in rows])
            columns["extras/voc/void"] = Sparse(count, np.array(rows, np.int64), None, values)
        columns.update(self._split_column(count))
        paths = [(row, str(path)) for row, name in enumerate(items.names) if (path := self._pictures.path(name))]
        if paths:
            columns["path"] = sparse_of(count, [row for row, _ in paths], [path for _, path in paths])
        return Table(count, columns)

    def _split_column(self, count: int) -> dict[str, Column]:
        if not self._dialect.splits or self._source.kind == "file":
            return {}
        found, self._split_issues = read_splits(self._source, set(self._items.keys))
        rows = [row for row, key in enumerate(self._items.keys) if key in found]
        if not rows:
            return {}
        return {"split": sparse_of(count, rows, [found[self._items.keys[row]] for row in rows])}

    _split_issues: Sequence[Issue] = ()

    # pixels -------------------------------------------------------------------------------------------------------

    def _joined(self, pngs: Pngs) -> Joined:
        """Read the PNGs of all items; those without annotation become items, too."""
        joined = Joined(self._source)
        items = self._items
        bounds = [*self._first, len(self._objects)]
        for key in sorted({*pngs.objects, *pngs.classes} - set(items.keys)):
            items.add(self._name(key, "", alone=True), key)
            bounds.append(bounds[-1])
        for row, key in enumerate(items.keys):
            files = pngs.objects.get(key), pngs.classes.get(key)
            if any(files):
                joined.item(row, items.names[row], items.size_of(row), files, range(bounds[row], bounds[row + 1]))
        return joined

    def _add_classes(self, builder: DatasetBuilder, joined: Joined, named: list[Label]) -> None:
        """Add an annotation for each class of a picture that has no PNG of objects."""
        values = {label.source_id: place for place, label in enumerate(named)}
        unnamed = []
        for item, value, mask in joined.classes:
            label = values.get(value)
            extras = {} if label is not None else {"voc/#value": value}
            if label is None:
                unnamed.append((self._items.names[item], builder.annotation_count, f"value {value}"))
            builder.add_annotation(item, label, kind="mask", mask=mask, extras=extras)
        if unnamed:
            told = "nothing names the class of these pixels; classes= does"
            places = Places.of(unnamed)
            builder.report(Issue.at("mask-without-annotation", "warning", told, places, field="label", fate="kept"))

    def _issues(self) -> list[Issue]:
        items, objects = self._items, self._objects
        names = items.names
        odd = [
            *((names[row], None, told) for row, told in items.odd),
            *((names[objects.items[row]], row, told) for row, told in objects.odd),
        ]
        found: list[Issue] = []
        if not self._context.dialect_name and len(objects):
            told = "coordinates are taken for plain corners; voc:standard, or origin=, counts pixels from 1"
            found.append(Issue("assumed", "info", told, field="box", fate="kept"))
        if odd:
            told = "an element's value is not what the format says; it is kept as it is"
            found.append(Issue.at("odd-value", "warning", told, Places.of(odd), field="bndbox", fate="unread"))
        found += _listed("repaired", "warning", "text was not escaped and was repaired", self._mended)
        found += _listed("skipped-record", "info", "an XML file that is no annotation was not read", self._foreign)
        unread = {**items.unread}
        for tag, count in objects.unread.items():
            unread[tag] = unread.get(tag, 0) + count
        for tag, count in sorted(unread.items()):
            told = f"the element {tag!r} is not part of the model and is kept as it is"
            found.append(Issue("unread-key", "info", told, count, (tag,), field=tag, fate="unread"))
        return [*found, *self._split_issues]


def _listed(code: str, severity: str, message: str, examples: list[str]) -> list[Issue]:
    fate = "skipped" if code == "skipped-record" else "kept"
    return [Issue(code, severity, message, len(examples), tuple(examples[:5]), fate=fate)] if examples else []


def _positions(builder: DatasetBuilder, names: list[str]) -> Any:
    """Return the position of each object's label; labels come in the order of their first use."""
    known = {label.name: place for place, label in reversed(list(enumerate(builder.labels)))}
    for name in names:
        if name not in known:
            known[name] = builder.add_label(Label(name))
    return np.fromiter((known[name] for name in names), np.int64, len(names))


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
