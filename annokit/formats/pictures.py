"""Pictures that go along with the labels, and pictures that a write must not take away."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import realpath
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.codecs.names import safe_names, write_manifest
from annokit.columns import MISSING
from annokit.errors import MediaError, UsageError
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset

FOLDER = "images"
"""Where pictures go in the tree of a format that has no place of its own for them."""

PHOTOS = (".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".mp4", ".mov", ".avi", ".mkv")
"""Endings of files that are no masks: one of these that is called like an item is taken for its picture."""


def picture_paths(ds: Dataset, context: WriteContext) -> list[str] | None:
    """Return where the picture of every item lies, None where no pictures are to go along.

    Raises
    ------
    MediaError
        An item has no file on this machine.
    """
    if context.media == "none":
        return None
    paths = _paths(ds)
    lost = [name for name, path in zip(ds.names, paths, strict=True) if path is MISSING]
    if lost:
        raise MediaError(
            f"media={context.media!r} needs every picture on this machine, but {len(lost):,} of "
            f"{counted(len(ds), 'item')} have no file (first: {lost[0]!r}); give images= when reading, or fetch them"
        )
    return paths


def write_pictures(output: Output, context: WriteContext, files: Sequence[str], paths: Sequence[str]) -> None:
    """Copy or link the pictures of a dataset under the names `files`.

    Raises
    ------
    MediaError
        A picture is not there any more.
    """
    put = output.copy if context.media == "copy" else output.link
    for file, path in zip(files, paths, strict=True):
        try:
            put(file, path)
        except FileNotFoundError as error:
            raise MediaError(f"{path}: there is no such file", path=str(path)) from error


def write_media(ds: Dataset, output: Output, context: WriteContext, files: Sequence[str]) -> None:
    """Put the picture of every item where the tree wants it, where pictures go along."""
    paths = picture_paths(ds, context)
    if paths is not None:
        write_pictures(output, context, files, paths)


def write_beside(ds: Dataset, output: Output, context: WriteContext) -> None:
    """Put the pictures into a folder beside the file, called like their items; one that items share goes there once.

    Names that had to change are in the folder's manifest, by which ``images=`` finds the pictures again.
    """
    if context.media == "none":
        return
    paths = _paths(ds)
    first = {path: row for row, path in reversed(list(enumerate(paths)))}
    rows = [row for row, path in enumerate(paths) if path is MISSING or first[path] == row]
    shared = {path for row, path in enumerate(paths) if path is not MISSING and first[path] != row}
    names = [_last(paths[row]) if paths[row] in shared else ds.names[row] for row in rows]
    safe = safe_names(names)
    write_media(ds[np.array(rows, np.int64)], output, context, [f"{FOLDER}/{file}" for file in safe])
    write_manifest(output, safe, FOLDER)


def spare(ds: Dataset, output: Output) -> None:
    """Refuse to replace a folder that holds pictures of the dataset which the new tree lacks.

    Raises
    ------
    UsageError
        Replacing the folder would delete them.
    """
    going = output.going()
    if not going:
        return
    paths = {realpath(path) for path in _paths(ds) if path is not MISSING}
    names = {_last(name).lower() for name in ds.names if name.lower().endswith(PHOTOS)}
    lost = [path for path in going if realpath(path) in paths or _last(path).lower() in names]
    if lost:
        raise UsageError(
            f"{output.label} holds pictures of the dataset, which replacing it would delete ({len(lost):,}, first: "
            f"{lost[0]}); choose another path, or give media='copy'"
        )


def _last(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _paths(ds: Dataset) -> list[Any]:
    column = ds._items.get("path")
    return [MISSING] * len(ds) if column is None else column.to_list()
