"""``labelmap.txt``: names and colours of the classes that pixels of class PNGs mean.

::

    # label:color_rgb:parts:actions
    background:0,0,0::
    cat:128,0,0::

The place in the list is the value, ``background`` being 0; where the list does not begin with it, values begin at 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annokit.errors import FormatError, UsageError
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.codecs.source import Source

FILE = "labelmap.txt"
BACKGROUND = "background"
VOID = 255
"""Value of pixels that are to be ignored."""

OFFICIAL = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
"""The classes of Pascal VOC, from value 1 on."""

_LINE = re.compile(r"(?P<name>[^#:][^:]*):(?P<color>\s*[0-9]+\s*,\s*[0-9]+\s*,\s*[0-9]+\s*)?:(?P<rest>.*)", re.DOTALL)


def class_labels(source: Source, classes: Any) -> list[Label]:
    """Return the labels that class values mean, as far as the caller or a label map names them.

    Parameters
    ----------
    source : Source
        The tree.
    classes : mapping, list of str, "voc" or None
        As the reader takes it.
    """
    if isinstance(classes, str) and classes == "voc":
        classes = OFFICIAL
    if classes is None:
        if source.kind == "file" or FILE not in source:
            return []
        return parse_label_map(source.read_text(FILE), path=source.where(FILE))
    pairs = list(classes.items()) if isinstance(classes, Mapping) else _counted(classes)
    found = [_class(value, name) for value, name in pairs]
    if any(label is None for label in found):
        expected = 'names by value or colour, a list of names from value 1 on, or "voc"'
        raise UsageError(f"classes={classes!r:.60}; expected {expected}")
    return [label for label in found if label is not None]


def _counted(classes: Any) -> list[tuple[Any, Any]]:
    listed = isinstance(classes, Sequence) and not isinstance(classes, str)
    return list(enumerate(classes, 1)) if listed else [("", "")]


def _class(value: Any, name: Any) -> Label | None:
    """Return a label by the value or the colour of its pixels, None where that is neither."""
    if not isinstance(name, str):
        return None
    if isinstance(value, tuple) and len(value) == 3 and all(type(v) is int and 0 <= v < 256 for v in value):
        return Label(name, value[0] | value[1] << 8 | value[2] << 16, color=value)
    return Label(name, value) if type(value) is int and value > 0 else None


def parse_label_map(text: str, *, path: str) -> list[Label]:
    """Return the labels of a list, without the background; their source ids are their values.

    Raises
    ------
    FormatError
        A line is none of a label map.
    """
    found: list[tuple[str, tuple[int, ...] | None]] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        color = None if match is None or match["color"] is None else tuple(map(int, match["color"].split(",")))
        if match is None or (color is not None and max(color) > 255):
            raise FormatError(
                "this is no row of a label map", path=path, line=number, found=repr(line[:60]), expected="name:r,g,b::"
            )
        found.append((match["name"], color))
    first = 0 if found and found[0][0] == BACKGROUND else 1
    return [Label(name, value, color=color) for value, (name, color) in enumerate(found, first) if value]


def is_listable(name: str) -> bool:
    """Tell whether a label map can hold a name."""
    plain = bool(name) and name == name.strip() and not re.search(r"[:\r\n]", name) and name[0] != "#"
    return plain and name != BACKGROUND


def format_label_map(labels: Sequence[Label], colors: Sequence[Sequence[int]]) -> bytes:
    """Return the text of a label map whose values are places, from 1."""
    lines = ["# label:color_rgb:parts:actions", f"{BACKGROUND}:0,0,0::"]
    for label, color in zip(labels, colors, strict=True):
        lines.append(f"{label.name}:{','.join(map(str, color[:3]))}::")
    return "".join(f"{line}\n" for line in lines).encode()
