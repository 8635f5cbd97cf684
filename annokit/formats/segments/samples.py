"""Samples of a release: an item each, or a sequence and an item per frame, and the annotations of its labels."""

from __future__ import annotations

from typing import Any, TypeGuard

import attrs

from annokit.formats.segments.batch import IN_BITMAP, IN_OTHER_BITMAP, IN_SEQUENCE, Batch, Notes
from annokit.formats.segments.facts import ABSENT, MAIN_FORMAT_VERSION, MEDIA, PREFIX, STATUS_OF_WORD, marked
from annokit.formats.segments.values import is_id, is_number
from annokit.model.rows import ITEM_DEFAULTS, ITEM_MAKERS, SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.model.schema import ITEM_KINDS, STATUSES, UNITS

Record = dict[str, Any]

NOTHING: Any = object()
"""What a key that is not there has for a value."""

PIXEL = UNITS.index("pixel")
SAMPLE_KEYS = frozenset(("uuid", "name", "attributes", "metadata", "labels"))
UNLABELLED = STATUSES.index("unlabelled")


@attrs.define
class Rest:
    """What of a record has no column, by key, with the list of keys that are absent."""

    fields: Record = attrs.field(factory=dict)
    absent: list[str] = attrs.field(factory=list)

    def columns(self) -> Record:
        """Return the fields as columns of extras."""
        if self.absent:
            self.fields[ABSENT] = self.absent
        return {f"extras/{PREFIX}{key}": NULL if value is None else value for key, value in self.fields.items()}


NULL = b"null"


