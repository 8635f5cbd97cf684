"""One self-contained HTML page that browses a dataset: no server, no network, for people without Python."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from annokit.display import counts
from annokit.display.canvas import scene
from annokit.display.colors import GREY, Palette, to_hex
from annokit.display.draw import spaced
from annokit.display.figure import picture, shown
from annokit.display.html import STYLE
from annokit.display.script import PAGE_STYLE, SCRIPT
from annokit.display.text import clean, escaped
from annokit.errors import AnnokitError, UsageError
from annokit.model.schema import STATUSES
from annokit.progress import bar
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

PICTURES = 400
SIDE = 320

_ESCAPES = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}
_ESCAPES |= {b"\xe2\x80\xa8": b"\\u2028", b"\xe2\x80\xa9": b"\\u2029"}


def to_html(
    ds: Dataset,
    path: str | PathLike[str] | BinaryIO,
    *,
    title: str = "Dataset",
    pictures: int = PICTURES,
    overwrite: bool = False,
    progress: bool = False,
) -> None:
    """Write a page that browses a dataset, with filters by label, status, split and name.

    Parameters
    ----------
    ds : Dataset
        What to show. All items are listed, in pages.
    path : str, PathLike or binary file
        Where to write; the file appears when it is complete.
    title : str
        Heading of the page.
    pictures : int
        Most items whose picture and shapes are in the page, evenly spaced; each takes 10 to 30 kB. The others are
        listed with their labels, and the page says so.
    overwrite : bool
        Replace a file that is there.
    progress : bool
        Show a progress bar while pictures are read.

    Raises
    ------
    UsageError
        The file exists, or `pictures` is negative.
    """
    from annokit.codecs.output import open_output

    if pictures < 0:
        raise UsageError(f"pictures is 0 or more, got {pictures}")
    with open_output(path, kind="file", overwrite=overwrite) as output, output.open("index.html") as file:
        for piece in _pieces(ds, title, spaced(len(ds), pictures), progress):
            file.write(piece.encode("utf-8", "replace"))


def _pieces(ds: Dataset, title: str, rows: list[int], progress: bool) -> Iterator[str]:
    """Yield the page piece by piece; pictures are made one at a time."""
    palette = Palette(ds.labels)
    yield _opening(ds, title, len(rows))
    with bar(total=len(rows), disable=not progress, unit="picture") as shown:
        for row in rows:
            yield f'<template id="annokit-p{row}">{_figure(ds, row, palette)}</template>\n'
            shown.update()
    yield f'<script type="application/json" id="annokit-data">{embedded(_data(ds, rows, palette))}</script>\n'
    yield f"<script>{SCRIPT}</script></body></html>\n"


def _opening(ds: Dataset, title: str, pictures: int) -> str:
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    items, annotations = counted(len(ds), "item"), counted(len(ds.annotations), "annotation")
    note = "" if pictures == len(ds) else f"<p class='annokit-dim'>Pictures of {pictures:,} of {items}.</p>"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width"><title>{escaped(title)}</title>
<style>{STYLE}{PAGE_STYLE}</style></head>
<body class="annokit"><div class="annokit-page">
<div class="annokit-side"><h1><bdi>{escaped(title)}</bdi></h1>
<div>{items}<br>{annotations}<br>{counted(len(ds.labels), "label")}</div>{note}
<h2>name</h2><input type="search" id="annokit-words" aria-label="name contains">
<h2>status</h2><select id="annokit-status" aria-label="status"></select>
<h2>split</h2><select id="annokit-split" aria-label="split"></select>
<h2>picture</h2><label><input type="checkbox" id="annokit-pictured"> <span>only items with one</span></label>
<h2>labels</h2><div class="annokit-choices" id="annokit-labels"></div></div>
<div class="annokit-main"><div class="annokit-pager"><button id="annokit-back">back</button>
<button id="annokit-next">next</button> <span id="annokit-place"></span></div>
<noscript>This page needs its script to show items.</noscript>
<div class="annokit-cards" id="annokit-cards"></div></div></div>
"""


def _figure(ds: Dataset, row: int, palette: Palette) -> str:
    item = ds[row]
    try:
        found = scene(item, longest=SIDE)
        return picture(found, palette, shown(found.size, SIDE, SIDE), item.name)[0]
    except AnnokitError as error:
        return f'<div class="annokit-none annokit-dim">{escaped(error)}</div>'


def _data(ds: Dataset, rows: list[int], palette: Palette) -> dict[str, Any]:
    """Return what the script reads: one list per column of the items, and per (item, label) pair that occurs."""
    items, labels, number = _pairs(ds)
    colors = [(clean(label.path, 80), to_hex(palette.color(label))) for label in ds.labels]
    splits, split = _coded(ds, "split")
    sizes, size = _sizes(ds)
    return {
        "names": [clean(name) for name in ds.names],
        "labels": [*colors, ("no label", to_hex(GREY))],
        "totals": [(place if place >= 0 else len(ds.labels), count) for place, count in counts.labels(ds)],
        "statuses": [status or "" for status in STATUSES],
        "status": ds._items.array("status").tolist(),
        "splits": splits,
        "split": split,
        "sizes": sizes,
        "size": size,
        "starts": np.searchsorted(items, np.arange(len(ds) + 1)).tolist(),
        "label": labels.tolist(),
        "count": number.tolist(),
        "pictured": rows,
    }


def _pairs(ds: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (item, label, annotations) of every pair that occurs, by item; no label counts as the last one."""
    item, label = ds.annotations.item, ds.annotations.label
    kinds = len(ds.labels) + 1
    keys = item * kinds + np.where(label < 0, kinds - 1, label)
    pairs, number = np.unique(keys[item >= 0], return_counts=True)
    return pairs // kinds, pairs % kinds, number


def _coded(ds: Dataset, name: str) -> tuple[list[str], list[int]]:
    """Return the distinct values of a column of text, "" for none, and the place of each item's."""
    values: list[Any] = [""] * len(ds)
    column = ds._items.sparse(name)
    if column is not None:
        rows = column.present()
        for row, value in zip(rows.tolist(), column.values_of(rows), strict=True):
            values[row] = clean(value)
    places: dict[str, int] = {}
    coded = [places.setdefault(value, len(places)) for value in values]
    return list(places), coded


def _sizes(ds: Dataset) -> tuple[list[str], list[int]]:
    pairs, places = np.unique(ds._items.array("size"), axis=0, return_inverse=True)
    names = [f"{width}x{height}" if width > 0 and height > 0 else "" for width, height in pairs.tolist()]
    return names, places.reshape(-1).tolist()


def embedded(value: Any) -> str:
    """Return JSON that can stand inside a script element: no character in it can end the element or a line."""
    import orjson

    text = orjson.dumps(value)
    for found, replaced in _ESCAPES.items():
        text = text.replace(found, replaced)
    return text.decode("utf-8")
