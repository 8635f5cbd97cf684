"""What a read finds on its way, gathered into one issue of each kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs

from annokit.report import Issue, Places

Place = tuple[str | None, int | None, str | None]

KINDS: dict[str, tuple[str, str, str, str, str | None]] = {
    "missing": (
        "missing-file",
        "warning",
        "a file that every Innotescus export has is missing",
        "file",
        "missing",
    ),
    "dangling": (
        "dangling-reference",
        "warning",
        "an id leads to nothing that the export lists; what it means was made up under that id",
        "reference",
        "derived",
    ),
    "twice": ("duplicate-id", "warning", "two records state the same id; references mean the first", "id", "kept"),
    "odd": (
        "odd-value",
        "warning",
        "a value is not one that Innotescus documents and is kept as it is",
        "value",
        "unread",
    ),
    "misfit": ("odd-value", "warning", "a value is not what its definition allows; it is kept", "attributes", "kept"),
    "nested": (
        "assumed",
        "info",
        "several contours: one inside another is taken for a hole, any other for a part",
        "shape",
        None,
    ),
    "union": ("assumed", "info", "several contours: each is taken for a part", "shape", None),
    "tracks": (
        "assumed",
        "info",
        "an instance id of a video stands for objects of several classes; each class has a track of its own",
        "track",
        None,
    ),
    "repaired": ("repaired", "info", "the list lacks the braces around its key", "fields", None),
}
"""Code, severity, message, field and fate of each kind of finding."""


@attrs.define
class Told:
    """Findings by kind."""

    found: dict[str, list[Place]] = attrs.field(factory=dict)
    unread: Counter[str] = attrs.field(factory=Counter)

    def add(self, kind: str, detail: str, *, item: str | None = None, row: int | None = None) -> None:
        """Note one place."""
        self.found.setdefault(kind, []).append((item, row, detail))

    def keys(self, record: dict[str, Any], known: frozenset[str]) -> None:
        """Count the keys of a record that are none of `known`."""
        self.unread.update(key for key in record if key not in known)

    def issues(self) -> Iterator[Issue]:
        """Yield what was found."""
        for key, count in sorted(self.unread.items()):
            message = f"the key {key!r} is not part of the model and is kept as it is"
            yield Issue("unread-key", "info", message, count, (key,), field=key, fate="unread")
        for kind, (code, severity, message, field, fate) in KINDS.items():
            if kind in self.found:
                yield Issue.at(code, severity, message, Places.of(self.found[kind]), field=field, fate=fate)