class Samples:
    """Gathers samples.

    Parameters
    ----------
    layers : list of str
        Layers that are read, the main one first.
    growing : bool
        Whether every further layer that a sample has is read too; it is added to `layers`.
    notes : Notes
        Gets what there is to tell.
    """

    def __init__(self, layers: list[str], growing: bool, notes: Notes) -> None:
        self.items = Rows(ITEM_MAKERS, ITEM_DEFAULTS)
        self.sequences = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
        self.batch = Batch()
        self.left: int = 0
        self._layers = layers
        self._growing = growing
        self._name = ""
        self._notes = notes

    def add(self, record: Record) -> None:
        """Add a sample."""
        rest = Rest()
        name, ident = self._names(record, rest)
        self._name = name
        labels = labels_of(record.get("labels"))
        if self._growing:
            self._layers += [layer for layer in labels if layer not in self._layers]
        self.left += sum(bool(label) for layer, label in labels.items() if layer not in self._layers)
        status = self._label(labels, record, rest)
        fields = {"id": ident, "status": status, **self._metadata(record, rest)}
        attributes = record.get("attributes", NOTHING)
        unknown = {key: value for key, value in record.items() if key not in SAMPLE_KEYS}
        self._notes.keys("sample", unknown)
        rest.fields.update({marked(key): value for key, value in unknown.items()})
        frames = attributes.get("frames") if isinstance(attributes, dict) else None
        if isinstance(frames, list):
            self._sequence(name, fields, attributes, labels, rest)
        else:
            self._alone(name, fields, attributes, labels, rest)

    def _names(self, record: Record, rest: Rest) -> tuple[str, Any]:
        ident, name = record.get("uuid"), record.get("name")
        if "uuid" in record and not is_id(ident):
            rest.fields["uuid"], ident = ident, None
        if type(name) is not str:
            if "name" in record:
                rest.fields["name"] = name
            else:
                rest.absent.append("name")
            name = "" if ident is None else str(ident)
        return name, ident

    def _metadata(self, record: Record, rest: Rest) -> Record:
        """Return the split, taken out of the metadata; the others are kept."""
        metadata = record.get("metadata", NOTHING)
        if metadata is NOTHING:
            rest.absent.append("metadata")
            return {}
        if not isinstance(metadata, dict):
            rest.fields["metadata"] = metadata
            return {}
        split = metadata.get("split")
        others = {key: value for key, value in metadata.items() if key != "split" or type(split) is not str}
        if others:
            rest.fields["metadata"] = others
        return {"split": split} if type(split) is str else {}

    def _label(self, labels: dict[str, Any], record: Record, rest: Rest) -> int:
        """Take in what the main layer's label says of its sample, and return the status."""
        self._layers_told(labels, record.get("labels", NOTHING), rest)
        label = labels.get(self._layers[0], NOTHING)
        if label is None or label is NOTHING:
            return UNLABELLED
        if not isinstance(label, dict):
            rest.fields["label"] = label
            return 0
        own = {key: value for key, value in label.items() if key not in ("label_status", "attributes")}
        self._notes.keys("label", own)
        if own:
            rest.fields["label"] = own
        if "label_status" not in label:
            rest.absent.append("label_status")
            return 0
        word = rest.fields["label_status"] = label["label_status"]
        status = STATUS_OF_WORD.get(word.upper()) if type(word) is str else None
        if status is None:
            self._notes.odd.append((self._name, None, f"label_status {word!r:.40}"))
        return STATUSES.index(status)

    def _layers_told(self, labels: dict[str, Any], stated: Any, rest: Rest) -> None:
        """Keep how the labels of a sample are stated, and those of further layers but for their annotations."""
        if stated is NOTHING:
            rest.absent.append("labels")
        elif not isinstance(stated, dict):
            rest.fields["#labels"] = list(labels) if labels else stated
        if self._layers[0] not in labels and (isinstance(stated, dict) or labels):
            rest.absent.append("label")
        others = {layer: without_annotations(labels[layer]) for layer in self._layers[1:] if layer in labels}
        if others:
            rest.fields["labels"] = others

    def _alone(self, name: str, fields: Record, attributes: Any, labels: dict[str, Any], rest: Rest) -> None:
        kind, uri = self._media(attributes, rest)
        label = labels.get(self._layers[0])
        told = label.get("attributes", NOTHING) if isinstance(label, dict) else NOTHING
        row = self.items.length
        own: Record = {}
        if isinstance(told, dict):
            left: Record = {} if "format_version" in told else {ABSENT: ["format_version"]}
            if told.get("format_version") == MAIN_FORMAT_VERSION:
                told = {key: value for key, value in told.items() if key != "format_version"}
            own = self._told(told, rest, row, 0, left)
        elif isinstance(label, dict):
            if told is NOTHING:
                rest.absent.append("label_attributes")
            else:
                rest.fields["label_attributes"] = told
        for layer in self._further(labels):
            self._other(labels[layer], self._layers.index(layer), row)
        self.items.append(
            {
                "name": name,
                "kind": ITEM_KINDS.index(kind),
                "unit": PIXEL,
                "uri": uri,
                **fields,
                **own,
                **rest.columns(),
            }
        )

    def _media(self, attributes: Any, rest: Rest) -> tuple[str, str | None]:
        """Return the kind of an item and its URL; what else the attributes say is kept."""
        if attributes is NOTHING:
            rest.absent.append("attributes")
            return "image", None
        kind, uri, others, whole = media_of(attributes)
        if others is not NOTHING:
            rest.fields["attributes"] = others
        if whole and kind != "text":
            rest.absent.append("url")
        if kind == "text" or (isinstance(attributes, dict) and "sensors" in attributes):
            self._notes.whole["texts" if kind == "text" else "samples of several sensors"] += 1
        return kind, uri

    def _told(self, told: Record, rest: Rest, row: int, where: int, left: Record) -> Record:
        """Take in the attributes of a label or of one of its frames, and return fields of the item."""
        fields: Record = {}
        left = {**left}
        bitmap = told.get("segmentation_bitmap")
        stated = bitmap.get("url") if isinstance(bitmap, dict) else None
        if type(stated) is str and stated and isinstance(bitmap, dict):
            signed = bitmap.get("signed_url")
            fields["bitmap"] = {"name": stated, **({"url": signed} if type(signed) is str else {})}
            where |= IN_BITMAP
            others = {key: value for key, value in bitmap.items() if key not in ("url", "signed_url")}
            others |= {"signed_url": signed} if "signed_url" in bitmap and type(signed) is not str else {}
            if others:
                left["segmentation_bitmap"] = others
        elif "segmentation_bitmap" in told:
            left["segmentation_bitmap"] = bitmap
        answers = told.get("image_attributes")
        if isinstance(answers, dict) and answers:
            fields |= {f"attributes/{key}": NULL if value is None else value for key, value in answers.items()}
        elif "image_attributes" in told:
            left["image_attributes"] = answers
        annotations = told.get("annotations", NOTHING)
        if are_records(annotations):
            self._annotations(annotations, row, where, 0)
        elif annotations is NOTHING:
            left.setdefault("#absent", []).append("annotations")
        else:
            left["annotations"] = annotations
            self._notes.odd.append((self._name, None, f"annotations {annotations!r:.60}"))
        others = {key: value for key, value in told.items() if key not in TOLD_KEYS}
        self._notes.keys("label attributes", others)
        if "point_annotations" in others:
            self._notes.whole["labels of points"] += 1
        left |= {marked(key): value for key, value in others.items()}
        if left:
            rest.fields["label_attributes"] = left
        return fields

    def _annotations(self, annotations: list[Record], row: int, where: int, layer: int) -> None:
        count = len(annotations)
        self.batch.records += annotations
        self.batch.item += [row] * count
        self.batch.place += [where] * count
        self.batch.layer += [layer] * count

    def _further(self, labels: dict[str, Any]) -> list[str]:
        """Return the layers that are read but for the main one, in the order in which a sample states them."""
        if len(self._layers) == 1:
            return []
        return [layer for layer in labels if layer != self._layers[0] and layer in self._layers]

    def _other(self, label: Any, layer: int, row: int, frame: int | None = None) -> None:
        """Take in the annotations of a further layer, whose other keys the item or sequence keeps."""
        told = label.get("attributes") if isinstance(label, dict) else None
        where = 0
        if frame is not None:
            frames = told.get("frames") if isinstance(told, dict) else None
            told = frames[frame] if isinstance(frames, list) and frame < len(frames) else None
            where = IN_SEQUENCE
        annotations = told.get("annotations") if isinstance(told, dict) else None
        if isinstance(told, dict) and are_records(annotations):
            where |= IN_OTHER_BITMAP if has_bitmap(told) else 0
            self._annotations(annotations, row, where, layer)

    def _sequence(self, name: str, fields: Record, attributes: Record, labels: dict[str, Any], rest: Rest) -> None:
        frames = attributes["frames"]
        others = {key: value for key, value in attributes.items() if key != "frames"}
        if others:
            rest.fields["attributes"] = others
        label = labels.get(self._layers[0])
        told, label_frames = self._label_frames(label, rest)
        most = max(len(frames), *(_frames_in(labels.get(layer)) for layer in self._layers))
        if len(frames) != most:
            rest.fields["#frames"] = len(frames)
        if told and len(label_frames) != most:
            rest.fields["#label_frames"] = len(label_frames)
        row = self.sequences.length
        split = fields.pop("split", None)
        self.sequences.append({"name": name, **fields, "split": split, **rest.columns()})
        for number in range(most):
            frame = frames[number] if number < len(frames) else NOTHING
            own = label_frames[number] if number < len(label_frames) else NOTHING
            shared = {"sequence": row, "status": fields["status"], "split": split, "frame": number}
            self._frame(f"{name}#{number}", shared, frame, own, labels)

    def _label_frames(self, label: Any, rest: Rest) -> tuple[bool, list[Any]]:
        """Return whether a label has frames, and the frames; what else it says is kept."""
        if not isinstance(label, dict):
            return False, []
        told = label.get("attributes", NOTHING)
        if not isinstance(told, dict) or not isinstance(told.get("frames"), list):
            if told is NOTHING:
                rest.absent.append("label_attributes")
            else:
                rest.absent.append("frames")
                rest.fields["label_attributes"] = told
                if told is not None:
                    self._notes.odd.append((self._name, None, f"no frames in the label: {told!r:.60}"))
            return False, []
        others = {key: value for key, value in told.items() if key != "frames"}
        self._notes.keys("label attributes", others)
        if others:
            rest.fields["label_attributes"] = {marked(key): value for key, value in others.items()}
        return True, told["frames"]

    def _frame(self, fallback: str, shared: Record, frame: Any, told: Any, labels: dict[str, Any]) -> None:
        rest = Rest()
        row = self.items.length
        fields: Record = {}
        name: Any = None
        if frame is not NOTHING:
            frame, name, fields = _named_frame(frame, fallback)
        kind, uri = self._media(frame, rest)
        if frame is NOTHING:
            rest.absent.remove("attributes")
        if isinstance(told, dict):
            fields |= self._told(told, rest, row, IN_SEQUENCE, {})
        elif told is not NOTHING:
            rest.fields["label_attributes"] = told
        for layer in self._further(labels):
            self._other(labels[layer], self._layers.index(layer), row, shared["frame"])
        kind = "frame" if kind == "image" else kind
        self.items.append(
            {
                "name": fallback if name is None else name,
                "kind": ITEM_KINDS.index(kind),
                "unit": PIXEL,
                "uri": uri,
                **shared,
                **fields,
                **rest.columns(),
            }
        )


