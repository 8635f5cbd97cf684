"""Taking the time of several sides in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def seconds(action: Callable[[], object]) -> float:
    """Return the seconds of an action."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def best(actions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Return the best time of each action; they take turns, so that what slows the machine slows all of them."""
    times = [[seconds(action) for action in actions] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]
