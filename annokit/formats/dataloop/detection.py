"""The marks of a Dataloop export, seen in the first bytes of its files."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.formats.dataloop.documents import JSON_NAME

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

GZIP = b"\x1f\x8b"

HEAD = 64 * 1024
"""Bytes looked at of a compressed file."""

LOOKED_AT = 8
"""Files of a tree that are looked at."""

MARKS = (
    (re.compile(rb'"itemMetadata"\s*:\s*\{'), "metadata of an item under itemMetadata"),
    (re.compile(rb'"snapshots_"\s*:'), "snapshots_ of an annotation"),
    (
        re.compile(rb'"filename"\s*:\s*"/(?:.|\n)*?"(?:annotations|metadata)"\s*:'),
        "an item with a filename from the root",
    ),
    (
        re.compile(rb'"(?:annotations|metadata)"\s*:(?:.|\n)*?"filename"\s*:\s*"/'),
        "an item with a filename from the root",
    ),
    (
        re.compile(
            rb'"type"\s*:\s*"(?:box|segment|binary|class|point|polyline|ellipse|cube|cube_3d|pose|subtitle|note)"'
            rb'(?:.|\n){0,4000}?"(?:coordinates|label)"\s*:'
        ),
        "an annotation with type and coordinates",
    ),
)
"""What only Dataloop's files have, and how to call it."""

FOREIGN = re.compile(
    rb'"(?:images|categories|data_units|label_hash|videoAnnotations|featureSet|image_id|category_id)"\s*:'
)
"""What files of other formats have."""


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise item documents by their keys."""
    names = [name for name in probe.names if JSON_NAME.search(name)]
    for name in names[:LOOKED_AT] or list(probe.names[:1]):
        head = json_head(probe, name)
        if not head or FOREIGN.search(head):
            continue
        for mark, reason in MARKS:
            if mark.search(head):
                return {"": reason}
    return {}


def json_head(probe: Probe, name: str) -> bytes:
    """Return the first bytes of a JSON file, unpacked where it is a compressed one among others."""
    if not name.lower().endswith(".gz"):
        return probe.json_head(name)
    head = probe.head(name)
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
        except zlib.error:
            return b""
    head = head.lstrip()
    return head if head[:1] in (b"{", b"[") else b""
