"""Formats: how files become datasets and datasets files.

A format is a :class:`~annokit.formats.base.Format` record in a module of its own, found through
:data:`annokit.formats.registry.BUILT_IN` or the entry-point group ``annokit.formats``. What it can't hold is declared
in a :class:`~annokit.formats.holds.Holds`; :func:`~annokit.formats.narrow.narrow` brings a dataset into that shape
beforehand and reports every annotation and field that it touches, so that a writer never leaves anything out.
"""

import sys
from types import ModuleType
from typing import Any


class _Formats(ModuleType):
    """The package, which :func:`annokit.formats` shares its name with: calling it returns the table of formats."""

    def __call__(self, task: str | None = None) -> Any:
        from annokit.formats.table import formats

        return formats(task)


sys.modules[__name__].__class__ = _Formats
