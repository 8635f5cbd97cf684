"""Recognising Pascal VOC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.voc.dialects import DIALECTS
from annokit.formats.voc.names import stem
from annokit.formats.voc.record import FILE, HEAD

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

LOOKED_AT = 20
"""XML files whose beginnings are looked at."""

_ROOT = re.compile(rb"\A\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*<annotation[\s>]", re.DOTALL)
_MEMBER = re.compile(rb"<(?:filename|folder|size|object|segmented)\b")
_POLYGON = re.compile(rb"<pt>\s*<x>")
_PATH = re.compile(rb"<path>/([^<>]+)</path>")
_OWN = (
    ("dataloop", re.compile(rb"<attributes>\s*(?:\[|\{)"), "attributes as Python writes them"),
    ("innotescus", re.compile(rb"<pose>N/A</pose>"), "poses N/A"),
)


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise XML files whose root is ``annotation``, and what annokit wrote."""
    record = probe.head(FILE).decode("utf-8", "replace")
    name = record.removeprefix(HEAD).partition("\n")[0]
    if record.startswith(HEAD) and name in DIALECTS:
        return {name: f"{FILE} says so"}
    names = probe.ending(".xml")[:LOOKED_AT]
    if len(probe.names) == 1 and not names:
        names = list(probe.names)
    heads = [(name, probe.head(name)) for name in names]
    found = [(name, head) for name, head in heads if _ROOT.match(_narrow(head)) and _MEMBER.search(_narrow(head))]
    if not found or any(_POLYGON.search(head) for _, head in found):
        return {}
    for name, head in found:
        if _is_located(name, head):
            return {"dataloop": f"{name} is an annotation that names its own path"}
    for dialect, mark, told in _OWN:
        for name, head in found:
            if mark.search(head):
                return {dialect: f"{name} is an annotation with {told}"}
    return {"": f"{found[0][0]} is an annotation"}


def _is_located(name: str, head: bytes) -> bool:
    """Tell whether an annotation lies where its element ``path`` says, below a folder of Dataloop's."""
    match = _PATH.search(head)
    if match is None or b"<pose>" in head:
        return False
    own = stem(match[1].decode("utf-8", "replace")) + ".xml"
    return f"/{name}".endswith(f"/{DIALECTS['dataloop'].folder}{own}")


def _narrow(head: bytes) -> bytes:
    """Return the beginning of a file of two bytes per character as one of one."""
    return head.replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff") if b"\0" in head[:8] else head
