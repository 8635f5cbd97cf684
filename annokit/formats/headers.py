"""Sizes of the pictures that lie in a source: of a folder in threads, of an archive one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.errors import AnnokitError

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.media.size import ImageSizes

STEP = 64
"""Pictures of an archive between two steps of the progress."""


def sizes_in(source: Source, names: Sequence[str], progress: Callable[[int, int], object]) -> ImageSizes:
    """Return the sizes of pictures as displayed, from their headers.

    Parameters
    ----------
    source : Source
        A folder or an archive.
    names : sequence of str
        Names of the pictures in it.
    progress : callable
        Called with (pictures done, pictures in all) now and then, and once at the end.

    Returns
    -------
    ImageSizes
        (n, 2) int64 width and height in the order of `names`, -1 where a picture can't be read, and the errors.
    """
    from annokit.media.size import ImageSizes, image_size, image_sizes

    if source.kind == "folder":
        return image_sizes([source.where(name) for name in names], progress=progress)
    sizes = np.full((len(names), 2), -1, np.int64)
    errors: list[tuple[int, Exception]] = []
    for row, name in enumerate(names):
        try:
            with source.open(name) as file:
                sizes[row] = image_size(file)
        except (AnnokitError, OSError) as error:
            errors.append((row, error))
        if row % STEP == STEP - 1:
            progress(row + 1, len(names))
    progress(len(names), len(names))
    return ImageSizes(sizes, tuple(errors))
