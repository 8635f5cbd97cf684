"""What there is to tell about a read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from annokit.formats.dataloop.documents import Document
from annokit.report import Issue, Places

if TYPE_CHECKING:
    pass

Row = tuple[str | None, int | None, str | None]

LEFT_OUT = {
    "system": ("an annotation that the workflow itself made was left out", "system=True"),
    "note": ("a reviewer's remark was left out", "notes=True"),
}
"""What is left out by default, and the option that reads it."""


@attrs.define(eq=False)
class Told:
    """What was found, by kind; each row is an item's name, an annotation's row and a detail."""

    unread: Counter[str] = attrs.field(factory=Counter)
    """How many records have a key that the model does not map, by path."""

    odd: list[Row] = attrs.field(factory=list)
    """Values that no column holds."""

    dangling: list[Row] = attrs.field(factory=list)
    """Parents that do not exist."""

    skipped: dict[str, list[Row]] = attrs.field(factory=dict)
    """Annotations that were left out, by the reason."""

    hidden: list[Row] = attrs.field(factory=list)
    """Items that were left out."""

    turned: list[Row] = attrs.field(factory=list)
    """Items that are displayed turned by a quarter."""

    foreign: list[Row] = attrs.field(factory=list)
    """Files that hold no items."""

    def issues(self) -> list[Issue]:
        """Return the issues."""
        found = [_unread(path, count) for path, count in sorted(self.unread.items())]
        told = "a value is not one that the format documents and is kept as it is"
        found += _at("odd-value", "warning", told, self.odd, fate="kept")
        told = "the parent of an annotation does not exist; its id is kept"
        found += _at("dangling-reference", "warning", told, self.dangling, field="parent", fate="kept")
        told = "the EXIF orientation turns the picture: its width and height are those of the file, exchanged"
        found += _at("assumed", "info", told, self.turned, field="width")
        for reason, rows in self.skipped.items():
            told, option = LEFT_OUT[reason]
            found += _skipped(f"{told}; {option} reads it, and it is written back", rows, "type")
        told = "a hidden item or a folder was left out; hidden=True reads items, and it is written back"
        found += _skipped(told, self.hidden, "hidden")
        return found + _skipped("a JSON file holds no item and was left out", self.foreign, None)


def _unread(path: str, count: int) -> Issue:
    told = f"the key {path!r} is not part of the model and is kept as it is"
    return Issue("unread-key", "info", told, count, (path,), field=path.removeprefix("annotations."), fate="kept")


def _skipped(message: str, rows: list[Row], field: str | None) -> list[Issue]:
    return _at("skipped-record", "info", message, rows, field=field, fate="skipped")


def _at(code: str, severity: str, message: str, rows: list[Row], **facts: str | None) -> list[Issue]:
    return [Issue.at(code, severity, message, Places.of(rows), **facts)] if rows else []


def hint(document: Document) -> str:
    """Return what an item is called that states no name: its file, without ``json/`` and ``.json``."""
    name = document.name.removeprefix("json/").removesuffix(".json")
    mark = document.pointer or ("" if document.line is None else f"/{document.line}")
    return name + mark.replace("/", "#")


def detail(document: Document, path: str, raw: bytes) -> str:
    """Return where a value stands, and the value."""
    line = f", line {document.line}" if document.line is not None else ""
    shown = raw[:60].decode("utf-8", "replace") + ("..." if len(raw) > 60 else "")
    return f"{document.where}{line}, at {document.pointer or ''}/{path.replace('.', '/')}: {shown}"
