"""HTML of a dataset: how much of what, and a strip of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annokit.display import counts
from annokit.display.canvas import fitted
from annokit.display.colors import Palette, to_hex
from annokit.display.draw import small, spaced
from annokit.display.html import GREY, bars, block, head
from annokit.display.report import STYLE as REPORT_STYLE
from annokit.display.report import issue_table
from annokit.display.text import escaped
from annokit.display.thumbnail import data_uri
from annokit.errors import AnnokitError
from annokit.wording import counted

if TYPE_CHECKING:
    import numpy as np

    from annokit.model.dataset import Dataset

THUMBNAILS = 8
SIDE = 112
URI_BYTES = 12_000
MOST_LABELS = 300
MOST_SIZES = 40


def dataset_html(ds: Dataset) -> str:
    """Return a dataset as HTML without scripts: counts as bars, issues of the read, some pictures.

    Everything is counted over columns; annotations become objects for the pictures shown alone.
    """
    facts = [counted(len(ds), "item"), counted(len(ds.annotations), "annotation"), counted(len(ds.labels), "label")]
    if len(ds.sequences):
        facts.append(counted(len(ds.sequences), "sequence"))
    parts = [
        bars("labels", _labels(ds)),
        bars("shapes", _grey(counts.shapes(ds))),
        bars("sizes", _grey(counts.sizes(ds)[:MOST_SIZES]), 6),
        bars("splits", _grey(counts.splits(ds)[:MOST_SIZES])),
        bars("status", _grey(counts.statuses(ds))),
    ]
    unseen = len(ds.labels) - MOST_LABELS
    if unseen > 0:
        facts.append(f"the rarest {unseen:,} of them not shown")
    body = f'{head("Dataset", facts)}<div class="annokit-blocks">{"".join(parts)}</div>{_strip(ds)}{_issues(ds)}'
    return block(body, style=REPORT_STYLE if ds.issues else "")


def _labels(ds: Dataset) -> list[tuple[str, int, str]]:
    palette = Palette(ds.labels)
    found = []
    for place, count in counts.labels(ds)[:MOST_LABELS]:
        label = None if place < 0 else ds.labels[place]
        found.append(("no label" if label is None else label.path, count, to_hex(palette.color(label))))
    return found


def _grey(pairs: counts.Counts) -> list[tuple[str, int, str]]:
    return [(name, count, GREY) for name, count in pairs]


def _issues(ds: Dataset) -> str:
    if not ds.issues:
        return ""
    kinds = len(ds.issues)
    title = f"{kinds:,} {'kind' if kinds == 1 else 'kinds'} of issues while reading, {ds.issues.severity} at worst"
    return f'<details><summary>{title}</summary><div class="annokit-report">{issue_table(ds.issues)}</div></details>'


def _strip(ds: Dataset) -> str:
    figures = [_thumbnail(ds, row) for row in _rows(ds)]
    return f'<div class="annokit-strip">{"".join(figures)}</div>' if figures else ""


def _rows(ds: Dataset) -> list[int]:
    """Return the items shown: evenly spaced among those that have a file, else annotations."""
    chosen = _with_file(ds)
    if not len(chosen):
        offsets = ds._index[0]
        chosen = (offsets[1:] > offsets[:-1]).nonzero()[0]
    return [int(chosen[place]) for place in spaced(len(chosen), THUMBNAILS)]


def _with_file(ds: Dataset) -> np.ndarray:
    import numpy as np

    column = ds._items.sparse("path")
    return np.zeros(0, np.int64) if column is None else column.present()


def _thumbnail(ds: Dataset, row: int) -> str:
    item = ds[row]
    name = escaped(item.name)
    try:
        picture = small(item, SIDE * 2, labels=False)
    except AnnokitError as error:
        return f"<figure>{name}<figcaption>{escaped(error)}</figcaption></figure>"
    width, height = fitted(picture.size, SIDE)
    uri = data_uri(picture, URI_BYTES)
    image = f'<img src="{uri}" alt="{name}" title="{name}" width="{width}" height="{height}">'
    return f"<figure>{image}<figcaption><bdi>{name}</bdi></figcaption></figure>"
