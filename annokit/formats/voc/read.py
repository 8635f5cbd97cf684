"""Reading Pascal VOC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from annokit.codecs.names import read_manifest
from annokit.errors import FormatError
from annokit.formats.voc.build import Found, build
from annokit.formats.voc.dialects import Dialect
from annokit.formats.voc.documents import parse, repaired
from annokit.formats.voc.holds import form_of
from annokit.formats.voc.issues import about_boxes
from annokit.formats.voc.items import Items
from annokit.formats.voc.label_map import class_labels
from annokit.formats.voc.names import PictureIndex, keys_of
from annokit.formats.voc.objects import Objects
from annokit.formats.voc.plain import cut
from annokit.formats.voc.record import form_for, read_record
from annokit.formats.voc.segmentation import Pngs
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

STEP = 256
"""Files between two steps of the progress."""

BLOCK = 2048
"""Files whose texts are held at a time."""


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
    classes : mapping of int or (int, int, int) to str, list of str, or "voc", optional
        Names of the values, or of the colours, of class PNGs, from 1 on where they are a list; ``"voc"`` for the
        official ones, which are assumed where all objects have official names and nothing else tells.
    """
    asked = None if origin is None else form_of(context.dialect, origin)
    form, told = form_for(source, context.dialect, context.dialect_name, asked)
    reader = _Reader(source, context, form, repair)
    found = reader.files()
    pngs = Pngs.of(source, found.shared) if masks and source.kind != "file" else Pngs({}, {})
    ds = build(found, pngs, class_labels(source, classes), reader.measuring)
    ds = ds._with(issues=Report(told) + ds.issues) if told else ds
    unsure = not context.dialect_name and asked is None and read_record(source) is None
    return about_boxes(ds, form, unsure)


class _Reader:
    """Reads all files."""

    def __init__(self, source: Source, context: ReadContext, form: str, repair: bool) -> None:
        self._source, self._context, self._repair = source, context, repair
        dialect: Dialect = context.dialect
        self._names = (source.only,) if source.only is not None else tuple(source.find(".xml"))
        self._keys, shared = keys_of(self._names)
        self._items, self._objects = Items(dialect), Objects(dialect)
        pictures = PictureIndex(source, context.images, shared)
        self.found = Found(source, dialect, form, shared, self._items, self._objects, pictures)

    def files(self) -> Found:
        """Read every XML file and return what they hold."""
        originals = read_manifest(self._source)
        total = len(self._names)
        for count, (name, key) in enumerate(zip(self._names, self._keys, strict=True)):
            try:
                data = self._source.read(name)
                if not self._plain(data, name, key, originals):
                    self._parsed(data, name, key, originals)
            except FormatError as error:
                self._context.problems.add(error)
            if count % STEP == 0:
                self._context.progress(count, total)
            if count % BLOCK == 0:
                self._settle()
        self._context.progress(total, total)
        self._settle()
        return self.found

    def measuring(self, done: int, total: int) -> None:
        """Show the progress of reading headers, which follow the files."""
        before = len(self._names)
        if total:
            self._context.progress(before + done, before + total)

    def _settle(self) -> None:
        self._items.settle()
        self._objects.settle()

    def _plain(self, data: bytes, file: str, key: str, originals: Mapping[str, str]) -> bool:
        """Read a plain document; return False where it is none."""
        found = cut(data) if len(data) <= self._context.limits.xml_bytes else None
        plan = None if found is None else self._items.plan(found.tags, found.texts)
        if found is None or plan is None:
            return False
        first = len(self._objects)
        row = len(self._items)
        if not self._objects.add_plain(found.objects, row):
            return False
        self.found.first.append(first)
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
                self.found.foreign.append(f"{file}: <{root.tag}>")

    def _roots(self, data: bytes, name: str) -> list[Element]:
        where, limits = self._source.where(name), self._context.limits
        try:
            return parse(data, where, limits)
        except FormatError as error:
            roots = repaired(data, where, limits) if self._repair else None
            if roots is None:
                raise
            self.found.mended.append(f"{where}: {error.message}")
            return roots

    def _annotation(self, root: Element, place: tuple[str, str], originals: Mapping[str, str], alone: bool) -> None:
        objects = [child for child in root if child.tag == "object"]
        names = [child for child in root if child.tag == "filename"]
        others = [child for child in root if child.tag not in ("object", "filename")]
        first = len(self._objects)
        row = self._add_item((names[0].text or "") if names else "", place, originals, alone)
        self.found.first.append(first)
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
        name = originals.get(place[0]) or self.found.name(place[1], filename, alone)
        row = self._items.add(name, place[1])
        if filename != name.rpartition("/")[2]:
            self._items.keep(row, "filename", filename)
            self.found.stated[row] = filename
        return row

    def _bad(self, error: FormatError, file: str, row: int) -> None:
        message = str(error.message).partition(" (")[0]
        where, item = self._source.where(file), self._items.names[row]
        told = FormatError(message, path=where, item=item, found=error.found, expected=error.expected)
        self._context.problems.add(told)
