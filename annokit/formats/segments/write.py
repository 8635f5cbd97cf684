"""Writing releases."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from annokit.columns.json import dumps
from annokit.formats.bitmap_files import is_relative
from annokit.formats.segments.categories import record_of, record_of_definition
from annokit.formats.segments.facts import OWN, WHOLE
from annokit.formats.segments.fit_masks import fresh_items, mask_rows, stated_bitmaps
from annokit.formats.segments.layers import ALL
from annokit.formats.segments.sheets import Sheets
from annokit.geometry.paint import paint
from annokit.media.bitmap import encode_label_bitmap
from annokit.model.bitmaps import has_file
from annokit.model.masks import RLE, counts

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

RELEASE = "release.json"
"""Name of the release in a folder or archive."""


def output_of(ds: Dataset, path: Any) -> Literal["file", "folder"]:
    """Return ``file`` where a release needs no bitmaps beside it and its path is that of a JSON file or a stream."""
    named = Path(fspath(path)).suffix.lower() == ".json" if isinstance(path, str | PathLike) else True
    return "file" if named and not written_bitmaps(ds) else "folder"


def written_bitmaps(ds: Dataset) -> list[int]:
    """Return the items whose bitmap is written along: a new one, or one that lies on this machine without a URL."""
    fresh = fresh_items(ds)
    stated = stated_bitmaps(ds)
    return [row for row, name in stated.items() if fresh[row] or (is_relative(name) and has_file(ds, row))]


def write(ds: Dataset, output: Output, context: WriteContext, *, task: str | None = None) -> None:
    """Write a release.

    Parameters
    ----------
    ds : Dataset
        Narrowed to what the task holds.
    output : Output
        Where to.
    context : WriteContext
        What the caller asked for.
    task : str, optional
        Type of the task, such as ``vector`` or ``segmentation-bitmap``; by default what the dataset states, else what
        fits its shapes.
    """
    _write_bitmaps(ds, output, context)
    sheets = Sheets(ds)
    name = RELEASE if output.kind != "file" else f"{context.stem}.json"
    with output.open(name) as file:
        file.write(_head(ds))
        for row in range(len(sheets)):
            file.write((b"," if row else b"") + dumps(sheets.sample(row)))
            context.progress(row + 1, len(sheets))
        file.write(b"]}}")


def _head(ds: Dataset) -> bytes:
    """Return the release up to the bracket that opens its samples; the dataset comes last."""
    info = {key: value for key, value in ds.info.items() if key != "dataset"}
    if ALL in ds._extras:
        info[OWN] = WHOLE
    inner: Any = dict(ds.info.get("dataset", {}))
    attributes = dict(inner.get("task_attributes", {}))
    if len(ds.labels):
        attributes["categories"] = [record_of(label) for label in ds.labels]
    if ds.labels.attributes:
        attributes["image_attributes"] = [record_of_definition(one) for one in ds.labels.attributes]
    inner["task_attributes"] = attributes
    text = dumps({**info, "dataset": inner})
    return text[:-2] + b',"samples":['


def _write_bitmaps(ds: Dataset, output: Output, context: WriteContext) -> None:
    """Write the bitmaps of items, new ones painted with the ids of their annotations, which lie item by item."""
    fresh = fresh_items(ds)
    rows, encoding = mask_rows(ds)
    rows = rows[encoding == RLE]
    item = ds._annotations.array("item")[rows]
    stated = stated_bitmaps(ds)
    for row in written_bitmaps(ds):
        name = stated[row]
        if not fresh[row]:
            output.copy(name, ds._items.value("bitmap_path", row))
            continue
        own = rows[slice(*np.searchsorted(item, (row, row + 1)))]
        flat, offsets, sizes = counts(ds, own)
        idents = np.array([ds._annotations.value("id", place) for place in own.tolist()], np.uint32)
        size = (int(sizes[0, 0]), int(sizes[0, 1]))
        output.write(name, encode_label_bitmap(paint(flat, offsets, idents, size, limits=context.limits)))
