"""The spaces of a data group: pictures and videos of their own, whose labels stand beside the data units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.formats.encord.media import Medium
from annokit.formats.encord.plain import frame_order, size

if TYPE_CHECKING:
    from annokit.formats.encord.row import Row

Record = dict[str, Any]

ROOT = "root"
"""Space of the group itself: what states no space belongs to it."""

KIND = {
    "image": "image",
    "video": "frame",
    "image_sequence": "frame",
    "medical_file": "frame",
    "medical_stack": "frame",
    "pdf": "frame",
}
"""Kind of items of the spaces that are read; the labels of others are kept as they are."""

_KEPT = "labels of this kind of space are kept as they are and not read"


def add_spaces(row: Row, pointer: str) -> None:
    """Add the items and annotations of a row's spaces."""
    spaces = row.record.get("spaces")
    for key, space in spaces.items() if isinstance(spaces, dict) else ():
        if _is_read(space):
            row.spaces[key] = medium = _medium(row, key, space)
            _add(row, f"{pointer}/{key}/labels", medium, space)
        elif isinstance(space, dict) and space.get("labels"):
            row.reader.note("unsupported-record", "warning", _KEPT, None, f"{pointer}/{key}")


def _is_read(space: Any) -> bool:
    """Tell whether a space holds labels by frame, of a picture only one."""
    if not isinstance(space, dict) or space.get("space_type") not in KIND or not isinstance(space.get("labels"), dict):
        return False
    keys = space["labels"].keys()
    single = space["space_type"] == "image"
    return keys <= {"0"} if single else all(key.isdecimal() and str(int(key)) == key for key in keys)


def _medium(row: Row, key: str, space: Record) -> Medium:
    told = (space.get(name) for name in ("child_info", "root_info"))
    info: Record = next((value for value in told if isinstance(value, dict)), {})
    most = space.get("number_of_frames", space.get("number_of_pages"))
    return Medium(
        KIND[space["space_type"]],
        str(info.get("file_name", key)),
        key,
        row.sequence,
        (size(space.get("width")), size(space.get("height"))),
        most if type(most) is int else None,
        {"#space": key},
    )


def _add(row: Row, pointer: str, medium: Medium, space: Record) -> None:
    labels = space["labels"]
    if medium.kind == "image":
        absent = {} if labels else {"#absent": ["labels"]}
        told = {"id": medium.id, "kind": "image", "width": medium.size[0], "height": medium.size[1]}
        row.item(medium, 0, medium.name, f"{pointer}/0", labels.get("0", ...), extras=absent, **told)
        return
    for key in sorted(labels, key=frame_order):
        sides = _sides(space, int(key)) or medium.size
        row.frame(medium, f"{pointer}/{key}", key, labels[key], sides)


def _sides(space: Record, frame: int) -> tuple[Any, Any] | None:
    """Return the size of a slice of a stack, where it states one."""
    frames = space.get("frames")
    own = frames[frame] if isinstance(frames, list) and frame < len(frames) else None
    return (size(own.get("width")), size(own.get("height"))) if isinstance(own, dict) else None


def without_labels(spaces: Record, read: Record) -> Record:
    """Return the spaces less the labels that were read."""
    return {key: {**space, "labels": {}} if key in read else space for key, space in spaces.items()}
