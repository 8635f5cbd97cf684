"""Pictures that go along with the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from annokit.columns import MISSING
from annokit.errors import MediaError

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.context import WriteContext
    from annokit.model.dataset import Dataset


def picture_paths(ds: Dataset, context: WriteContext) -> list[str] | None:
    """Return where the picture of every item lies, None where no pictures are to go along.

    Raises
    ------
    MediaError
        An item has no file on this machine.
    """
    if context.media == "none":
        return None
    paths = [ds._items.value("path", row) for row in range(len(ds))]
    lost = [name for name, path in zip(ds.names, paths, strict=True) if path is MISSING]
    if lost:
        raise MediaError(
            f"media={context.media!r} needs every picture on this machine, but {len(lost):,} of {len(ds):,} items "
            f"have no file (first: {lost[0]!r}); give images= when reading, or fetch them"
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
