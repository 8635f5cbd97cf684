"""Reading Encord label rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.records import Block, Reading, raw_records, split
from annokit.columns import Fixed, Sparse, Text
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.errors import FormatError
from annokit.formats.encord.answers import Answers, in_ranges, pairs
from annokit.formats.encord.bulk import Boxes, opened
from annokit.formats.encord.facts import (
    CLASSIFICATION_KEYS,
    EXPECTED,
    ITEM_KIND,
    KIND_OF_SHAPE,
    MAIN,
    OBJECT_KEYS,
    ROW_KEYS,
    STATUS,
    UNIT_KEYS,
)
from annokit.formats.encord.geometry import OddError, fields_of
from annokit.formats.encord.ontology import Ontology, color_of
from annokit.formats.encord.records import (
    beyond,
    classification_record,
    geometry_of,
    hex_of,
    object_record,
    row_record,
    unit_record,
)
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]


def read(
    source: Source,
    context: ReadContext,
    *,
    ontology: str | PathLike[str] | Record | None = None,
    title: str | None = None,
) -> Dataset:
    """Read label rows.

    Parameters
    ----------
    source : Source
        A JSON file, or an archive or folder of them.
    context : ReadContext
        What the caller asked for; a layer is a branch, ``main`` by default.
    ontology : path or dict, optional
        The ontology's JSON, which names options, nests attributes and connects joints.
    title : str, optional
        Read only the rows whose data are called so.
    """
    reader = _Reader(context, Ontology(_structure(ontology)), title)
    for where, pointer, text in _records(source, context):
        reader.text(where, pointer, text)
    return reader.build()


def _structure(ontology: Any) -> Record | None:
    if ontology is None or isinstance(ontology, dict):
        return ontology
    value = loads(Path(ontology).read_bytes())
    if not isinstance(value, dict):
        raise FormatError("this is no ontology", path=str(ontology), found=type(value).__name__, expected="an object")
    return value


def _records(source: Source, context: ReadContext) -> Iterator[tuple[str, str, bytes]]:
    """Yield (file, pointer, text) of every label row in the source."""
    names = [source.only] if source.only is not None else list(source.find(".json"))
    if not names:
        raise FormatError("an Encord export is JSON", path=source.label, found="no JSON file", expected="label rows")
    for name in names:
        where = source.where(name)
        with source.open(name) as file:
            first = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        with source.open(name) as file:
            stream: Any = file
            if first == b"[":
                how = Reading(label=where, limits=context.limits, total=source.size(name), progress=context.progress)
                for part in split(stream, {"": raw_records}, how):
                    if isinstance(part, Block):
                        for place, raw in enumerate(part.records, part.first):
                            yield where, f"/{place}", bytes(raw)
            else:
                yield where, "", file.read().removeprefix(b"\xef\xbb\xbf")


def _document(data: bytes, where: str) -> Any:
    try:
        return loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is not JSON: {error}", path=where) from None


class _Reader:
    """Turns label rows into sequences, items and annotations."""

    def __init__(self, context: ReadContext, ontology: Ontology, title: str | None) -> None:
        self._context = context
        self._ontology = ontology
        self._title = title
        self._builder = DatasetBuilder(unit="unit", form="xywh")
        self._positions: dict[Any, int] = {}
        self._sequences = 0
        for label in ontology.labels():
            self._positions[label.source_id] = self._builder.add_label(label)
        self._unread: Counter[str] = Counter()
        self._issues: dict[tuple[str, str, str], list[tuple[str | None, int | None, str]]] = {}
        self._left: Counter[str] = Counter()

    def text(self, where: str, pointer: str, text: bytes) -> None:
        """Add one label row, in bulk where it is plain."""
        found = opened(text)
        if found is not None and ITEM_KIND.get(str(found[0].get("data_type")).lower()) == "frame":
            self.row(where, pointer, *found)
        else:
            self.row(where, pointer, _document(text, where))

    def row(self, where: str, pointer: str, record: Any, boxes: Boxes | None = None) -> None:
        """Add one label row, whose objects may have been taken out of it."""
        if not isinstance(record, dict) or not isinstance(record.get("data_units"), dict):
            expected = 'a label row with "data_units"'
            if isinstance(record, dict) and "labels" in record:
                expected += "; this is the layout of 2020, which is not read"
            error = FormatError(
                "this is no label row", path=where, pointer=pointer, found=repr(record)[:60], expected=expected
            )
            self._context.problems.add(error)
            return
        branch = record.get("branch_name") or MAIN
        if self._title is not None and record.get("data_title") != self._title:
            return
        if self._context.layer not in (branch, "all") and not (self._context.layer is None and branch == MAIN):
            self._left[branch] += 1
            return
        self._read_row(where, pointer, record, _Row(self, record, str(branch), boxes))

    def _read_row(self, where: str, pointer: str, record: Record, row: _Row) -> None:
        units = sorted(record["data_units"].items(), key=_sequence_of)
        row.sequence, self._sequences = self._sequences, self._sequences + 1
        for place, (key, unit) in enumerate(units):
            if isinstance(unit, dict):
                row.unit(f"{pointer}/data_units/{key}", place, key, unit)
            else:
                self._bad(where, f"{pointer}/data_units/{key}", unit)
        row.ranges()
        spaces = record.get("spaces")
        for key, space in spaces.items() if isinstance(spaces, dict) else ():
            if isinstance(space, dict) and space.get("labels"):
                self.note("unsupported-record", "warning", _SPACES, None, f"{pointer}/spaces/{key}")
        for key in row.answers.orphans(row.seen):
            self.note("dangling-reference", "warning", _ORPHAN, None, f"object_answers of {key}")
        told = {
            "id": _text_or_none(record.get("label_hash")),
            "name": _text_or_none(record.get("data_title")),
            "dataset": _text_or_none(record.get("dataset_title")),
            "task": _text_or_none(record.get("data_type")),
            "status": STATUS.get(str(record.get("label_status"))),
        }
        extras = self._row_extras(record, told, units, row)
        self._builder.add_sequence(**told, extras=extras, **_video_fields(record, units))

    def _row_extras(self, record: Record, stated: Record, units: list[tuple[str, Any]], row: _Row) -> Record:
        own = {key: value for key, value in record.items() if key != "data_units"}
        self._count(own, ROW_KEYS)
        base = {
            **row_record({**stated, "task": str(stated["task"])}),
            **dict.fromkeys(("data_hash", "dataset_hash", *MAPS), ...),
        }
        extras = beyond(own, base)
        extras["label_status"] = record.get("label_status")
        if _is_single(record):
            extras["#unit"] = [_unit_extra(key, unit) for key, unit in units if isinstance(unit, dict)]
        orphans = row.answers.unused(row.seen, row.classified)
        silent = sorted(row.seen - row.answers.objects.keys()) + sorted(
            row.classified - row.answers.classifications.keys()
        )
        told = {"#orphans": orphans, "#unanswered": silent}
        return keyed({**extras, **{key: value for key, value in told.items() if value}})

    def _bad(self, where: str, pointer: str, found: Any) -> None:
        shown = repr(found)[:60]
        error = FormatError("this record can't be read", path=where, pointer=pointer, found=shown, expected="an object")
        self._context.problems.add(error)

    def note(
        self, code: str, severity: str, message: str, row: int | None, detail: str, item: str | None = None
    ) -> None:
        """Note a place of an issue."""
        self._issues.setdefault((code, severity, message), []).append((item, row, detail))

    def _count(self, record: Record, known: tuple[str, ...], count: int = 1) -> None:
        self._unread.update({key: count for key in record if key not in EXPECTED and key not in known})

    def label(self, feature: Any, name: Any, color: Any, shape: Any) -> int:
        """Return the position of the label of a feature hash, else of a name and shape."""
        key = feature if isinstance(feature, str) else (str(name), str(shape))
        position = self._positions.get(key)
        if position is None:
            made = Label(
                str(name),
                feature if isinstance(feature, str) else None,
                color=color_of(color),
                shape=KIND_OF_SHAPE.get(str(shape)),
                extras={"encord/shape": shape if isinstance(shape, str) else None, **_odd_color(color)},
            )
            position = self._positions[key] = self._builder.add_label(made)
        return position

    def label_at(self, position: int) -> Label:
        """Return a label."""
        return self._builder.labels[position]

    @property
    def builder(self) -> DatasetBuilder:
        """What rows are added to."""
        return self._builder

    @property
    def ontology(self) -> Ontology:
        """What is known of labels and attributes."""
        return self._ontology

    def extras_of(self, record: Record, known: tuple[str, ...], base: Record, count: int = 1) -> Record:
        """Return what the model does not state of a record that occurs `count` times."""
        self._count(record, known, count)
        return beyond(record, base)

    def build(self) -> Dataset:
        """Return the dataset with its issues."""
        for key, count in sorted(self._unread.items()):
            message = f"the key {key!r} is not part of the model and is kept as it is"
            self._builder.report(Issue("unread-key", "info", message, count, (key,), field=key, fate="unread"))
        for branch, count in sorted(self._left.items()):
            message = f"rows of the branch {branch!r} are not read; read them by layer={branch!r} or layer='all'"
            self._builder.report(
                Issue("layer-not-read", "warning", message, count, (branch,), field="layer", fate="skipped")
            )
        for (code, severity, message), places in self._issues.items():
            self._builder.report(Issue.at(code, severity, message, Places.of(places), fate="unread"))
        return self._builder.build()


RANGED = {"encord/#ranged": True}
"""Extras of what stands in the answers alone, not in the labels of a frame."""

LISTS = ("objects", "classifications")

MAPS = ("object_answers", "classification_answers", "object_actions")

_SPACES = "labels of a data group's spaces are not read; they are kept as they are"
_ORPHAN = "attributes are stated for an object that appears nowhere; they are kept as they are"


class _Row:
    """One label row while it is read."""

    def __init__(self, reader: _Reader, record: Record, branch: str, boxes: Boxes | None = None) -> None:
        self._reader = reader
        self._boxes = boxes
        self._record = record
        self._branch = branch
        self._kind = ITEM_KIND.get(str(record.get("data_type")).lower(), "image")
        self.answers = Answers(record, reader.ontology)
        self.sequence = -1
        self.seen: set[str] = set()
        self.classified: set[str] = set()
        self._classified: dict[str, set[int]] = {}
        self._items: dict[int, int] = {}
        self._size: tuple[Any, Any] = (None, None)

    def unit(self, pointer: str, position: int, key: str, unit: Record) -> None:
        """Add the items and annotations of a data unit."""
        labels = unit.get("labels")
        self._size = _size(unit.get("width")), _size(unit.get("height"))
        if _is_single(self._record):
            if self._boxes is not None:
                self._bulk(self._boxes)
            frames = labels if isinstance(labels, dict) else {}
            for frame in sorted(frames, key=_frame_order):
                self._frame(f"{pointer}/labels/{frame}", position, frame, frames[frame])
            return
        place = _int_or_none(unit.get("data_sequence"))
        told = {
            "id": _text_or_none(unit.get("data_hash")),
            "uri": _text_or_none(unit.get("data_link")),
            "frame": place if self._record.get("data_type") == "img_group" else None,
            "width": self._size[0],
            "height": self._size[1],
        }
        name = str(unit.get("data_title", unit.get("data_hash")))
        stated = {k: v for k, v in unit.items() if k != "labels" or not isinstance(v, dict)}
        base = unit_record({**told, "name": name}, str(self._record.get("data_type")), {})
        if isinstance(labels, dict):
            del base["labels"]
        extras = self._reader.extras_of(stated, UNIT_KEYS, base)
        if key != unit.get("data_hash"):
            extras["#key"] = key
        self._add_item(0 if place is None else place, name, pointer, labels, extras=extras, **told)

    def _bulk(self, boxes: Boxes) -> None:
        """Add frames and their objects as columns: what they share is made once."""
        builder, scratch = self._reader.builder, DatasetBuilder(unit="unit", form="xywh")
        kinds = {lists: place for place, lists in enumerate(dict.fromkeys(boxes.lists))}
        for lists in kinds:
            stated: Record = {name: [] for name, has in zip(LISTS, lists, strict=True) if has}
            scratch.add_item(
                "",
                kind="frame",
                sequence=self.sequence,
                dataset=_text_or_none(self._record.get("dataset_title")),
                status=STATUS.get(str(self._record.get("label_status"))),
                extras=keyed(_labels_extras(stated)),
                width=self._size[0],
                height=self._size[1],
            )
        frames = np.array(boxes.frames, np.int64)
        names = Text.of([f"{self._record.get('data_title')}#{frame}" for frame in boxes.frames])
        items = scratch._items.table().take(np.array([kinds[lists] for lists in boxes.lists], np.int64))
        first = builder.add_items(items.replace({"name": names, "frame": Sparse.of_column(Fixed(frames))}))
        place = np.arange(len(frames)).repeat(boxes.counts)
        codes = self._wordings(boxes, frames[place], scratch)
        table = scratch._annotations.table().take(codes)
        builder.add_annotations(table.replace({"item": Fixed(first + place), "box": boxes.boxes}))

    def _wordings(self, boxes: Boxes, frame: Array, scratch: DatasetBuilder) -> Array:
        """Add an annotation of each wording, and of each set of answers that it has, and return that of each object."""
        codes = np.empty(len(boxes.codes), np.int64)
        order = boxes.codes.argsort(kind="stable")
        ends = np.bincount(boxes.codes, minlength=len(boxes.wordings)).cumsum().tolist()
        for obj, rows in zip(boxes.wordings, np.split(order, ends[:-1]), strict=True):
            ident = _text_or_none(obj.get("objectHash"))
            position = self._reader.label(obj.get("featureHash"), obj.get("name"), obj.get("color"), obj.get("shape"))
            label, told = self._reader.label_at(position), self._told(obj)
            base = object_record(label, str(label.extras.get("encord/shape")), ident, told, {})
            extras = self._reader.extras_of(obj, OBJECT_KEYS, base, len(rows))
            self.seen.update(() if ident is None else (ident,))
            part = self.answers.phases(ident).searchsorted(frame[rows], "right")
            for number in np.unique(part).tolist():
                chosen = rows[part == number]
                attributes = {} if ident is None else self.answers.on(ident, int(frame[chosen[0]]))
                codes[chosen] = scratch.add_annotation(
                    -1, position, kind="box", track=ident, attributes=attributes, extras=keyed(extras), **told
                )
        return codes

    def _add_item(self, place: int | None, name: str, pointer: str, labels: Any, **told: Any) -> None:
        found = labels if isinstance(labels, dict) else {}
        extras = told.pop("extras")
        item = self._reader.builder.add_item(
            name,
            kind=told.pop("kind", self._kind),
            sequence=self.sequence,
            dataset=_text_or_none(self._record.get("dataset_title")),
            status=STATUS.get(str(self._record.get("label_status"))),
            extras=keyed({**extras, **_labels_extras(found)} if isinstance(labels, dict) else extras),
            **told,
        )
        if place is not None:
            self._items[place] = item
        self._labels(pointer, item, place, found)

    def _frame(self, pointer: str, position: int, key: str, labels: Any) -> None:
        number = int(key) if key.isdecimal() else None
        if not isinstance(labels, dict):
            self._reader._bad(pointer, "", labels)
            return
        extras = {k: v for k, v in labels.items() if k not in ("objects", "classifications")}
        metadata = extras.get("metadata")
        own: Record = metadata if isinstance(metadata, dict) else {}
        width, height = _size(own.get("width")), _size(own.get("height"))
        size = {"width": width or self._size[0], "height": height or self._size[1]}
        if str(number) != key:
            extras["#frame"] = key
        if position:
            extras["#unit"] = position
        name = f"{self._record.get('data_title')}#{key}"
        self._add_item(number, name, pointer, labels, extras=extras, frame=number, kind="frame", **size)

    def _labels(self, pointer: str, item: int, frame: int | None, labels: Record) -> None:
        for kind, add in (("objects", self._object), ("classifications", self._classification)):
            listed = labels.get(kind)
            for place, entry in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(entry, dict):
                    add(f"{pointer}/{kind}/{place}", item, frame, entry)
                else:
                    self._reader._bad(pointer, f"/{kind}/{place}", entry)

    def _object(self, pointer: str, item: int, frame: int | None, obj: Record) -> None:
        reader = self._reader
        if obj.get("isDeleted") is True:
            reader.note("skipped-record", "info", "an object is deleted and is not read", None, pointer)
            return
        ident = _text_or_none(obj.get("objectHash"))
        position = reader.label(obj.get("featureHash"), obj.get("name"), obj.get("color"), obj.get("shape"))
        label, told = reader.label_at(position), self._told(obj)
        try:
            fields = fields_of(obj)
            base = object_record(
                label, str(label.extras.get("encord/shape")), ident, told, geometry_of(fields, label)[1]
            )
            extras = reader.extras_of(obj, OBJECT_KEYS, base)
        except OddError as problem:
            fields, extras = {}, {"#object": obj}
            message = "a shape is not one that Encord documents and is kept as it is"
            reader.note("odd-value", "warning", message, reader.builder.annotation_count, f"{pointer}: {problem}")
        attributes: Record = {}
        if ident is not None:
            self.seen.add(ident)
            attributes = self.answers.on(ident, frame or 0)
        reader.builder.add_annotation(
            item, position, track=ident, attributes=attributes, extras=keyed(extras), **fields, **told
        )

    def _told(self, entry: Record) -> Record:
        manual, score = entry.get("manualAnnotation"), entry.get("confidence")
        return {
            "keyframe": manual if isinstance(manual, bool) else None,
            "score": score if type(score) in (int, float) else None,
            "created": _text_or_none(entry.get("createdAt")),
            "author": _text_or_none(entry.get("createdBy")),
            "updated": _text_or_none(entry.get("lastEditedAt")),
            "layer": self._branch,
        }

    def _classification(self, pointer: str, item: int, frame: int | None, entry: Record) -> None:
        ident = _text_or_none(entry.get("classificationHash"))
        position = self._reader.label(entry.get("featureHash"), entry.get("name"), None, None)
        told = self._told(entry)
        base = classification_record(self._reader.label_at(position), ident, told)
        extras = self._reader.extras_of(entry, CLASSIFICATION_KEYS, base)
        attributes = self.answers.static("classifications", ident) if ident is not None else {}
        if ident is not None:
            self.classified.add(ident)
            self._classified.setdefault(ident, set()).update(() if frame is None else (frame,))
        self._reader.builder.add_annotation(
            item, position, track=ident, attributes=attributes, extras=keyed(extras), **told
        )

    def ranges(self) -> None:
        """Add what only the answers state: classifications by range or for the whole row, objects in sound and text."""
        for ident, entry in self.answers.classifications.items():
            if isinstance(entry, dict):
                self._ranged_classification(ident, entry)
        for ident, entry in self.answers.objects.items():
            if isinstance(entry, dict) and ident not in self.seen and (entry.get("range") or entry.get("range_html")):
                self._ranged_object(ident, entry)

    def _ranged_classification(self, ident: str, entry: Record) -> None:
        listed = self._classified.get(ident, set())
        ranges = pairs(entry.get("range"))
        if listed and all(any(a <= frame <= b for frame in listed) for a, b in ranges):
            return
        if not ranges and listed:
            return
        answers = entry.get("classifications")
        first = answers[0] if isinstance(answers, list) and answers and isinstance(answers[0], dict) else {}
        feature = entry.get("featureHash") or first.get("featureHash")
        position = self._reader.label(feature, entry.get("name", first.get("name", ident)), None, None)
        attributes = self.answers.static("classifications", ident)
        for item, span in self._places(ranges, listed):
            self.classified.add(ident)
            self._reader.builder.add_annotation(
                item, position, track=ident, attributes=attributes, span=span, extras=RANGED, **self._told(entry)
            )

    def _ranged_object(self, ident: str, entry: Record) -> None:
        self.seen.add(ident)
        position = self._reader.label(
            entry.get("featureHash"), entry.get("name", ident), entry.get("color"), entry.get("shape")
        )
        attributes = self.answers.static("objects", ident)
        for item, span in self._places(pairs(entry.get("range")), set()):
            self._reader.builder.add_annotation(
                item, position, track=ident, attributes=attributes, span=span, extras=RANGED, **self._told(entry)
            )

    def _places(self, ranges: list[tuple[int, int]], listed: set[int]) -> Iterator[tuple[int, Any]]:
        """Yield (item, span) of what holds for ranges, or for the whole row where there are none."""
        if self._kind == "image":
            for place, item in self._items.items():
                if place not in listed and (not ranges or in_ranges(place, [list(pair) for pair in ranges])):
                    yield item, None
            return
        if not ranges:
            yield self._whole(), None
        for a, b in ranges:
            yield self._whole(), self._span(a, b)

    def _span(self, a: int, b: int) -> tuple[float | None, ...]:
        seconds = self._kind == "audio"
        return (a / 1000, b / 1000, None, None) if seconds else (None, None, a, b)

    def _whole(self) -> int:
        """Return the item of the whole medium, which is added when it is first needed."""
        if -1 not in self._items:
            if self._kind in ("audio", "text") and self._items:
                return next(iter(self._items.values()))
            self._items[-1] = self._reader.builder.add_item(
                str(self._record.get("data_title")),
                id=_text_or_none(self._record.get("data_hash")),
                kind="video",
                sequence=self.sequence,
                width=self._size[0],
                height=self._size[1],
            )
        return self._items[-1]


def _is_single(record: Record) -> bool:
    """Tell whether a row is one medium with frames: its labels are keyed by frame."""
    if ITEM_KIND.get(str(record.get("data_type")).lower()) == "frame":
        return True
    for unit in record["data_units"].values():
        labels = unit.get("labels") if isinstance(unit, dict) else None
        if isinstance(labels, dict) and labels:
            return not ({"objects", "classifications"} & labels.keys()) and all(key.isdecimal() for key in labels)
    return False


def _video_fields(record: Record, units: list[tuple[str, Any]]) -> Record:
    if not _is_single(record) or not units or not isinstance(units[0][1], dict):
        return {}
    unit = units[0][1]
    fps = unit.get("data_fps")
    return {
        "uri": _text_or_none(unit.get("data_link")),
        "fps": fps if type(fps) in (int, float) else None,
        "width": _size(unit.get("width")),
        "height": _size(unit.get("height")),
    }


def _unit_extra(key: str, unit: Record) -> Record:
    told = {k: v for k, v in unit.items() if k != "labels" or not isinstance(v, dict)}
    absent = {} if "labels" in unit else {"#absent": ["labels"]}
    return {**told, **absent, **({} if key == unit.get("data_hash") else {"#key": key})}


def _labels_extras(labels: Record) -> Record:
    """Return what the writer can't tell of the lists of a unit or frame: missing ones, odd ones, deleted objects."""
    absent = [kind for kind in ("objects", "classifications") if kind not in labels]
    extras: Record = {"#without": absent} if absent else {}
    for kind in ("objects", "classifications"):
        if kind in labels and not isinstance(labels[kind], list):
            extras["#" + kind] = labels[kind]
    objects = labels.get("objects")
    gone = [
        [place, entry]
        for place, entry in enumerate(objects if isinstance(objects, list) else ())
        if isinstance(entry, dict) and entry.get("isDeleted") is True
    ]
    return {**extras, "#deleted": gone} if gone else extras


def _odd_color(color: Any) -> Record:
    """Return how a label's colour is spelt where the writer would spell it otherwise."""
    return {"encord/color": color} if color is not None and color != hex_of(color_of(color)) else {}


def _sequence_of(pair: tuple[str, Any]) -> tuple[int, str]:
    unit = pair[1]
    number = _int_or_none(unit.get("data_sequence")) if isinstance(unit, dict) else None
    return (0 if number is None else number), pair[0]


def _frame_order(key: str) -> tuple[int, int, str]:
    return (0, int(key), key) if key.isdecimal() else (1, 0, key)


def _int_or_none(value: Any) -> int | None:
    if type(value) is int:
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() else None


def _size(value: Any) -> int | None:
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value > 0 else None


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def keyed(extras: Record) -> Record:
    """Return extras under the format's name."""
    return {f"encord/{key}": value for key, value in extras.items()}
