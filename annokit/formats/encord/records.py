"""The records that the model makes of its columns, and what a source's own record says beyond them.

The reader keeps what differs, the writer adds it again; so a record comes back as it was, and one that was never
Encord's has every key that Encord writes.
"""

from __future__ import annotations

import re
from typing import Any

from annokit.columns.json import same
from annokit.formats.encord.colors import hex_of
from annokit.formats.encord.facts import GEOMETRY_KEY, MAIN
from annokit.model.label import Label

Record = dict[str, Any]

SHAPE_OF_KIND = {
    "box": "bounding_box",
    "rotated_box": "rotatable_bounding_box",
    "polygon": "polygon",
    "polyline": "polyline",
    "point": "point",
    "keypoints": "skeleton",
    "mask": "bitmask",
}
"""Encord's name of a kind of shape; ellipses and cuboids have two each."""

WORDS = ("invisible", "occluded", "visible")
"""Encord's visibility by COCO's number."""

MARK = {key: f"#{key}" for key in ("polygon", "polyline", "point")}
"""Extras that say that points are given as a list, not keyed by number."""

LABEL_STATUS = {
    None: "NOT_LABELLED",
    "unlabelled": "NOT_LABELLED",
    "in_progress": "LABEL_IN_PROGRESS",
    "labelled": "LABELLED",
    "reviewed": "REVIEWED",
    "rejected": "LABEL_IN_PROGRESS",
    "skipped": "NOT_LABELLED",
}
"""``label_status`` by our state of the work."""

MIME = {"video": "video/mp4", "dicom": "application/dicom", "nifti": "application/nifti1", "audio": "audio/mpeg",
        "plain_text": "text/plain", "pdf": "application/pdf", "group": "group", "scene": "scene"}  # fmt: skip
"""A unit's MIME type by the row's type; pictures have theirs by their ending."""


def beyond(actual: Record, base: Record) -> Record:
    """Return the extras by which `actual` comes out of `base` again."""
    extras = {key: value for key, value in actual.items() if key not in base or not same(base[key], value)}
    for key, mark in MARK.items():
        if isinstance(extras.get(key), list) and same(extras[key], list(base.get(key, {}).values())):
            del extras[key]
            extras[mark] = "list"
    absent = [key for key in base if key not in actual]
    return {**extras, "#absent": absent} if absent else extras


def restored(base: Record, extras: Record) -> Record:
    """Return the record of which `extras` told what differs from `base`."""
    absent = extras.get("#absent", ())
    record = {key: value for key, value in base.items() if key not in absent}
    for key, mark in MARK.items():
        if mark in extras and isinstance(record.get(key), dict):
            record[key] = list(record[key].values())
    record.update((key, value) for key, value in extras.items() if not key.startswith("#"))
    return record


def snake(name: str) -> str:
    """Return the ``value`` that Encord makes of a name."""
    return name.lower().replace(" ", "_")


def object_record(label: Label, shape: str, track: Any, told: Record, geometry: Record) -> Record:
    """Return an object's entry as far as the model states it."""
    return {
        "objectHash": track,
        **_labelled(label),
        "shape": shape,
        "color": label.extras.get("encord/color") or hex_of(label.color) or "#000000",
        **_provenance(told),
        **geometry,
    }


def classification_record(label: Label, track: Any, told: Record) -> Record:
    """Return a classification's entry on a frame as far as the model states it."""
    return {"classificationHash": track, **_labelled(label), **_provenance(told)}


def _labelled(label: Label) -> Record:
    return {"featureHash": label.source_id, "name": label.name, "value": snake(label.name)}


def _provenance(told: Record) -> Record:
    keys = (("createdAt", "created"), ("createdBy", "author"), ("lastEditedAt", "updated"))
    stated = {key: told[name] for key, name in keys if told.get(name) is not None}
    score, manual = told.get("score"), told.get("keyframe")
    return {
        "confidence": 1 if score is None else score,
        "manualAnnotation": True if manual is None else manual,
        **stated,
    }


def geometry_of(fields: Record, label: Label) -> tuple[str, Record]:
    """Return Encord's name of a shape, and its geometry keys.

    Parameters
    ----------
    fields : dict
        Raw geometry in fractions, boxes as xywh, as :func:`annokit.formats.encord.geometry.fields_of` returns it.
    label : Label
        Names the joints.
    """
    kind = fields["kind"]
    if kind == "ellipse":
        shape = "circle" if fields["ellipse"][1] == "circle" else "ellipse"
    elif kind == "cuboid":
        shape = "cuboid_2d" if "corners" in fields["cuboid"] else "cuboid"
    else:
        shape = SHAPE_OF_KIND[kind]
    return shape, _GEOMETRY[kind](fields, label, GEOMETRY_KEY[shape])


