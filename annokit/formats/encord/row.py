"""One label row: its items, objects and classifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.formats.encord.answers import Answers
from annokit.formats.encord.facts import CLASSIFICATION_KEYS, ITEM_KIND, OBJECT_KEYS, STATUS, UNIT_KEYS
from annokit.formats.encord.geometry import OddError, fields_of, other_shape, whole
from annokit.formats.encord.media import Medium
from annokit.formats.encord.plain import (
    LISTS,
    frame_order,
    int_or_none,
    is_single,
    keyed,
    labels_extras,
    size,
    text_or_none,
    told_of,
)
from annokit.formats.encord.records import classification_record, geometry_of, object_record, unit_record

if TYPE_CHECKING:
    from annokit.formats.encord.bulk import Boxes
    from annokit.formats.encord.reader import Reader

Record = dict[str, Any]

_DELETED = "an object is deleted and is not read"
_ODD = "a shape is not one that Encord documents and is kept as it is"
_OTHER = "an object states the geometry of another shape than its own; it is read as what it states"
_EVENT = "a label of a continuous scene holds until the next event; it is read as one of its frame alone"
_BEYOND = "a frame lies beyond the end that the row states for its video"


class Row:
    """One label row while it is read.

    Parameters
    ----------
    reader : Reader
        What it is added to.
    record : dict
        The row.
    branch : str
        Whose labels it holds.
    boxes : Boxes, optional
        Frames and objects that were taken out of `record`.
    """

    def __init__(self, reader: Reader, record: Record, branch: str, boxes: Boxes | None = None) -> None:
        self.reader = reader
        self.record = record
        self.branch = branch
        self.answers = Answers(record, reader.ontology)
        self.where = ""
        self.seen: set[str] = set()
        self.classified: set[str] = set()
        self.spaces: dict[str, Medium] = {}
        self.options: dict[str, dict[str, dict[str, str]]] = {}
        self._defined: set[tuple[int, str]] = set()
        self._sides: tuple[Any, Any] = (None, None)
        self._boxes = boxes
        kind = ITEM_KIND.get(str(record.get("data_type")).lower(), "image")
        self.own = Medium(kind, str(record.get("data_title")), text_or_none(record.get("data_hash")))

    @property
    def sequence(self) -> int:
        """Its sequence."""
        return self.own.sequence

    @sequence.setter
    def sequence(self, row: int) -> None:
        self.own.sequence = row

    @property
    def shared(self) -> Record:
        """What all items of the row state."""
        return {
            "sequence": self.sequence,
            "dataset": text_or_none(self.record.get("dataset_title")),
            "status": STATUS.get(str(self.record.get("label_status"))),
        }

    def define(self, position: int, ident: str) -> None:
        """Note once what the answers of an object or classification tell of its label's options."""
        if (position, ident) in self._defined:
            return
        self._defined.add((position, ident))
        label = self.reader.label_at(position)
        for attribute, option, feature in self.answers.options(ident):
            own = self.options.setdefault(str(label.source_id or label.name), {})
            own.setdefault(attribute, {}).setdefault(option, feature)

    def unit(self, pointer: str, position: int, key: str, unit: Record) -> None:
        """Add the items and annotations of a data unit."""
        self.own.size = size(unit.get("width")), size(unit.get("height"))
        if is_single(self.record):
            self._frames(pointer, position, unit)
            return
        place = int_or_none(unit.get("data_sequence"))
        told = {
            "id": text_or_none(unit.get("data_hash")),
            "uri": text_or_none(unit.get("data_link")),
            "frame": place if self.record.get("data_type") == "img_group" else None,
            "width": self.own.size[0],
            "height": self.own.size[1],
        }
        name, labels = str(unit.get("data_title", unit.get("data_hash"))), unit.get("labels")
        stated = {k: v for k, v in unit.items() if k != "labels" or not isinstance(v, dict)}
        base = unit_record({**told, "name": name}, str(self.record.get("data_type")), {})
        if isinstance(labels, dict):
            del base["labels"]
        extras = self.reader.extras_of(stated, UNIT_KEYS, base)
        if key != unit.get("data_hash"):
            extras["#key"] = key
        place = 0 if place is None else place
        self.item(self.own, place, name, pointer + "/labels", labels, extras=extras, kind=self.own.kind, **told)

    def _frames(self, pointer: str, position: int, unit: Record) -> None:
        duration, fps = unit.get("data_duration"), unit.get("data_fps")
        if isinstance(duration, int | float) and isinstance(fps, int | float) and duration * fps > 0:
            self.own.most = round(duration * fps) + 1
        if self._boxes is not None:
            from annokit.formats.encord.row_bulk import add_boxes

            self._within(self.own, f"{pointer}/labels", self._boxes.frames)
            add_boxes(self, self._boxes)
        labels = unit.get("labels")
        frames = labels if isinstance(labels, dict) else {}
        for key in sorted(frames, key=frame_order):
            self.frame(self.own, f"{pointer}/labels/{key}", key, frames[key], self.own.size, position)

    def _within(self, medium: Medium, pointer: str, frames: list[int]) -> None:
        for frame in frames if medium.most is not None else ():
            if frame >= (medium.most or 0):
                self.reader.note("odd-value", "warning", _BEYOND, None, f"{pointer}/{frame}", f"{medium.name}#{frame}")

    def item(self, medium: Medium, place: int | None, name: str, pointer: str, labels: Any, **told: Any) -> None:
        """Add an item of a medium with its annotations; of what is no labels at all nothing is said."""
        found = labels if isinstance(labels, dict) else {}
        extras = {**medium.extras, **told.pop("extras")}
        if isinstance(labels, dict):
            extras.update(labels_extras(found))
        self._sides = told.get("width"), told.get("height")
        item = self.reader.builder.add_item(name, extras=keyed(extras), **self.shared, **told)
        if place is not None:
            medium.items[place] = item
        for kind, add in zip(LISTS, (self._object, self._classification), strict=True):
            listed = found.get(kind)
            for index, entry in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(entry, dict):
                    add(f"{pointer}/{kind}/{index}", medium, item, place, entry)
                else:
                    self.reader.bad(self.where, f"{pointer}/{kind}/{index}", entry)

    def frame(
        self, medium: Medium, pointer: str, key: str, labels: Any, sides: tuple[Any, Any], position: int = 0
    ) -> None:
        """Add a frame of a medium with its annotations."""
        number = int(key) if key.isdecimal() else None
        if not isinstance(labels, dict):
            self.reader.bad(self.where, pointer, labels)
            return
        if number is not None:
            self._within(medium, pointer.rpartition("/")[0], [number])
        extras = {k: v for k, v in labels.items() if k not in LISTS}
        metadata = extras.get("metadata")
        own: Record = metadata if isinstance(metadata, dict) else {}
        told = {"width": size(own.get("width")) or sides[0], "height": size(own.get("height")) or sides[1]}
        if str(number) != key:
            extras["#frame"] = key
        if position:
            extras["#unit"] = position
        name = f"{medium.name}#{key}"
        self.item(medium, number, name, pointer, labels, extras=extras, frame=number, kind="frame", **told)

    def _object(self, pointer: str, medium: Medium, item: int, frame: int | None, obj: Record) -> None:
        reader = self.reader
        if obj.get("isDeleted") is True:
            reader.note("skipped-record", "info", _DELETED, None, pointer)
            return
        if "event" in obj:
            reader.note("unsupported-record", "warning", _EVENT, reader.builder.annotation_count, pointer)
        ident = text_or_none(obj.get("objectHash"))
        position = reader.label(obj.get("featureHash"), obj.get("name"), obj.get("color"), obj.get("shape"))
        label, told = reader.label_at(position), told_of(obj, self.branch)
        other = other_shape(obj)
        try:
            fields = fields_of(whole(obj if other is None else {**obj, "shape": other}, self._sides))
            shape, geometry = str(label.extras.get("encord/shape")), geometry_of(fields, label)[1]
            extras = reader.extras_of(obj, OBJECT_KEYS, object_record(label, shape, ident, told, geometry))
            if other is not None:
                extras["shape"] = obj["shape"]
                reader.note("odd-value", "warning", _OTHER, reader.builder.annotation_count, pointer)
        except OddError as problem:
            fields, extras = {}, {"#object": obj}
            reader.note("odd-value", "warning", _ODD, reader.builder.annotation_count, f"{pointer}: {problem}")
        attributes: Record = {}
        if ident is not None:
            self.define(position, ident)
            self.seen.add(ident)
            attributes = self.answers.on(ident, frame or 0, medium.extras.get("#space"))
        reader.builder.add_annotation(
            item, position, track=ident, attributes=attributes, extras=keyed(extras), **fields, **told
        )

    def _classification(self, pointer: str, medium: Medium, item: int, frame: int | None, entry: Record) -> None:
        ident = text_or_none(entry.get("classificationHash"))
        position = self.reader.label(entry.get("featureHash"), entry.get("name"), None, None)
        told = told_of(entry, self.branch)
        base = classification_record(self.reader.label_at(position), ident, told)
        extras = self.reader.extras_of(entry, CLASSIFICATION_KEYS, base)
        attributes = self.answers.static("classifications", ident) if ident is not None else {}
        if ident is not None:
            self.define(position, ident)
            self.classified.add(ident)
            medium.classified.setdefault(ident, set()).update(() if frame is None else (frame,))
        self.reader.builder.add_annotation(
            item, position, track=ident, attributes=attributes, extras=keyed(extras), **told
        )
