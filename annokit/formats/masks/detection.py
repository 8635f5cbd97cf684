"""Recognising trees of masks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.masks.dialects import DIALECTS, MANIFEST

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

_DIALECT = re.compile(rb'"annokit": ?"masks".{0,60}?"dialect": ?"([a-z-]+)"', re.DOTALL)
_BLOCK = re.compile(rb"\A\s*file:[^\n]*\n", re.IGNORECASE)
_VALUE = re.compile(rb"^\s*[0-9]+\s+(.*?)\s*$", re.MULTILINE)
_FILE = re.compile(rb"^\s*file:", re.IGNORECASE | re.MULTILINE)


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a tree by the manifest or the class map that annokit wrote, or by Innotescus' class map."""
    for name in (MANIFEST, "classes.json"):
        match = _DIALECT.search(probe.head(name)[:400]) if name in probe.names else None
        if match is not None and match[1].decode() in DIALECTS:
            return {match[1].decode(): f"{name} of annokit"}
    if not probe.ending(".png"):
        return {}
    for name in probe.ending("classes.txt"):
        if _BLOCK.match(probe.head(name)):
            return _of_innotescus(probe.head(name), name)
    return {}


def _of_innotescus(head: bytes, name: str) -> dict[str, str]:
    """Tell instances, of which several have one class, from classes; both are possible where all classes differ."""
    reason = f'{name} with blocks "file:"'
    for block in _FILE.split(head):
        classes = _VALUE.findall(block)
        if len(set(classes)) < len(classes):
            return {"innotescus-instance": f"{reason} in which several values mean one class"}
    return {"innotescus-semantic": reason, "innotescus-instance": reason}
