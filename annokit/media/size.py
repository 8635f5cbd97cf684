"""Sizes of image files, one or a hundred thousand, from their headers alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike, fspath
from typing import BinaryIO, Literal

import attrs
import numpy as np

from annokit.errors import MediaError, UsageError
from annokit.media.header import ImageHeader, parse_header

_CHUNK = 64


def image_header(source: str | PathLike[str] | BinaryIO) -> ImageHeader:
    """Return kind, stored size and EXIF orientation of an image file.

    Parameters
    ----------
    source : path or seekable binary file
        A file object is left at the position where it was.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    MediaError
        The file is empty, cut short in its header, or not an image; ``path`` names it.
    """
    if not isinstance(source, str | PathLike):
        position = source.tell()
        try:
            return parse_header(source, str(getattr(source, "name", "<stream>")))
        finally:
            source.seek(position)
    label = fspath(source)
    try:
        with io.FileIO(label) as file:
            return parse_header(file, label)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise MediaError(f"{label}: can't be read ({error.strerror or error})", path=label) from error


def image_size(source: str | PathLike[str] | BinaryIO) -> tuple[int, int]:
    """Return (width, height) in pixels of an image as displayed, EXIF orientation applied.

    See Also
    --------
    image_header : the stored size and the orientation apart; same parameters and errors.
    """
    return image_header(source).size


@attrs.frozen(eq=False)
class ImageSizes:
    """Sizes of many files, aligned with the paths that were asked for."""

    sizes: np.ndarray
    """(n, 2) int64 array of width and height in pixels as displayed; -1 where the file can't be read."""

    errors: tuple[tuple[int, Exception], ...]
    """(position, MediaError or FileNotFoundError) of each file that can't be read, in order."""


def image_sizes(
    paths: Sequence[str | PathLike[str]],
    *,
    workers: int = 8,
    progress: Callable[[int, int], object] | None = None,
    on_error: Literal["collect", "raise"] = "collect",
) -> ImageSizes:
    """Return the displayed sizes of many image files, read in threads.

    Parameters
    ----------
    paths : sequence of path
        The files.
    workers : int
        Threads; they help where files lie on slow or distant disks.
    progress : callable, optional
        Called with (files done, files in all) now and then, and once at the end.
    on_error : {"collect", "raise"}
        ``raise`` ends with the first file that can't be read.

    Returns
    -------
    ImageSizes
        The sizes in the order of `paths`, and the errors.
    """
    if on_error not in ("collect", "raise"):
        raise UsageError(f"on_error is {on_error!r}; expected 'collect' or 'raise'")
    sizes = np.full((len(paths), 2), -1, np.int64)
    errors: list[tuple[int, Exception]] = []
    starts = range(0, len(paths), _CHUNK)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        try:
            for start, rows in zip(starts, pool.map(lambda at: _sizes(paths[at : at + _CHUNK]), starts), strict=True):
                _store(rows, start, sizes, errors)
                _raise_first(errors if on_error == "raise" else [])
                if progress is not None:
                    progress(start + len(rows), len(paths))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return ImageSizes(sizes, tuple(errors))


def _raise_first(errors: Sequence[tuple[int, Exception]]) -> None:
    for _, error in errors:
        raise error


def _sizes(paths: Sequence[str | PathLike[str]]) -> list[tuple[int, int] | Exception]:
    rows: list[tuple[int, int] | Exception] = []
    for path in paths:
        try:
            rows.append(image_size(path))
        except (MediaError, FileNotFoundError) as error:
            rows.append(error)
    return rows


def _store(
    rows: Sequence[tuple[int, int] | Exception], start: int, sizes: np.ndarray, errors: list[tuple[int, Exception]]
) -> None:
    for index, row in enumerate(rows, start):
        if isinstance(row, Exception):
            errors.append((index, row))
        else:
            sizes[index] = row
