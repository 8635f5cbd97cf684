"""Innotescus' ``classes.txt``: which class a pixel value means, image by image.

::

    file: a.jpg
    1 traffic light
    2 car
    file: b.jpg
    1 car

A line ``file: <name>`` begins a block; other lines are a pixel value, white space, and the class. Values mean something
else in every block. Rows above the first block hold where no block has a say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import attrs

from annokit.errors import FormatError

_FILE = re.compile(r"\s*file:(.*)", re.IGNORECASE | re.DOTALL)
_ROW = re.compile(r"\s*([0-9]{1,18})(?:\s+(.*?))?\s*", re.DOTALL)


@attrs.frozen
class ClassBlock:
    """The classes of one image or video."""

    name: str | None
    """What stands after ``file:``; None for the rows above the first block."""

    classes: Mapping[int, str]
    """Class by pixel value, in the order of the file."""

    line: int = 0
    """Line where the block begins, from 1."""


def parse_class_map(text: str, *, path: str) -> tuple[list[ClassBlock], list[FormatError]]:
    """Return the blocks of a class map, and an error for each line that is neither a block's head nor a row.

    A value that a block states twice is an error, too; its first class stays.
    """
    blocks: list[ClassBlock] = []
    errors: list[FormatError] = []
    rows: dict[int, str] = {}
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        head, row = _FILE.fullmatch(line), _ROW.fullmatch(line)
        if head is not None:
            rows = {}
            blocks.append(ClassBlock(head[1].strip(), rows, number))
        elif row is not None and row[2]:
            if not blocks:
                blocks.append(ClassBlock(None, rows, number))
            if rows.setdefault(int(row[1]), row[2]) != row[2]:
                errors.append(_fault("the value has a class already", path, number, line))
        elif line.strip():
            errors.append(_fault("this is no row of a class map", path, number, line))
    return blocks, errors


def _fault(message: str, path: str, line: int, text: str) -> FormatError:
    expected = '"file: <name>" or "<pixel value> <class>"'
    return FormatError(message, path=path, line=line, found=repr(text.strip()[:60]), expected=expected)


def format_class_map(blocks: Iterable[tuple[str, Mapping[int, str]]]) -> bytes:
    """Return the text of (name, class by value) blocks; names and classes are single lines, see :func:`one_line`."""
    lines: list[str] = []
    for name, classes in blocks:
        lines.append(f"file: {name}")
        lines.extend(f"{value} {label}" for value, label in classes.items())
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def one_line(text: str) -> str:
    """Return a name as a line of a class map can hold it: line breaks become spaces, ends are stripped, never empty."""
    return " ".join(re.split(r"[\r\n]+", text)).strip() or "_"