TOLD_KEYS = frozenset(("annotations", "segmentation_bitmap", "image_attributes"))


def media_of(attributes: Any) -> tuple[str, str | None, Any, bool]:
    """Return kind and URL of a sample or frame, what else its attributes say, and whether that is all they say.

    That is all where the attributes have no place for a URL, or state an odd one; what else is NOTHING for nothing.
    """
    if not isinstance(attributes, dict):
        return "image", None, attributes, True
    key = next((key for key in MEDIA if key in attributes), None)
    if key is None:
        kind = "text" if "text" in attributes else "pointcloud" if "sensors" in attributes else "image"
        return kind, None, attributes, True
    kind, media = MEDIA[key], attributes[key]
    if not isinstance(media, dict) or "url" not in media or type(media["url"]) not in (str, type(None)):
        return kind, None, attributes, True
    own = {name: value for name, value in media.items() if name != "url"}
    others = {name: value for name, value in attributes.items() if name != key}
    if own:
        others[key] = own
    return kind, media["url"], others or NOTHING, False


def _named_frame(frame: Any, fallback: str) -> tuple[Any, str | None, Record]:
    """Return a frame without name and time stamp, its name, and the time stamp as a field."""
    if not isinstance(frame, dict):
        return frame, None, {}
    left = dict(frame)
    fields: Record = {}
    name, stamp = frame.get("name"), frame.get("timestamp")
    if type(name) is str and name != fallback:
        del left["name"]
    if is_id(stamp) or is_number(stamp):
        fields["timestamp"] = left.pop("timestamp")
    return left, name if type(name) is str else None, fields


