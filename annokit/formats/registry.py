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
    "innotescus": "annokit.formats.innotescus",
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

_registered: dict[str, Format] = {}
"""Formats of this process alone, by :func:`register`."""


def register(fmt: Format) -> None:
    """Make a format known to this process; one of the same name that was registered before gives way.

    For a notebook or a script; a package names its formats in the entry-point group ``annokit.formats`` instead, and
    processes started by ``workers=`` know only those.

    Parameters
    ----------
    fmt : Format
        The format.

    Raises
    ------
    UsageError
        Its name is that of a built-in format or of an installed one, or it is no format of this interface.
    """
    if not isinstance(fmt, Format):
        raise UsageError(f"expected an annokit.formats.base.Format, got {type(fmt).__name__}")
    if fmt.name in BUILT_IN or fmt.name in _third_parties():
        raise UsageError(f"there is a format {fmt.name!r} already")
    _usable(fmt.name, fmt)
    _registered[fmt.name] = fmt
    for known in (names, get):
        known.cache_clear()


def _usable(name: str, found: object) -> Format:
    if not isinstance(found, Format) or found.interface > INTERFACE:
        raise UsageError(f"format {name!r} was written for another version of annokit's format interface ({INTERFACE})")
    return found


@cache
def names() -> tuple[str, ...]:
    """Return the names of all formats: the built-in ones in their order, then all others sorted."""
    return (*BUILT_IN, *sorted({*_third_parties(), *_registered} - set(BUILT_IN)))


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
    elif name in _registered:
        found = _registered[name]
    elif name in _third_parties():
        module, _, attribute = _third_parties()[name].partition(":")
        found = getattr(import_module(module), attribute or "FORMAT")
    else:
        raise UsageError(f"unknown format {name!r}; there are: {', '.join(sorted(names()))}")
    return _usable(name, found)


def resolve(full: str) -> tuple[Format, str]:
    """Return the format and the dialect of ``format`` or ``format:dialect``; UsageError where either does not exist."""
    name, _, dialect = full.partition(":")
    found = get(name)
    found.dialect(dialect)
    return found, dialect
