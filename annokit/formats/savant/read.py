"""Reading SAVANT batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from annokit.codecs.records import Block, Reading, Rest, raw_records, split
from annokit.columns.json import loads
from annokit.errors import FormatError
from annokit.formats.savant.facts import (
    FRAME_KEYS,
    KIND_OF_TYPE,
    LEAST,
    MOST,
    QUIET,
    SEQUENCE_KEYS,
    SHAPE_KEYS,
    TIME_KEYS,
    last_part,
)
from annokit.formats.savant.told import Told
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]


def read(source: Source, context: ReadContext, *, lenient: bool = False) -> Dataset:
    """Read a batch.

    Parameters
    ----------
    source : Source
        A JSON file, or an archive or folder that holds one.
    context : ReadContext
        What the caller asked for.
    lenient : bool
        Accept what people leave in files that they edit: comments, trailing commas, curly quotes.
    """
    name = _the_file(source)
    reader = _Reader(context, source.where(name))
    for pointer, record in _records(source, name, context, lenient, reader):
        reader.sequence(pointer, record)
    return reader.build()


def _the_file(source: Source) -> str:
    if source.only is not None:
        return source.only
    found = source.find(".json")
    if len(found) != 1:
        raise FormatError(
            "a SAVANT export is one JSON file", path=source.label, found=f"{len(found)} JSON files", expected="one"
        )
    return found[0]


def _records(
    source: Source, name: str, context: ReadContext, lenient: bool, reader: _Reader
) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and the value of every sequence; hand the rest of the document to the reader."""
    with source.open(name) as file:
        stream: Any = file
        if lenient:
            from io import BytesIO

            from annokit.codecs.lenient import strict_json

            stream = BytesIO(strict_json(file.read(), label=source.where(name)))
        how = Reading(
            label=source.where(name),
            limits=context.limits,
            total=source.size(name),
            progress=context.progress,
            repeats=context.repeats,
        )
        seen = False
        for part in split(stream, {"/sequences": raw_records}, how):
            if isinstance(part, Block):
                for place, raw in enumerate(part.records, part.first):
                    yield f"/sequences/{place}", loads(bytes(raw))
            elif part.pointer == "":
                seen = any(key == "sequences" for key, _ in part.members)
                reader.document(part)
        if not seen:
            raise FormatError(
                "this is no SAVANT batch",
                path=source.where(name),
                found='no key "sequences"',
                expected='a list under "sequences"',
            )


