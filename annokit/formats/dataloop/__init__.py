"""Dataloop: a JSON document per item."""

from __future__ import annotations

from annokit.formats.base import Format
from annokit.formats.dataloop.detection import detect
from annokit.formats.dataloop.holds import holds
from annokit.formats.dataloop.read import read
from annokit.formats.dataloop.write import write

FORMAT = Format(
    name="dataloop",
    title="Dataloop (a JSON document per item)",
    sources=("https://docs.dataloop.ai/docs/export-metadata-annotations", "https://sdk-docs.dataloop.ai"),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    tasks=frozenset(("classification", "detection", "instance", "semantic", "keypoints", "tracking", "time")),
    output="folder",
    places_media=True,
)
