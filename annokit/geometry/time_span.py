"""Pieces of time."""

from __future__ import annotations

import attrs

from annokit.geometry import checks
from annokit.geometry.shape import Value


@attrs.frozen(eq=False)
class TimeSpan(Value):
    """A piece of a video's time."""

    start: float | None
    """Seconds from the beginning of the media; None where it is open."""

    end: float | None
    """Seconds; None where it is open."""

    first_frame: int | None = None
    """First frame, inclusive, in the platform's own numbers."""

    last_frame: int | None = None
    """Last frame, inclusive."""

    def __attrs_post_init__(self) -> None:
        for name, kind in (("start", float), ("end", float), ("first_frame", int), ("last_frame", int)):
            checks.optional(self, name, getattr(self, name), kind)

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None where one of them is open."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def frames(self) -> range | None:
        """The frames as a range; None where one end is open."""
        if self.first_frame is None or self.last_frame is None:
            return None
        return range(self.first_frame, self.last_frame + 1)
