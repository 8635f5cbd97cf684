"""Segments.ai releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from annokit.codecs.json_head import keys_of
from annokit.formats.base import Format
from annokit.formats.bitmap_check import finish
from annokit.formats.segments.holds import holds
from annokit.formats.segments.read import is_release_name, read
from annokit.formats.segments.write import output_of, write

if TYPE_CHECKING:
    from annokit.formats.detect import Probe

MARKS = (b'"task_attributes"', b'"labelsets"', b'"label_status"', b'"segmentation_bitmap"', b'"task_type"')

HELD = frozenset(("samples", "tasks", "task_type", "task_attributes", "labelsets"))
"""Keys of what holds the samples; in a single sample of the platform's API, ``dataset`` is a name."""


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a JSON file with a dataset, tasks or labelsets and samples, by its first bytes."""
    names = [name for name in probe.names if len(probe.names) == 1 or is_release_name(name)]
    if len(names) != 1:
        return {}
    head = probe.json_head(names[0])
    found = [mark.decode() for mark in MARKS if mark in head]
    if found and head[:1] == b"{" and _holds_samples(head):
        return {"": f"a dataset with {found[0]}"}
    return {}


def _holds_samples(head: bytes) -> bool:
    top = keys_of(head)
    if {"tasks", "samples"} <= top.keys():
        return True
    inner = head[top.get("dataset", len(head)) :].lstrip()
    return inner[:1] == b"{" and bool(HELD & keys_of(inner).keys())


FORMAT = Format(
    name="segments",
    title="Segments.ai release",
    sources=("Segments.ai documentation: Exporting data",),
    detect=detect,
    read=read,
    finish=finish,
    write=write,
    holds=holds,
    output="folder",
    output_of=output_of,
    tasks=frozenset(("detection", "instance", "semantic", "panoptic", "keypoints", "tracking")),
)
