"""``import annokit``, against ``import numpy``, interpreter start subtracted.

Every statement runs in a fresh interpreter, all of them in turn, and the best of many counts; what an interpreter that
does nothing takes is subtracted. Names of annokit load their modules on first use, so reaching the verbs and the class
that everybody needs is measured too::

    python -m benchmarks import
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15

NOTHING, FLOOR = "pass", "import numpy"

STATEMENTS = {
    "import annokit": "import annokit",
    "read and write": "from annokit import read, write",
    "all of Dataset": "from annokit import Dataset, read, write",
}
"""What is measured, by the name of its figure."""

BARS = {"import annokit": 1.7, "read and write": 1.7, "all of Dataset": 2.7}
"""What each ratio may be; the first should be 1.5."""


def seconds(statement: str) -> float:
    """Return how long a fresh interpreter lives that runs one statement."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=Path(__file__).parents[1])
    return time.perf_counter() - began


def main(*, small: bool = False) -> dict[str, float]:
    """Return ratio by figure; `small` runs all once."""
    every = (NOTHING, FLOOR, *STATEMENTS.values())
    taken = [[seconds(statement) for statement in every] for _ in range(1 if small else ROUNDS)]
    nothing, floor, *ours = (min(column) for column in zip(*taken, strict=True))
    return {name: (best - nothing) / (floor - nothing) for name, best in zip(STATEMENTS, ours, strict=True)}


if __name__ == "__main__":
    for figure, ratio in main().items():
        print(f"{figure:<24} {ratio:8.3f}   bar {BARS[figure]:.1f}")