def labels_of(stated: Any) -> dict[str, Any]:
    """Return the labels of a sample by layer, whether they are stated as an object or as a list."""
    if isinstance(stated, dict):
        return stated
    if not isinstance(stated, list):
        return {}
    found = {layer: one for one in stated if (layer := layer_of(one)) is not None}
    return found if len(found) == len(stated) else {}


def layer_of(label: Any) -> str | None:
    """Return the layer that a label in a list names."""
    if not isinstance(label, dict):
        return None
    return next((label[key] for key in ("labelset", "task", "task_name", "name") if type(label.get(key)) is str), None)


def has_bitmap(told: Record) -> bool:
    """Tell whether the attributes of a label, or of a frame of it, name a bitmap."""
    bitmap = told.get("segmentation_bitmap")
    url = bitmap.get("url") if isinstance(bitmap, dict) else None
    return type(url) is str and bool(url)


def are_records(annotations: Any) -> TypeGuard[list[Record]]:
    """Tell whether a value is a list of objects."""
    return type(annotations) is list and set(map(type, annotations)) <= {dict}


def _frames_in(label: Any) -> int:
    told = label.get("attributes") if isinstance(label, dict) else None
    frames = told.get("frames") if isinstance(told, dict) else None
    return len(frames) if isinstance(frames, list) else 0


def without_annotations(label: Any) -> Any:
    """Return a label without its annotations, which are read; those that are odd stay."""
    told = label.get("attributes") if isinstance(label, dict) else None
    if not isinstance(told, dict):
        return label
    changed = dict(told)
    if are_records(told.get("annotations")):
        changed["annotations"] = []
    if isinstance(told.get("frames"), list):
        changed["frames"] = [
            {**frame, "annotations": []} if isinstance(frame, dict) and are_records(frame.get("annotations")) else frame
            for frame in told["frames"]
        ]
    return {**label, "attributes": changed}