class _Reader:
    """Turns sequences into rows, and gathers what to tell about them."""

    def __init__(self, context: ReadContext, label: str) -> None:
        self._context = context
        self._label = label
        self._builder = DatasetBuilder(unit="unit", form="xyxy", time_unit="ms")
        self._positions: dict[str, int] = {}
        self._first: dict[str, Record] = {}
        self._told = Told()

    def document(self, rest: Rest) -> None:
        """Keep what stands beside the sequences."""
        for key, raw in rest.members:
            if key != "sequences" or (raw is not None and raw.strip() != b"[]"):
                if key == "sequences":
                    found = raw[:40].decode("utf-8", "replace") if raw else "nothing"
                    raise FormatError(
                        "the sequences are no list",
                        path=self._label,
                        pointer="/sequences",
                        found=found,
                        expected="a list",
                    )
                self._builder.extras[f"savant/{key}"] = raw or b"null"
                self._told.unread[key] += 1

    def sequence(self, pointer: str, record: Any) -> None:
        """Add one annotation job."""
        if not isinstance(record, dict):
            self._bad(pointer, record, "an object")
            return
        extras = self._extras(record, SEQUENCE_KEYS)
        videos, frames = record.get("videoAnnotations"), record.get("featureSet")
        extras |= {
            k: record[k]
            for k, v in (("videoAnnotations", videos), ("featureSet", frames))
            if k in record and not isinstance(v, list)
        }
        for key in ("videoAnnotations", "featureSet"):
            if key in extras:
                self._told.wrong(f"{pointer}/{key}", extras[key])
        if frames == []:
            extras["featureSet"] = []
        ident = record.get("rootId")
        fields: Record = {"id": ident if _is_id(ident) else None}
        if "rootId" in record and fields["id"] is None:
            extras["rootId"] = ident
            self._told.wrong(f"{pointer}/rootId", ident)
        self._told.identified("", fields["id"], f"{pointer}/rootId")
        name = record.get("name")
        if "name" in record and not isinstance(name, str):
            self._told.wrong(f"{pointer}/name", name)
            extras["name"], name = name, None
        row = self._builder.add_sequence(**fields, name=name, extras=_keyed(extras))
        if isinstance(videos, list):
            self._video(f"{pointer}/videoAnnotations", row, record, videos)
        if isinstance(frames, list):
            for place, frame in enumerate(frames):
                self._frame(f"{pointer}/featureSet/{place}", row, frame)

    def _video(self, pointer: str, sequence: int, record: Record, annotations: list[Any]) -> None:
        ident = record.get("rootId")
        ident = ident if _is_id(ident) else None
        name = record.get("name")
        shown = name if isinstance(name, str) else "" if ident is None else str(ident)
        item = self._builder.add_item(shown, id=ident, kind="video", sequence=sequence)
        for place, annotation in enumerate(annotations):
            self._time(f"{pointer}/{place}", item, annotation)

    def _time(self, pointer: str, item: int, record: Any) -> None:
        label = record.get("label") if isinstance(record, dict) else None
        if not isinstance(label, dict) or not _is_id(label.get("code")):
            self._bad(pointer, record, 'an object with a "label" that has a "code"')
            return
        extras = self._extras(record, TIME_KEYS)
        times = []
        for key in TIME_KEYS[:2]:
            value = record.get(key)
            times.append(value if _is_number(value) else None)
            if value is not None and not _is_number(value):
                extras[key] = value
                self._told.odd.append((None, self._builder.annotation_count, f"{pointer}/{key}: {value!r:.60}"))
        absent = [key for key in TIME_KEYS[:2] if key not in record]
        if absent:
            extras["#absent"] = absent
        position = self._label_position(label["code"], label, extras)
        span = None if times == [None, None] else tuple(times)
        self._builder.add_annotation(item, position, span=span, extras=_keyed(extras))

    def _frame(self, pointer: str, sequence: int, record: Any) -> None:
        if not isinstance(record, dict):
            self._bad(pointer, record, "an object")
            return
        extras = self._extras(record, FRAME_KEYS)
        ident, path, labels = (record.get(key) for key in FRAME_KEYS)
        if "id" in record and not _is_id(ident):
            self._told.wrong(f"{pointer}/id", ident)
            extras["id"], ident = ident, None
        self._told.identified(pointer.rpartition("/")[0], ident, f"{pointer}/id")
        if "framePath" in record and not isinstance(path, str):
            self._told.wrong(f"{pointer}/framePath", path)
            extras["framePath"], path = path, None
        if not isinstance(labels, list):
            self._told.wrong(f"{pointer}/labels", labels)
            extras |= {"#labels": labels} if "labels" in record else {"#absent": ["labels"]}
            labels = []
        name = last_part(path) if path is not None else "" if ident is None else str(ident)
        item = self._builder.add_item(name, id=ident, uri=path, kind="frame", sequence=sequence, extras=_keyed(extras))
        before = None
        for place, entry in enumerate(labels):
            before = self._entry(f"{pointer}/labels/{place}", item, entry, before)

    def _entry(self, pointer: str, item: int, entry: Any, before: Any) -> Any:
        """Add one label of a frame with its shapes, and return its code."""
        code = entry.get("code") if isinstance(entry, dict) else None
        if not _is_id(code):
            self._bad(pointer, entry, 'an object with a "code"')
            return before
        told = {key: value for key, value in entry.items() if key != "shapes"}
        shapes = entry.get("shapes")
        first: Record = {}
        if len(told) > 1 or not isinstance(shapes, list):
            self._told.unread.update(key for key in told if key != "code")
            first["#entry"] = told if isinstance(shapes, list) or "shapes" not in entry else entry
            first["#entry"] = {**first["#entry"], **({} if "shapes" in entry else {"#absent": ["shapes"]})}
        position = self._label_position(code, None, {})
        if not isinstance(shapes, list) or not shapes:
            self._told.wrong(f"{pointer}/shapes", None if shapes == [] else shapes)
            self._builder.add_annotation(item, position, extras=_keyed(first))
            return None
        if code == before:
            first["#again"] = True
        for place, shape in enumerate(shapes):
            self._shape(f"{pointer}/shapes/{place}", item, position, shape, first if place == 0 else {})
        return code

    def _shape(self, pointer: str, item: int, label: int, shape: Any, extras: Record) -> None:
        raw = _geometry(shape)
        if isinstance(raw, str):
            told = {**extras, "#shape": shape}
            self._told.odd.append((None, self._builder.annotation_count, f"{pointer}: {raw}"))
            self._builder.add_annotation(item, label, extras=_keyed(told))
            return
        told = {**extras, **self._extras(shape, SHAPE_KEYS)}
        if "type" not in shape:
            told["#typed_by"] = "shape_type"
        elif "shape_type" in shape:
            told["shape_type"] = shape["shape_type"]
            if shape["shape_type"] != shape["type"]:
                place = f"{pointer}: type {shape['type']!r}, shape_type {shape['shape_type']!r}"
                self._told.odd.append((None, self._builder.annotation_count, place))
        if max(map(len, shape["points"])) > 2:
            told["points"] = shape["points"]
        flips = raw.pop("flips", 0)
        if flips:
            told["#corners"] = flips
        self._builder.add_annotation(item, label, **raw, extras=_keyed(told))

    def _label_position(self, code: Any, told: Record | None, extras: Record) -> int:
        """Return the position of the label with `code`; keep what its object says beyond the first one of that code."""
        position = self._positions.get(code)
        if position is None:
            position = self._positions[code] = self._builder.add_label(Label(str(code), code))
        if told is None:
            return position
        first = self._first.setdefault(code, told)
        if told is first:
            self._name(position, code, told)
        elif told != first:
            extras["#label"] = told
        return position

    def _name(self, position: int, code: Any, told: Record) -> None:
        shown = told.get("displayName")
        extras = {
            key: value
            for key, value in told.items()
            if key != "code" and (key != "displayName" or not isinstance(shown, str))
        }
        self._told.unread.update(key for key in extras if key != "displayName")
        if "displayName" not in told:
            extras["#plain"] = True
        name = shown if isinstance(shown, str) else str(code)
        self._builder.set_label(position, Label(name, code, extras=_keyed(extras)))

    def _extras(self, record: Record, known: tuple[str, ...]) -> Record:
        unknown = {key: value for key, value in record.items() if key not in known}
        self._told.unread.update(key for key in unknown if key not in QUIET)
        return unknown

    def _bad(self, pointer: str, found: Any, expected: str) -> None:
        shown = repr(found)
        error = FormatError(
            "this record can't be read", path=self._label, pointer=pointer, found=shown[:60], expected=expected
        )
        self._context.problems.add(error)

    def build(self) -> Dataset:
        """Return the dataset with its issues."""
        for issue in self._told.issues():
            self._builder.report(issue)
        return self._builder.build()