def _box(fields: Record, label: Label, key: str) -> Record:
    return {key: dict(zip("xywh", fields["box"], strict=True))}


def _rotated(fields: Record, label: Label, key: str) -> Record:
    numbers, angle, _ = fields["rotated"]
    return {key: {**dict(zip("xywh", numbers[:4], strict=True)), "theta": angle}}


def _keyed_points(points: Any) -> Record:
    return {str(place): {"x": x, "y": y} for place, (x, y) in enumerate(points)}


def _polygon(fields: Record, label: Label, key: str) -> Record:
    parts = [[[v for point in ring for v in point] for ring in part] for part in fields["points"]]
    return {key: _keyed_points(fields["points"][0][0]) if parts else {}, "polygons": parts}


def _points(fields: Record, label: Label, key: str) -> Record:
    return {key: _keyed_points(fields["points"][0][0])}


def _skeleton(fields: Record, label: Label, key: str) -> Record:
    names = label.skeleton.joints if label.skeleton else ()
    found = {}
    for place, (x, y, seen) in enumerate(fields["keypoints"]):
        name = names[place] if place < len(names) else str(place)
        own = {"name": name, "value": snake(name), "color": "#000000", "featureHash": f"{place:08x}"}
        found[str(place)] = {"x": x, "y": y, **own, "visibility": WORDS[min(max(int(seen), 0), 2)]}
    return {key: found}


def _bitmask(fields: Record, label: Label, key: str) -> Record:
    from annokit.geometry import rle, runs

    (height, width), _, data = fields["mask"]
    counts = runs.by_rows(rle.loads(data, (height, width)), (height, width))
    text = rle.dumps(counts).decode("ascii")
    return {key: {"top": 0, "left": 0, "height": height, "width": width, "rleString": text}}


def _ellipse(fields: Record, label: Label, key: str) -> Record:
    names = ("x", "y", "r", "stretch", "theta") if key == "circle" else ("x", "y", "rx", "ry", "theta")
    numbers = zip(names, fields["ellipse"][0], strict=True)
    return {key: {name: value for name, value in numbers if value is not None and value == value}}  # noqa: PLR0124


def _cuboid(fields: Record, label: Label, key: str) -> Record:
    """Return a cuboid in space; the two spellings of a flat one are kept verbatim by the reader."""
    own = fields["cuboid"]
    if key == "cuboid_2d":
        return {}
    return {key: {"position": own.get("center"), "orientation": own.get("rotation"), "size": own.get("size")}}


_GEOMETRY = {
    "box": _box,
    "rotated_box": _rotated,
    "polygon": _polygon,
    "polyline": _points,
    "point": _points,
    "keypoints": _skeleton,
    "mask": _bitmask,
    "ellipse": _ellipse,
    "cuboid": _cuboid,
}


def unit_record(item: Record, kind: str, labels: Any) -> Record:
    """Return a data unit as far as the model states it, of an item's or a sequence's fields."""
    ending = re.sub(r".*\.", "", item["name"]).lower()
    place = item.get("frame") or 0
    size = {key: item[key] for key in ("width", "height", "data_fps") if item.get(key) is not None}
    return {
        "data_hash": item.get("id"),
        "data_title": item["name"],
        "data_link": item.get("uri") or "",
        "data_type": MIME.get(kind) or f"image/{ending if ending in ('png', 'webp', 'gif', 'bmp', 'tiff') else 'jpeg'}",
        "data_sequence": str(place) if kind == "img_group" else place,
        **size,
        "labels": labels,
    }


def row_record(sequence: Record) -> Record:
    """Return a label row, its data units apart, as far as the model states it."""
    return {
        "label_hash": sequence.get("id"),
        "data_title": sequence.get("name") or "",
        "dataset_title": sequence.get("dataset") or "",
        "data_type": sequence["task"],
        "label_status": LABEL_STATUS[sequence.get("status")],
        "branch_name": MAIN,
        "created_at": None,
        "last_edited_at": None,
        "annotation_task_status": None,
        "is_shadow_data": False,
        "spaces": {},
    }
