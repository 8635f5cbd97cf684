"""What a reader tells about a SAVANT file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from annokit.report import Issue, Places


class Told:
    """What was noticed while reading."""

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()
        """Keys that are kept as they are, and how often."""
        self.odd: list[tuple[str | None, int | None, str]] = []
        """Item, annotation and place of shapes and times that SAVANT does not document."""
        self._wrong: list[tuple[str | None, int | None, str]] = []
        self._twice: list[tuple[str | None, int | None, str]] = []
        self._seen: set[tuple[str, Any]] = set()

    def wrong(self, place: str, value: Any) -> None:
        """Note a value of the wrong type; null says that there is none."""
        if value is not None:
            self._wrong.append((None, None, f"{place}: {value!r:.60}"))

    def identified(self, group: str, ident: Any, place: str) -> None:
        """Note the id of a record among others of a group."""
        if ident is None:
            return
        if (group, ident) in self._seen:
            self._twice.append((None, None, f"{place}: {ident!r:.60}"))
        self._seen.add((group, ident))

    def issues(self) -> Iterator[Issue]:
        """Yield what to tell the user."""
        for key, count in sorted(self.unread.items()):
            message = f"the key {key!r} is not part of the model and is kept as it is"
            yield Issue("unread-key", "info", message, count, (key,), field=key, fate="unread")
        for code, field, message, places in (
            ("odd-value", "shape", "a shape or time is not one that SAVANT documents and is kept as it is", self.odd),
            ("odd-value", None, "a known key holds a value of another type and is kept as it is", self._wrong),
            ("duplicate-id", "id", "two records state the same id", self._twice),
        ):
            if places:
                fate = "kept" if code == "duplicate-id" else "unread"
                yield Issue.at(code, "warning", message, Places.of(places), field=field, fate=fate)
