"""Bars of progress, one kind for reading, fetching and pages."""

from __future__ import annotations

import warnings
from typing import Any


def bar(**options: Any) -> Any:
    """Return a bar: a widget in a notebook that can show widgets, else a line of text on standard error.

    Parameters
    ----------
    **options
        As ``tqdm`` takes them: `total`, `desc`, `unit`, `unit_scale`, `disable`.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")  # a line of text does as well
        from tqdm.auto import tqdm

        return tqdm(**options)


__all__ = ["bar"]
