"""What pixel values mean: ``classes.json``, Innotescus' ``classes.txt``, or what the caller says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.class_map import ClassBlock, parse_class_map
from annokit.codecs.palette import voc_colors
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError, UsageError
from annokit.model.label import Label

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext

VERSION = 1
KEYS = frozenset(("annokit", "version", "dialect", "background", "classes", "pictures"))
"""Keys of a ``classes.json``."""

Listing = Mapping[int, int | str | None]
"""What each value of one picture means: a class's value or name, None for an object without class."""


@attrs.frozen(kw_only=True)
class Classes:
    """The classes of a tree."""

    labels: tuple[Label, ...] = ()
    """Labels that the tree lists; ``source_id`` is the value."""

    background: int = 0
    """Value of what no label covers."""

    pictures: Mapping[str, Listing] = attrs.field(factory=dict)
    """Values by mask file, where they are told picture by picture."""

    blocks: Mapping[str, Sequence[ClassBlock]] = attrs.field(factory=dict)
    """Blocks of each ``classes.txt`` by its folder, with its slash."""

    stated: bool = True
    """Whether anything tells what values mean."""

    colored: bool = False
    """Whether pixels hold colours, not values."""

    def values(self) -> dict[int, int]:
        """Return the position of each label by the number of its pixels: its value, or its colour with red lowest."""
        if self.colored:
            return {packed(color): place for place, color in enumerate(self.colors())}
        return {v: place for place, label in enumerate(self.labels) if isinstance(v := label.source_id, int)}

    def colors(self) -> list[tuple[int, ...]]:
        """Return the colour of each label: its own, else that of its value, else of its place."""
        values = [v if isinstance(v := label.source_id, int) else place for place, label in enumerate(self.labels, 1)]
        usual = voc_colors(np.array(values, np.int64)).tolist()
        return [label.color or tuple(color) for label, color in zip(self.labels, usual, strict=True)]

    def positions(self) -> dict[int | str, int]:
        """Return the position of each label by its value and, unless two share it, by its name."""
        found: dict[int | str, int] = {}
        for position, label in enumerate(self.labels):
            if isinstance(label.source_id, int):
                found.setdefault(label.source_id, position)
        names = [label.name for label in self.labels]
        found.update({name: place for place, name in enumerate(names) if names.count(name) == 1})
        return found


def given_classes(classes: Any) -> Classes:
    """Return the classes that a caller names: names by value, names by colour, or names from value 1 on.

    Raises
    ------
    UsageError
        They are neither.
    """
    if isinstance(classes, Mapping) and classes and all(_is_color(color) for color in classes):
        labels = tuple(Label(str(name), color=color) for color, name in classes.items())
        return Classes(labels=labels, colored=True)
    if isinstance(classes, Mapping):
        pairs = list(classes.items())
    elif isinstance(classes, Sequence) and not isinstance(classes, str):
        pairs = list(enumerate(classes, 1))
    else:
        pairs = [("", "")]
    if not all(type(value) is int and value >= 0 and isinstance(name, str) for value, name in pairs):
        raise UsageError(f"classes={classes!r:.60}; expected names by value or colour, or from value 1 on")
    return Classes(labels=tuple(Label(name, value) for value, name in pairs))


def read_classes(source: Source, context: ReadContext) -> Classes:
    """Return what the tree says of its classes: the ``classes.json`` at its top, else every ``classes.txt``."""
    if source.kind != "file" and "classes.json" in source:
        return _from_json(source)
    texts = [name for name in source.names() if name.rpartition("/")[2].lower() == "classes.txt"]
    blocks: dict[str, list[ClassBlock]] = {}
    for name in texts:
        found, errors = parse_class_map(source.read_text(name), path=source.where(name))
        for error in errors:
            context.problems.add(error)
        folder, slash, _ = name.rpartition("/")
        blocks[folder + slash] = found
    return Classes(blocks=blocks, stated=bool(blocks))


def _from_json(source: Source) -> Classes:
    where = source.where("classes.json")
    try:
        document = loads(source.read("classes.json").removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"this is no JSON ({error})", path=where) from error
    if not isinstance(document, dict) or not isinstance(document.get("classes"), list):
        found = type(document).__name__ if not isinstance(document, dict) else 'no list under "classes"'
        raise FormatError("this is no list of classes", path=where, found=found, expected='{"classes": [...]}')
    background = document.get("background", 0)
    if type(background) is not int or background < 0:
        raise FormatError("the background is no pixel value", path=where, pointer="/background", found=repr(background))
    labels = tuple(_label(entry, f"/classes/{place}", where) for place, entry in enumerate(document["classes"]))
    pictures = document.get("pictures", {})
    if not isinstance(pictures, dict):
        raise FormatError("the pictures are no object", path=where, pointer="/pictures", found=f"{pictures!r:.40}")
    listings = {name: _listing(told, f"/pictures/{name}", where) for name, told in pictures.items()}
    return Classes(labels=labels, background=background, pictures=listings)


def packed(color: Sequence[int]) -> int:
    """Return red, green and blue as one number, red lowest."""
    return color[0] | color[1] << 8 | color[2] << 16


def _label(entry: Any, pointer: str, where: str) -> Label:
    name, value = (entry.get("name"), entry.get("value")) if isinstance(entry, dict) else (None, None)
    if not isinstance(name, str) or type(value) is not int:
        expected = 'an object with a text "name" and a whole number "value"'
        raise FormatError("this is no class", path=where, pointer=pointer, found=f"{entry!r:.60}", expected=expected)
    color = entry.get("color")
    if color is not None and not _is_color(color):
        raise FormatError("this is no colour", path=where, pointer=f"{pointer}/color", found=f"{color!r:.60}")
    return Label(name, value, color=color)


def _is_color(color: Any) -> bool:
    return (
        isinstance(color, list | tuple)
        and len(color) in (3, 4)
        and all(type(c) is int and 0 <= c <= 255 for c in color)
    )


def _listing(told: Any, pointer: str, where: str) -> Listing:
    if not isinstance(told, dict) or not all(
        key.isdecimal() and (value is None or type(value) is int) for key, value in told.items()
    ):
        expected = "the value of a class by pixel value"
        raise FormatError("this is no map", path=where, pointer=pointer, found=f"{told!r:.60}", expected=expected)
    return {int(key): value for key, value in told.items()}


def format_classes(
    dialect: str, labels: Sequence[Label], background: int, pictures: Mapping[str, Mapping[int, int | None]] | None
) -> bytes:
    """Return a ``classes.json``: a line per class and per picture."""
    lines = [
        f'"annokit": "masks",\n"version": {VERSION},\n"dialect": "{dialect}",\n"background": {background},',
        '"classes": [',
    ]
    lines += _joined([dumps(_entry(label)).decode() for label in labels])
    lines.append("]" if pictures is None else "],")
    if pictures is not None:
        lines.append('"pictures": {')
        lines += _joined(
            f"{dumps(name).decode()}: {dumps({str(k): v for k, v in told.items()}).decode()}"
            for name, told in pictures.items()
        )
        lines.append("}")
    return ("{\n" + "\n".join(lines) + "\n}\n").encode("utf-8", "surrogatepass")


def _joined(lines: Any) -> list[str]:
    listed = list(lines)
    return [f" {line}{',' if place + 1 < len(listed) else ''}" for place, line in enumerate(listed)]


def _entry(label: Label) -> dict[str, Any]:
    entry: dict[str, Any] = {"value": label.source_id, "name": label.name}
    return entry if label.color is None else {**entry, "color": list(label.color)}
