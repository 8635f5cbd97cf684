"""What the records of an export say, as the writer states them: the one place where their keys and order stand."""

from __future__ import annotations

from typing import Any

from annokit.formats.innotescus.facts import SIDES, Record


def class_record(ident: Any, name: str, parent: Any) -> Record:
    """Return a class."""
    return {"id": ident, "name": name, "parent_id": parent}


def item_record(index: Any, name: str, frames: Any, size: tuple[Any, Any], url: Any, values: Any) -> Record:
    """Return an image or a video."""
    return {
        "index": index,
        "name": name,
        "num_frames": frames,
        "width": size[0],
        "height": size[1],
        "url": url,
        "num_channels": None,
        "bits_per_channel": None,
        "meta_data": values,
    }


def annotation_record(
    place: tuple[Any, Any], label: Any, instance: Any, drawn: Record, rest: tuple[Any, Any]
) -> Record:
    """Return an annotation.

    Parameters
    ----------
    place : (index, frame)
        Of the item.
    label, instance : int or None
        The ids.
    drawn : dict
        ``type``, ``box``, ``poly`` and ``is_open``.
    rest : (annotators, values)
        Who drew it, and its metadata.
    """
    return {
        "dataset_item_index": place[0],
        "frame_index": place[1],
        "type": drawn["type"],
        "class_id": label,
        "instance_id": instance,
        "box": drawn["box"],
        "poly": drawn["poly"],
        "is_open": drawn["is_open"],
        "annotators": rest[0],
        "meta_data": rest[1],
    }


NOTHING_DRAWN: Record = {"type": None, "box": None, "poly": None, "is_open": False}
"""The shape of a classification."""


def box_record(numbers: Any, orientation: Any) -> Record:
    """Return a box: its upper left corner and its size before it is turned, and by how many radians it is."""
    return {**dict(zip(SIDES, numbers, strict=True)), "orientation": orientation}


def box_drawn(box: Record) -> Record:
    """Return the shape of a box."""
    return {"type": "Box", "box": box, "poly": None, "is_open": False}


def poly_drawn(contours: Any, is_open: bool, box: Record | None) -> Record:
    """Return the shape of a closed or open polygon."""
    return {"type": "Poly", "box": box, "poly": contours, "is_open": is_open}
