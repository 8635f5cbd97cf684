"""Pausing Python's cyclic garbage collector while a parser makes many objects at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def paused() -> Iterator[None]:
    """Keep the collector off inside the ``with`` block.

    One counter for the process, under a lock: the first of several overlapping pauses, in any threads, turns the
    collector off, and the last one to end gives it back the state that the first one found, exception or not.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _pauses, _was_enabled  # noqa: PLW0603 - one collector per process, hence one counter
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1


def _leave() -> None:
    global _pauses  # noqa: PLW0603 - see _enter
    with _lock:
        _pauses -= 1
        if _pauses == 0 and _was_enabled:
            gc.enable()
