"""Writing COCO files and results lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from annokit.columns import Table
from annokit.columns.json import dumps, loads
from annokit.formats.coco import keys
from annokit.formats.coco.categories import record_of
from annokit.formats.coco.members import Members, annotation_members, image_members
from annokit.formats.coco.panoptic_write import PictureMembers, name_of, write_pngs
from annokit.formats.coco.videos_files import write_videos

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.coco.dialect import Dialect
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

BLOCK = 1_000
"""Records written at a time."""

FIRST = ("info", "licenses")
"""Keys that stand before the lists, as in the official files; so do all others."""


def write(ds: Dataset, output: Output, context: WriteContext, *, masks: str = "rle") -> None:
    """Write a dataset; a panoptic one into ``panoptic.json`` and the folder ``panoptic``.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the dialect holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    masks : {"rle", "outlines"}
        Whether masks are written as run lengths, or as the outlines of their pixels, for tools that know no run
        lengths. Crowds and masks with holes, which lists of rings can't tell, stay run lengths.
    """
    if context.dialect.together:
        write_pngs(ds, output, context)
    if context.dialect.framed:
        write_videos(ds, output, context, _write_document)
    else:
        _write_document(ds, output, context)


def _write_document(ds: Dataset, output: Output, context: WriteContext) -> None:
    total = len(ds._annotations) + (0 if keys.LISTED in ds._extras else len(ds))
    with output.open(name_of(ds, output.kind, context.stem)) as file:
        tell = _Tell(context, total)
        if keys.LISTED in ds._extras:
            file.write(b"[")
            _write_records(file, annotation_members(ds), len(ds._annotations), tell)
            file.write(b"]")
            return
        file.write(b"{")
        for number, (key, parts) in enumerate(_top(ds, context.dialect).items()):
            file.write((b"," if number else b"") + dumps(key) + b":")
            if isinstance(parts, bytes):
                file.write(parts)
            else:
                file.write(b"[")
                _write_records(file, parts, parts.count, tell)
                file.write(b"]")
        file.write(b"}")


def _top(ds: Dataset, dialect: Dialect) -> dict[str, bytes | Members | PictureMembers]:
    """Return the members of the document, in their order."""
    found: dict[str, bytes | Members | PictureMembers] = {}
    if ds.info:
        found["info"] = dumps(ds.info)
    for name, raw in ds._extras.items():
        key = keys.key_of("extras/" + name)
        if key is not None:
            found[key] = raw
    top = {key: found[key] for key in (*(k for k in FIRST if k in found), *(k for k in found if k not in FIRST))}
    absent = loads(ds._extras.get("coco/#absent", b"[]"))
    annotations = PictureMembers(ds) if dialect.together else annotation_members(ds)
    lists: dict[str, Any] = {"images": image_members(ds), "annotations": annotations}
    lists["categories"] = b"[" + b",".join(dumps(record_of(label, dialect)) for label in ds.labels) + b"]"
    top.update({name: value for name, value in lists.items() if name not in absent and name not in top})
    return top


class _Tell:
    """Tells how many records of all lists are written."""

    def __init__(self, context: WriteContext, total: int) -> None:
        self._context = context
        self._total = total
        self._done = 0

    def add(self, count: int) -> None:
        self._done += count
        self._context.progress(min(self._done, self._total), self._total)


def _write_records(file: BinaryIO, members: Members | PictureMembers, count: int, tell: _Tell) -> None:
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        text = members.records(start, stop)
        file.write(b"," + text if start else text)
        tell.add(stop - start)


__all__ = ["Table", "np", "write"]
