"""The media of a label row: the row's own, and the spaces of a data group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from annokit.formats.encord.plain import keyed
from annokit.formats.encord.ranges import in_ranges

if TYPE_CHECKING:
    from annokit.model.builder import DatasetBuilder

Record = dict[str, Any]
Pairs = list[tuple[int, int]]


@attrs.define
class Medium:
    """One medium while its row is read."""

    kind: str
    """Kind of its items."""

    name: str
    """Title."""

    id: str | None
    """Hash."""

    sequence: int = -1
    """Its row."""

    size: tuple[Any, Any] = (None, None)
    """Width and height, None where unknown."""

    most: int | None = None
    """How many frames there may be; None where nothing is said."""

    extras: Record = attrs.field(factory=dict)
    """Extras of each of its items."""

    items: dict[int, int] = attrs.field(factory=dict)
    """Items by frame, or place in a group; -1 the whole medium."""

    classified: dict[str, set[int]] = attrs.field(factory=dict)
    """Frames that list a classification, by its hash."""

    def places(self, builder: DatasetBuilder, ranges: Pairs, listed: set[int]) -> Iterator[tuple[int, Any]]:
        """Yield (item, span) of what holds for ranges, or for the whole medium where there are none."""
        if self.kind == "image":
            for place, item in self.items.items():
                if place not in listed and (not ranges or in_ranges(place, [list(pair) for pair in ranges])):
                    yield item, None
            return
        if not ranges:
            yield self.whole(builder), None
        for a, b in ranges:
            yield self.whole(builder), self._span(a, b)

    def _span(self, a: int, b: int) -> tuple[float | None, ...]:
        return (a / 1000, b / 1000, None, None) if self.kind == "audio" else (None, None, a, b)

    def whole(self, builder: DatasetBuilder) -> int:
        """Return the item of the whole medium, which is added when it is first needed."""
        if -1 not in self.items:
            if self.kind in ("audio", "text") and self.items:
                return next(iter(self.items.values()))
            self.items[-1] = builder.add_item(
                self.name,
                id=self.id,
                kind="video",
                sequence=self.sequence,
                width=self.size[0],
                height=self.size[1],
                extras=keyed(self.extras),
            )
        return self.items[-1]
