"""Documents that follow the platform's description to the letter, and what they mean."""

import json
from pathlib import Path
from typing import Any

CLASSES = [
    {"id": 0, "name": "Thing", "parent_id": None},
    {"id": 7, "name": 'Vehicle, "big"', "parent_id": 0},
    {"id": 3, "name": "Größe 猫", "parent_id": 7},
]

ITEMS = [
    {
        "index": 0, "name": "a.png", "num_frames": 1, "width": 640, "height": 480, "url": "https://host/a.png?sig=1",
        "num_channels": 3, "bits_per_channel": 8, "meta_data": {"weather": "rain", "score": 0.5, "night": True},
    },
    {
        "index": 2, "name": "clip.mp4", "num_frames": 90, "width": 1920, "height": 1080, "url": "https://host/clip.mp4",
        "num_channels": 3, "bits_per_channel": 8, "meta_data": {"weather": "dry"},
    },
    {
        "index": 5, "name": "dir/b.png", "num_frames": 1, "width": 30, "height": 50, "url": "", "num_channels": 1,
        "bits_per_channel": 16, "meta_data": {},
    },
    {
        "index": 6, "name": "unused.mp4", "num_frames": 2, "width": 8, "height": 8, "url": None, "num_channels": 3,
        "bits_per_channel": 8, "meta_data": {},
    },
]  # fmt: skip

ITEM_FIELDS = [
    {
        "name": "weather", "display_name": "Weather", "type": "List", "required": True, "classes": [],
        "helpText": "What the sky does", "default": "dry", "trueText": "", "min": None, "max": None,
        "options": [{"value": "dry", "display_name": "Dry"}, {"value": "rain", "display_name": "Rain"}],
    },
    {
        "name": "score", "display_name": "Score", "type": "Float", "required": False, "classes": [],
        "helpText": "", "default": "0.25", "trueText": "", "min": 0, "max": 1.5, "options": [],
    },
    {
        "name": "night", "display_name": "Night", "type": "Bool", "required": False, "classes": [],
        "helpText": "", "default": "false", "trueText": "at night", "min": None, "max": None, "options": [],
    },
]  # fmt: skip

FIELDS = [
    {
        "name": "pose", "display_name": "Pose", "type": "Select", "required": False, "classes": ["7", "3"],
        "helpText": "", "default": "", "trueText": "", "min": None, "max": None,
        "options": [{"value": "front"}, {"value": "back", "display_name": "From behind"}],
    },
    {
        "name": "count", "display_name": "Count", "type": "Int", "required": True, "classes": ["3"],
        "helpText": "How many", "default": "4", "trueText": "", "min": 0, "max": 10, "options": [],
    },
    {
        "name": "note", "display_name": "Note", "type": "String", "required": False, "classes": [],
        "helpText": "", "default": "x", "trueText": "", "min": None, "max": None, "options": [],
    },
]  # fmt: skip


def points(*pairs: tuple[float, float]) -> list[dict[str, float]]:
    """A contour as the description draws it."""
    return [{"x": x, "y": y} for x, y in pairs]


def annotation(index: int, frame: int | None, kind: str | None, **fields: Any) -> dict[str, Any]:
    """An annotation with every key that the description names."""
    made = {
        "dataset_item_index": index, "frame_index": frame, "type": kind, "class_id": 7, "instance_id": 1, "box": None,
        "poly": None, "is_open": False, "annotators": "a@b.c, d@e.f", "meta_data": {},
    }  # fmt: skip
    return {**made, **fields}


BOX = {"x": 10, "y": 20, "w": 100, "h": 50, "orientation": None}
OUTER, HOLE = points((0, 0), (20, 0), (20, 10), (0, 10)), points((5, 2), (10, 2), (10, 6))
APART = points((100, 100), (120, 100), (120, 130))

ANNOTATIONS = [
    annotation(2, 4, "Box", box={"x": 1, "y": 2, "w": 30, "h": 40, "orientation": None}, instance_id=9),
    annotation(0, 0, "Box", box=BOX, meta_data={"pose": "back", "count": 3, "note": 'a, "b"'}),
    annotation(0, 0, "Box", box={"x": 10.5, "y": 20, "w": 100, "h": 50, "orientation": 0.5}, class_id=3),
    annotation(0, 0, "Poly", poly=[OUTER], instance_id=2),
    annotation(0, 0, "Poly", poly=[HOLE, APART, OUTER], instance_id=3),
    annotation(0, 0, "Poly", poly=[points((1, 1), (2, 3), (5.25, 8))], is_open=True, instance_id=4),
    annotation(2, 5, "Box", box={"x": 2, "y": 2, "w": 30, "h": 40, "orientation": None}, instance_id=9),
    annotation(2, 0, "Poly", poly=[APART], instance_id=8),
    annotation(5, 0, None, instance_id=None, meta_data={"note": "whole image"}, annotators=""),
]

DOCUMENTS = {
    "classes.json": CLASSES,
    "annotations.json": ANNOTATIONS,
    "annotation_metadata_definitions.json": FIELDS,
    "dataset_items.json": ITEMS,
    "dataset_item_metadata_definitions.json": ITEM_FIELDS,
}


def put(folder: Path, documents: dict[str, Any], **more: Any) -> Path:
    """Write documents as JSON files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in {**documents, **more}.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def parsed(folder: Path) -> dict[str, Any]:
    """The files of a folder as values."""
    return {path.name: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}
