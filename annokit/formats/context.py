"""What a reader or writer is told besides its file: where media lie, where bad records go, how to show progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import FormatError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.report import Issue, Places
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.codecs.json_repeats import Repeats

Progress = Callable[[int, int | None], None]
"""``progress(done, total)``: bytes or files; `total` is None where it is not known."""


def no_progress(done: int, total: int | None) -> None:
    """Do nothing."""


class Problems:
    """Records that can't be read, gathered over the whole pass.

    Parameters
    ----------
    on_bad : {"raise", "collect"}
        Whether :meth:`settle` raises or lists them.
    limits : Limits
        How many places the error names.
    """

    def __init__(self, on_bad: str = "raise", limits: Limits = DEFAULT_LIMITS) -> None:
        self._on_bad = on_bad
        self._limits = limits
        self._found: list[FormatError] = []
        self.count = 0

    def add(self, error: FormatError) -> None:
        """Note a record that was left out."""
        self.count += 1
        if self._on_bad == "collect" or len(self._found) < self._limits.problems:
            self._found.append(error)

    def settle(self, path: str) -> list[Issue]:
        """Raise one error with the first places and the count, or return them as an issue."""
        if not self.count:
            return []
        if self._on_bad == "raise":
            if self.count == 1:
                raise self._found[0]
            shown = "\n".join(f"  - {error}" for error in self._found)
            more = f"\n  - and {self.count - len(self._found)} more" if self.count > len(self._found) else ""
            raise FormatError(
                f"{counted(self.count, 'record')} can't be read:\n{shown}{more}", path=path, count=self.count
            )
        places = Places.of((error.item, None, str(error)) for error in self._found)
        return [Issue.at("bad-record", "error", "a record can't be read and was left out", places, fate="invalid")]


def _repeats() -> Repeats:
    from annokit.codecs.json_repeats import Repeats

    return Repeats()


@attrs.frozen(kw_only=True)
class ReadContext:
    """What a reader is told."""

    label: str
    """How errors call the source."""

    dialect: Any = None
    """The dialect's record of facts."""

    dialect_name: str = ""
    """The dialect's name."""

    images: tuple[Path, ...] = ()
    """Folders where media and mask files lie."""

    layer: str | None = None
    """Layer to read: None for the format's main one, ``all``, or a name."""

    problems: Problems = attrs.field(factory=Problems)
    """Where bad records go."""

    limits: Limits = DEFAULT_LIMITS
    """The bounds."""

    repeats: Repeats = attrs.field(factory=_repeats)
    """Where readers of JSON note keys that stand twice in one object; :func:`annokit.read` tells of them."""

    workers: int = 1
    """Processes."""

    progress: Progress = no_progress
    """Called now and then."""


@attrs.frozen(kw_only=True)
class WriteContext:
    """What a writer is told."""

    dialect: Any = None
    """The dialect's record of facts."""

    dialect_name: str = ""
    """The dialect's name."""

    media: str = "none"
    """Whether media files go along: none, copy or link."""

    progress: Progress = no_progress
    """Called now and then."""

    limits: Limits = DEFAULT_LIMITS
    """The bounds."""

    overwrite: bool = False
    """Whether files that are there are replaced, for what a writer puts beside its output."""

    stem: str = "annotations"
    """Name of the output without its ending, for a file inside an archive."""
