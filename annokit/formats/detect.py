"""Finding out what format a path is, by the marks that each format claims as its own, from a bounded look at it."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO

import attrs

from annokit.codecs.source import NAMES as MANIFEST
from annokit.errors import AmbiguousFormatError, AnnokitError
from annokit.formats import registry

if TYPE_CHECKING:
    from annokit.codecs.source import Source

HEAD = 64 * 1024
"""Bytes looked at per file."""

NAMES = 20_000
"""File names looked at per tree."""


@attrs.frozen
class Match:
    """A format that recognises a path, and why."""

    format: str
    """``format`` or ``format:dialect``, as :func:`annokit.read` takes it."""

    reason: str
    """The mark that it found."""


class Probe:
    """A bounded look at a source, shared by all formats."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._heads: dict[str, bytes] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Relative names of the files, sorted; one for a single file."""
        return tuple(self._source.names())[:NAMES]

    def ending(self, *suffixes: str) -> list[str]:
        """Return the names that end so, compared in lower case; those of manifests of names don't count."""
        return [name for name in self.names if name.lower().endswith(suffixes) and not name.endswith(MANIFEST)]

    def head(self, name: str) -> bytes:
        """Return the first 64 KiB of a file, without a byte-order mark; empty where it can't be read."""
        if name not in self._heads:
            try:
                with self._source.open(name) as file:
                    self._heads[name] = file.read(HEAD).removeprefix(b"\xef\xbb\xbf")
            except (AnnokitError, OSError):
                self._heads[name] = b""
        return self._heads[name]

    def open(self, name: str) -> BinaryIO:
        """Open a file, for marks that stand behind its head."""
        return self._source.open(name)

    @cached_property
    def first_json(self) -> str | None:
        """The only JSON file, or the first one; None where there is none."""
        found = self.ending(".json")
        return (
            found[0]
            if found
            else (
                self.names[0]
                if len(self.names) == 1 and self.head(self.names[0]).lstrip()[:1] in (b"{", b"[")
                else None
            )
        )

    def json_head(self, name: str | None = None) -> bytes:
        """Return the head of a JSON file, by default the first one; empty where it does not look like JSON."""
        name = name or self.first_json
        head = self.head(name).lstrip() if name else b""
        return head if head[:1] in (b"{", b"[") else b""


def detect(path: str | PathLike[str] | BinaryIO) -> list[Match]:
    """Return the formats that recognise a path by their own marks, best known first.

    Parameters
    ----------
    path : path or binary file
        A file, folder or archive; only its names and the beginning of some files are read.

    Raises
    ------
    FileNotFoundError
        The path does not exist.
    """
    from annokit.codecs.source import open_source
    from annokit.formats.exports.read import tree_matches

    with open_source(path) as source:
        return [Match(*found) for found in tree_matches(source)] or matches(Probe(source))


def matches(probe: Probe) -> list[Match]:
    """Return the formats that recognise a probed source."""
    found = []
    for name in registry.names():
        fmt = registry.get(name)
        if fmt.read is not None:
            found += [Match(fmt.full_name(dialect), reason) for dialect, reason in fmt.detect(probe).items()]
    return found


def the_one(probe: Probe, label: str) -> str:
    """Return the one format that recognises a source; AmbiguousFormatError names the candidates otherwise."""
    found = matches(probe)
    if len(found) == 1:
        return found[0].format
    names = tuple(match.format for match in found)
    if not found:
        message = f"no format recognises this; give format=, one of {', '.join(sorted(registry.names()))}"
    else:
        message = "several formats fit, give format=: " + "; ".join(f"{m.format} ({m.reason})" for m in found)
    raise AmbiguousFormatError(message, path=label, candidates=names)
