"""``python -m benchmarks [NAME ...]``: run every benchmark, or those named, at full size, one after another."""

import sys
from importlib import import_module
from pathlib import Path

NAMES = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main(wanted: list[str]) -> int:
    """Run the benchmarks; 2 where a name is unknown."""
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        sys.stderr.write(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}\n")
        return 2
    for name in wanted or NAMES:
        print(f"== {name}", flush=True)
        module = import_module(f"benchmarks.bench_{name}")
        bars = getattr(module, "BARS", {})
        for figure, value in (module.main() or {}).items():
            print(line(figure, value, bars.get(figure)), flush=True)
    return 0


def line(figure: str, value: float, bar: float | None) -> str:
    """Return one figure in words, with what it may be where that is known."""
    told = "" if bar is None else f"   bar {bar:g}" + ("" if value <= bar else "   MISSED")
    return f"{figure:<44} {value:10.3f}{told}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
