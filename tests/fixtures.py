"""Real files of other projects, used where they lie beside the repository."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "shared" / "fixtures"


def fixture(name: str) -> Path:
    """Return the path of a fixture; skip the test where it is missing."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"needs ../shared/fixtures/{name}")
    return path
