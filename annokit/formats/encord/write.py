"""Writing Encord label rows."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal

import attrs
import orjson

from annokit.columns.json import dumps
from annokit.errors import UsageError
from annokit.formats.encord.complete import completed
from annokit.formats.encord.facts import ITEM_KIND, STATUS
from annokit.formats.encord.maps import Maps, Place
from annokit.formats.encord.ontology import Ontology
from annokit.formats.encord.records import (
    classification_record,
    geometry_of,
    object_record,
    restored,
    row_record,
    unit_record,
)
from annokit.formats.encord.rows import ITEM, SEQUENCE, annotation_records, columns, group, hashed, uuid
from annokit.formats.encord.structure import Gathered, structure_of
from annokit.model.label import Label
from annokit.model.schema import ITEM_KINDS, STATUSES

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]


KEYS = ("as-read", "complete")


def write(
    ds: Dataset,
    output: Output,
    context: WriteContext,
    *,
    keys: Literal["complete", "as-read"] = "complete",
    ontology: str | PathLike[str] | None = None,
    indent: bool = False,
) -> None:
    """Write label rows.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what label rows hold.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    keys : {"complete", "as-read"}
        ``complete`` adds what the vendor's SDK looks for to rows that lack it: both places of classifications, both
        encodings of polygons, keys that older exports do not have. ``as-read`` leaves rows as they were read.
    ontology : path, optional
        Where to write the ontology's JSON: a file of its own; inside an archive or a folder where such is written.
    indent : bool
        Two spaces per level, for people.
    """
    writer = Writer(ds, keys)
    with output.open(f"{context.stem}.json") as file:
        file.write(b"[")
        for row in range(len(ds._sequences)):
            file.write((b"," if row else b"") + _dump(writer.row(row), indent))
            context.progress(row + 1, len(ds._sequences))
        file.write(b"]")
    if ontology is not None:
        _write_ontology(_dump(writer.structure, True), output, ontology, context)


def _write_ontology(data: bytes, output: Output, path: str | PathLike[str], context: WriteContext) -> None:
    if output.kind != "file":
        output.write(fspath(path), data)
        return
    from annokit.codecs.output import open_output

    with open_output(path, kind="file", overwrite=context.overwrite) as beside:
        beside.write("", data)


def _dump(record: Record, indent: bool) -> bytes:
    if not indent:
        return dumps(record)
    try:
        return orjson.dumps(record, option=orjson.OPT_INDENT_2)
    except TypeError:
        return dumps(record)


class Writer:
    """Makes label rows of a dataset's sequences, items and annotations."""

    def __init__(self, ds: Dataset, keys: str = "complete") -> None:
        if keys not in KEYS:
            raise UsageError(f"keys={keys!r}; expected one of {', '.join(KEYS)}")
        self._keys = keys
        self._labels = list(ds.labels)
        self._made: dict[tuple[int, Any, int], Label] = {}
        self._owner: dict[tuple[int, str], Any] = {}
        self._met: dict[Any, int] = {}
        own = structure_of(label for label in self._labels if "encord/shape" in label.extras)
        self._gathered = Gathered(own)
        self._ontology = Ontology(structure_of(ds.labels))
        self._annotations = annotation_records(ds)
        self._items = _items(ds)
        self._sequences = _sequences(ds)
        self._of_item: list[list[int]] = [[] for _ in self._items]
        for row, told in enumerate(self._annotations):
            self._of_item[told["item"]].append(row)
        self._of_sequence: list[list[int]] = [[] for _ in self._sequences]
        for row, item in enumerate(self._items):
            self._of_sequence[item["sequence"]].append(row)

    @property
    def structure(self) -> Record:
        """The ontology of the rows that were made."""
        return self._gathered.complete() if self._keys == "complete" else self._gathered.structure

    def row(self, row: int) -> Record:
        """Return one label row."""
        made = self._row(row)
        if self._keys == "complete":
            made = completed(made)
        self._gathered.add(made)
        return made

    def _row(self, row: int) -> Record:
        told, items = self._sequences[row], self._of_sequence[row]
        extras = dict(told["extras"])
        kind = ITEM_KIND.get(told["task"].lower(), "image")
        maps = Maps(extras, self._ontology, kind)
        if STATUS.get(str(extras.get("label_status"))) != told.get("status"):
            extras.pop("label_status", None)
        spaces = extras.get("spaces")
        if isinstance(spaces, dict):
            items, extras["spaces"] = self._spaces(items, spaces, maps)
        units = self._frames(told, extras, items, maps) if "#unit" in extras or kind == "frame" else None
        if units is None:
            units = self._units(told, items, maps)
        own = [unit.get("data_hash") for unit in units.values()]
        base = row_record({**told, "id": told.get("id") or uuid("row", row, told.get("name"))})
        base["dataset_hash"] = uuid("dataset", told.get("dataset"))
        base["data_hash"] = own[0] if len(own) == 1 and own[0] else uuid("data", row, told.get("name"))
        record = restored({**base, **maps.made()}, {k: v for k, v in extras.items() if k not in maps.NAMES})
        return {**record, "data_units": units}

    def _spaces(self, items: list[int], spaces: Record, maps: Maps) -> tuple[list[int], Record]:
        """Return the items that belong to no space of a data group, and the spaces with the labels of the others."""
        found = {key: {**space, "labels": dict(space["labels"])} for key, space in spaces.items() if _is_space(space)}
        rest = []
        for item in items:
            stated, extras = self._items[item], self._items[item]["extras"]
            space = extras.get("#space")
            if space not in found:
                rest.append(item)
                continue
            place = stated["frame"] if stated.get("frame") is not None else 0
            labels = self._lists(item, place, maps, space)
            if stated["kind"] != "video" and ("#absent" not in extras or any(labels.values())):
                frame = {k: v for k, v in extras.items() if not k.startswith("#")}
                found[space]["labels"][str(place)] = {**labels, **frame}
        return rest, {**spaces, **found}

    def _frames(self, told: Record, extras: Record, items: list[int], maps: Maps) -> Record:
        """Return the unit of a row whose labels are keyed by frame."""
        base = unit_record(
            {**told, "name": told.get("name") or "", "id": uuid("unit", told.get("id"), told.get("name")),
             "data_fps": told.get("fps")}, told["task"], {}
        )  # fmt: skip
        units = [dict(unit) for unit in extras.get("#unit") or [base]]
        for unit in units:
            if "#absent" not in unit:
                unit.setdefault("labels", {})
        for item in items:
            stated = self._items[item]
            place = stated["frame"] if stated.get("frame") is not None else 0
            labels = self._lists(item, place, maps)
            if stated["kind"] == "video":
                continue
            own = stated["extras"]
            frame = {k: v for k, v in own.items() if not k.startswith("#")}
            key = own.get("#frame", str(place))
            units[own.get("#unit", 0)].setdefault("labels", {})[key] = {**labels, **frame}
        found = {}
        for place, unit in enumerate(units):
            unit.pop("#absent", None)
            found[unit.pop("#key", None) or unit.get("data_hash") or str(place)] = unit
        return found

    def _units(self, told: Record, items: list[int], maps: Maps) -> Record:
        """Return a unit per item."""
        found: Record = {}
        for place, item in enumerate(items):
            stated, extras = self._items[item], self._items[item]["extras"]
            frame = stated.get("frame")
            labels = self._lists(item, place if frame is None and told["task"] == "img_group" else frame or 0, maps)
            if told["task"] == "img_group" and frame is None and "#absent" not in extras:
                stated = {**stated, "frame": place}
            base = unit_record(stated, told["task"], labels)
            if base["data_hash"] is None:
                base["data_hash"] = uuid("unit", told.get("name"), stated["name"], place)
            base["data_hash"] = str(base["data_hash"])
            record = restored(base, extras)
            key = extras.get("#key") or record.get("data_hash") or str(place)
            while key in found:
                key = uuid(key)
            found[key] = record
        return found

    def _lists(self, item: int, place: int, maps: Maps, space: str | None = None) -> Record:
        """Return the lists of an item, and tell `maps` what its annotations answer."""
        objects: list[Record] = []
        classifications: list[Record] = []
        for row in self._of_item[item]:
            told = self._annotations[row]
            label, shape, track = self._named(row, told)
            if "#object" in told["extras"]:
                objects.append(told["extras"]["#object"])
                maps.object(track, Place(place, told, label, space))
            elif shape is not None:
                geometry = geometry_of(told["geometry"], label)[1]
                base = object_record(label, shape, track, told, geometry)
                objects.append(restored(base, told["extras"]))
                maps.object(track, Place(place, told, label, space))
            elif "#ranged" in told["extras"] or self._items[item]["kind"] in ("video", "audio", "text"):
                maps.ranged(track, Place(place, told, label, space))
            else:
                classifications.append(restored(classification_record(label, track, told), told["extras"]))
                maps.classification(track, Place(place, told, label, space))
        return _listed(objects, classifications, self._items[item]["extras"])

    def _named(self, row: int, told: Record) -> tuple[Label, str | None, Any]:
        """Return the label, Encord's name of the shape and the hash of an annotation."""
        shape = geometry_of(told["geometry"], NO_LABEL)[0] if "geometry" in told else None
        label = self._labels[told["label"]]
        known = label.extras.get("encord/shape", shape or "") if "encord/shape" in label.extras else ""
        extras = told["extras"]
        if known != shape and not {"shape", "#object", "#ranged"} & extras.keys():
            label = self._label(told["label"], shape)
        track = told.get("track")
        if not isinstance(track, str) and "objectHash" not in extras.get("#absent", ()):
            place = row if track is None else self._items[told["item"]]["sequence"]
            track = hashed("track", track, place)
        if "encord/shape" not in self._labels[told["label"]].extras:
            label, track = self._apart(told, label, shape, track)
        return label, known if known and "shape" in extras else shape, track

    def _apart(self, told: Record, label: Label, shape: str | None, track: Any) -> tuple[Label, Any]:
        """Return label and hash of what is not Encord's own: an object has one label, and is on a frame but once.

        A classification is on a frame but once, too.
        """
        item, sequence = told["item"], self._items[told["item"]]["sequence"]
        if shape is None:
            again = self._twice(item, label.source_id, None)
            return (self._label(told["label"], None, again) if again else label), track
        if self._owner.setdefault((sequence, track), label.source_id) != label.source_id:
            track = hashed("track", track, label.source_id)
        again = self._twice(item, None, track)
        return label, hashed("track", track, again) if again else track

    def _twice(self, *key: Any) -> int:
        """Return how often something was met before."""
        self._met[key] = self._met.get(key, -1) + 1
        return self._met[key]

    def _label(self, position: int, shape: str | None, again: int = 0) -> Label:
        """Return a label as Encord has it: reserved for one shape, known by a hash."""
        key = position, shape, again
        if key not in self._made:
            label = self._labels[position]
            ident = hashed("label", label.path, label.source_id, shape, *([again] if again else []))
            extras = {"encord/shape": shape}
            self._made[key] = attrs.evolve(label, source_id=ident, extras=extras)
        return self._made[key]


