"""How far a run is: a bar, or a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from annokit.progress import bar
from annokit.remote.job import Result


@attrs.frozen
class Progress:
    """How far a run is."""

    total: int | None
    """Files in all, None where that is not known."""

    done: int = 0
    """Files downloaded."""

    skipped: int = 0
    """Files that were complete already."""

    failed: int = 0
    """Files that can't be had."""

    bytes: int = 0
    """Bytes downloaded."""

    @property
    def finished(self) -> int:
        """Files settled, one way or another."""
        return self.done + self.skipped + self.failed

    def after(self, result: Result) -> Progress:
        """Return the progress with one more result counted."""
        counts = {result.status: getattr(self, result.status) + 1}
        return attrs.evolve(self, bytes=self.bytes + (result.bytes if result.status == "done" else 0), **counts)


ProgressOption = bool | Callable[[Progress], object]


@contextmanager
def meter(progress: ProgressOption, total: int | None) -> Iterator[Callable[[Result], None]]:
    """Give a function to be called with each result, which moves the bar or calls the caller's function.

    Parameters
    ----------
    progress : bool or callable
        True for a bar, False for nothing, or a function that takes a :class:`Progress`; it is called in the thread that
        started the download.
    total : int or None
        Files in all.
    """
    if callable(progress):
        yield _Teller(progress, total)
    elif progress:
        with bar(total=total, unit="file") as shown:
            yield _Teller(lambda now: _move(shown, now), total)
    else:
        yield lambda result: None


class _Teller:
    def __init__(self, tell: Callable[[Progress], object], total: int | None) -> None:
        self._tell = tell
        self._now = Progress(total)

    def __call__(self, result: Result) -> None:
        self._now = self._now.after(result)
        self._tell(self._now)


def _move(bar: object, now: Progress) -> None:
    facts = {"MB": f"{now.bytes / 1e6:.1f}", "skipped": now.skipped, "failed": now.failed}
    bar.set_postfix({k: v for k, v in facts.items() if v}, refresh=False)  # type: ignore[attr-defined]
    bar.update(1)  # type: ignore[attr-defined]
