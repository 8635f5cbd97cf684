from __future__ import annotations

import subprocess
import sys

from benchmarks.bench_import import BARS, main


def test_every_figure_is_measured() -> None:
    assert main(small=True).keys() == BARS.keys()


def test_the_package_alone_loads_nothing_heavy_and_reading_no_narrowing() -> None:
    code = """
import sys
import annokit
print(*sorted({"numpy", "attrs", "PIL", "pycocotools", "requests", "msgspec"} & sys.modules.keys()))
annokit.read, annokit.write
heavy = {"PIL", "pycocotools", "requests", "msgspec", "simdjson", "importlib.metadata", "annokit.formats.narrow"}
print(*sorted(heavy & sys.modules.keys()))
"""
    made = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert made.stdout == "\n\n"