NO_LABEL = Label("")


def _listed(objects: list[Record], classifications: list[Record], extras: Record) -> Record:
    for place, entry in extras.get("#deleted", ()):
        objects.insert(place, entry)
    found: Record = {}
    for name, entries in (("objects", objects), ("classifications", classifications)):
        if entries or (name not in extras.get("#without", ()) and "#" + name not in extras):
            found[name] = entries
        elif "#" + name in extras:
            found[name] = extras["#" + name]
    return found


def _is_space(space: Any) -> bool:
    return isinstance(space, dict) and isinstance(space.get("labels"), dict)


def _items(ds: Dataset) -> list[Record]:
    table = ds._items
    found = columns(table, ITEM)
    rows = zip(found, group(table, "extras/encord"), table.array("sequence").tolist(), strict=True)
    for place, (record, extras, sequence) in enumerate(rows):
        width, height = (int(side) for side in table.array("size")[place])
        record.update(extras=extras, sequence=sequence, kind=ITEM_KINDS[table.array("kind")[place]])
        record.update(width=width if width > 0 else None, height=height if height > 0 else None)
    return found


def _sequences(ds: Dataset) -> list[Record]:
    table = ds._sequences
    found = columns(table, SEQUENCE)
    for place, (record, extras) in enumerate(zip(found, group(table, "extras/encord"), strict=True)):
        width, height = (int(side) for side in table.array("size")[place])
        record.update(extras=extras, status=STATUSES[table.array("status")[place]])
        record.update(width=width if width > 0 else None, height=height if height > 0 else None)
        record.setdefault("task", str(extras.get("data_type", "image")))
    return found
