"""PNG pictures of items' labels, as exports with a PNG per semantic label hold them: one per label, and one of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.codecs.mask_png import picture
from annokit.codecs.names import clean_part, safe_names
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.formats.dataloop.colors import colors_of
from annokit.geometry import runs
from annokit.geometry.paint import paint
from annokit.model.pixels import runs_of
from annokit.model.schema import ITEM_KINDS, KIND_CODE

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.model.dataset import Dataset

PICTURES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "labels": ("semantic/",),
    "combined": ("mask/",),
    "both": ("semantic/", "mask/"),
}
"""Folders of pictures by what a caller asks for: of each label, of all."""

AREAS = tuple(KIND_CODE[kind] for kind in ("box", "rotated_box", "ellipse", "polygon", "mask"))

IMAGE = ITEM_KINDS.index("image")


def check_pictures(pictures: str) -> None:
    """Raise UsageError where nothing such can be asked for."""
    if pictures not in PICTURES:
        raise UsageError(f"pictures={pictures!r}; expected one of {', '.join(sorted(PICTURES))}")


def write_labels(ds: Dataset, output: Output, files: Sequence[str], pictures: str) -> None:
    """Write the pictures of all images of known size that have an annotation with an area.

    Parameters
    ----------
    ds : Dataset
        In pixels.
    output : Output
        Gets ``semantic/<item>/<label>.png``, in the label's colour on nothing, and ``mask/<item>.png``, in which
        later annotations lie over earlier ones.
    files : sequence of str
        Name of each item's file.
    pictures : {"none", "labels", "combined", "both"}
        Which of them.
    """
    wanted = PICTURES[pictures]
    if not wanted:
        return
    for item, rows, size in _painted_items(ds):
        drawn = _Drawn(ds, rows, size)
        for folder in wanted:
            for name, data in (drawn.by_label() if folder == "semantic/" else drawn.together()).items():
                output.write(f"{folder}{files[item]}{name}.png", data)


def _painted_items(ds: Dataset) -> Iterator[tuple[int, Array, tuple[int, int]]]:
    kinds = ds._annotations.array("kind")
    sizes = ds._items.array("size")
    images = (ds._items.array("kind") == IMAGE) & (sizes > 0).all(axis=1)
    for item in np.flatnonzero(images).tolist():
        rows = ds._rows_of_item(item)
        rows = rows[np.isin(kinds[rows], AREAS)]
        if len(rows):
            width, height = sizes[item].tolist()
            yield item, rows, (height, width)


class _Drawn:
    """The areas of some annotations of one item."""

    def __init__(self, ds: Dataset, rows: Array, size: tuple[int, int]) -> None:
        self._ds, self._size = ds, size
        self._labels = ds._annotations.array("label")[rows]
        self._pixels = np.array([_packed(color) for color in colors_of(ds.labels)], np.uint32)
        self._masks = [_fitted(ds, row, size) for row in rows.tolist()]

    def by_label(self) -> dict[str, bytes]:
        """Return a picture per label, by its name behind a slash."""
        labels = np.unique(self._labels[self._labels >= 0]).tolist()
        titles = safe_names([clean_part(self._ds.labels[label].name) for label in labels]).files
        return {f"/{title}": self._picture([label]) for title, label in zip(titles, labels, strict=True)}

    def together(self) -> dict[str, bytes]:
        """Return the one picture of all labels."""
        return {"": self._picture(np.unique(self._labels).tolist())}

    def _picture(self, labels: Sequence[int]) -> bytes:
        places = np.flatnonzero(np.isin(self._labels, labels)).tolist()
        masks = [self._masks[place] for place in places]
        offsets = np.cumsum([0, *map(len, masks)])
        values = self._pixels[self._labels[places]]
        return picture(paint(np.concatenate(masks), offsets, values, self._size))


def _packed(color: Sequence[int]) -> int:
    return color[0] | color[1] << 8 | color[2] << 16 | 0xFF << 24


def _fitted(ds: Dataset, row: int, size: tuple[int, int]) -> Array:
    """Return the run lengths of one annotation; a mask of another size is laid into the item's corner."""
    own = size
    if ds._annotations.array("kind")[row] == KIND_CODE["mask"]:
        from annokit.model.masks import counts

        flat, _, sizes = counts(ds, np.array([row]))
        own = (int(sizes[0, 0]), int(sizes[0, 1]))
        if own != size:
            return _laid(flat, own, size)
    return runs_of(ds, np.array([row]), own)[0]


def _laid(flat: Array, own: tuple[int, int], size: tuple[int, int]) -> Array:
    height, width = min(own[0], size[0]), min(own[1], size[1])
    canvas = np.zeros(size, bool)
    canvas[:height, :width] = runs.decode(flat, own)[:height, :width]
    return runs.encode(canvas)


__all__ = ["check_pictures", "write_labels"]