def _geometry(shape: Any) -> Record | str:
    """Return the row fields of a shape, or why it can't be read."""
    if not isinstance(shape, dict):
        return f"{shape!r:.60} is no object"
    word = shape.get("type", shape.get("shape_type"))
    kind = KIND_OF_TYPE.get(word) if isinstance(word, str) else None
    points = shape.get("points")
    if kind is None:
        return f"unknown type {word!r:.60}"
    pairs = _pairs(points)
    if pairs is None:
        return f"points of {word!r} are not a list of x and y"
    if len(pairs) < LEAST[kind] or len(pairs) > MOST.get(kind, len(pairs)):
        return f"{word!r} with {len(pairs)} points"
    return _box(pairs) if kind == "box" else {"kind": kind, "points": [[pairs]]}


def _box(pairs: list[tuple[float, float]]) -> Record:
    (x0, y0), (x1, y1) = pairs
    flips = int(x0 > x1) + 2 * int(y0 > y1)
    return {"kind": "box", "box": (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), "flips": flips}


def _pairs(points: Any) -> list[tuple[float, float]] | None:
    """Return the points as pairs of numbers, None where they are something else."""
    if not isinstance(points, list):
        return None
    try:
        pairs = [(point["x"], point["y"]) for point in points]
    except (TypeError, KeyError):
        return None
    kinds = set(map(type, chain.from_iterable(pairs)))
    if kinds <= {float} or (kinds <= {float, int} and all(map(_is_number, chain.from_iterable(pairs)))):
        return pairs
    return None


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= 1 << 53)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) or (type(value) is int and -(1 << 63) <= value < 1 << 63)


def _keyed(extras: Record) -> Record:
    return {f"savant/{key}": value for key, value in extras.items()}
