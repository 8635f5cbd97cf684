"""Which formats there are: one literal table, loaded when a name is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from annokit.errors import UsageError
from annokit.formats.base import INTERFACE, Format

BUILT_IN = {
    "savant": "annokit.formats.savant",
    "segments": "annokit.formats.segments",
    "coco": "annokit.formats.coco",
    "dataloop": "annokit.formats.dataloop",
    "encord": "annokit.formats.encord",
    "yolo": "annokit.formats.yolo",
    "voc": "annokit.formats.voc",
    "masks": "annokit.formats.masks",
    "csv": "annokit.formats.csv",
    "kitti": "annokit.formats.kitti",
    "annokit": "annokit.formats.annokit",
}
"""Module of each format; it holds the record as ``FORMAT``."""

GROUP = "annokit.formats"
"""Entry-point group of formats by third parties: ``name = package.module:FORMAT``."""


@cache
def names() -> tuple[str, ...]:
    """Return the names of all formats: the built-in ones in their order, then third parties' sorted."""
    return (*BUILT_IN, *sorted(set(_third_parties()) - set(BUILT_IN)))


@cache
def _third_parties() -> dict[str, str]:
    from importlib.metadata import entry_points  # slow to import, and most reads name or find a built-in format

    return {point.name: point.value for point in entry_points(group=GROUP)}


@cache
def get(name: str) -> Format:
    """Return the format called `name`.

    Raises
    ------
    UsageError
        There is none; the message lists those that there are.
    """
    module = BUILT_IN.get(name)
    if module is not None:
        found = import_module(module).FORMAT
    elif name in _third_parties():
        module, _, attribute = _third_parties()[name].partition(":")
        found = getattr(import_module(module), attribute or "FORMAT")
    else:
        raise UsageError(f"unknown format {name!r}; there are: {', '.join(sorted(names()))}")
    if not isinstance(found, Format) or found.interface > INTERFACE:
        raise UsageError(f"format {name!r} was written for another version of annokit's format interface ({INTERFACE})")
    return found


def resolve(full: str) -> tuple[Format, str]:
    """Return the format and the dialect of ``format`` or ``format:dialect``; UsageError where either does not exist."""
    name, _, dialect = full.partition(":")
    found = get(name)
    found.dialect(dialect)
    return found, dialect
