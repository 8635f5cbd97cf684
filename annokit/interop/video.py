"""Saving frames of a video that carry labels, plain or with the labels drawn on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.columns import Number
from annokit.errors import UsageError
from annokit.formats.io import shown
from annokit.media.video import VideoIndex, index_video, read_frames
from annokit.model.schema import ITEM_KINDS
from annokit.model.tracks import NO_FRAME, item_frames, scopes

if TYPE_CHECKING:
    from annokit.formats.context import Progress
    from annokit.model.dataset import Dataset

Array = np.ndarray[Any, Any]

FORMS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP", "bmp": "BMP", "tif": "TIFF"}
"""File endings and Pillow's names for them."""

VIDEO = ITEM_KINDS.index("video")


def extract_frames(  # noqa: PLR0913 - all but three are options by keyword
    ds: Dataset,
    video: str | PathLike[str],
    out: str | PathLike[str],
    *,
    frames: Iterable[int] | None = None,
    draw: bool = False,
    form: str = "png",
    title: str | None = None,
    overwrite: bool = False,
    progress: bool | Progress = False,
) -> list[Path]:
    """Save frames of a video as pictures.

    Parameters
    ----------
    ds : Dataset
        Labels of the video: frames, rows between key frames, or spans of time.
    video : path
        The video file.
    out : path
        Folder for ``<video stem>_<frame, six digits>.<form>``.
    frames : iterable of int, optional
        Which frames, in the platform's own numbers from 0; by default all that carry labels.
    draw : bool
        Draw the labels on the frames.
    form : {"png", "jpg", "webp", "bmp", "tif"}
        File format.
    title : str, optional
        Name or id of the sequence that the video shows; by default the one called like the file, or the only one.
    overwrite : bool
        Replace what is in the folder.
    progress : bool or callable
        True for a bar, or ``progress(done, total)``.

    Returns
    -------
    list of Path
        The files, in the order of the frames.

    Raises
    ------
    UsageError
        No sequence, or several, fit the video.
    MediaError
        A frame lies beyond the video, or the video can't be read.
    """
    from annokit.codecs.output import open_output

    if form not in FORMS:
        raise UsageError(f"form {form!r}; expected one of {', '.join(sorted(FORMS))}")
    index = index_video(video)
    labelled = frames_of_video(ds, video, index, title)
    numbers = _numbers(labelled, frames)
    stem = Path(fspath(video)).stem
    with open_output(out, kind="folder", overwrite=overwrite) as output, shown(progress, "extract frames") as tell:
        for done, (number, data) in enumerate(_encoded(labelled, video, numbers, index, (draw, form)), 1):
            output.write(_file(stem, number, form), data)
            tell(done, len(numbers))
    return [Path(fspath(out)) / _file(stem, number, form) for number in numbers]


def _file(stem: str, number: int, form: str) -> str:
    return f"{stem}_{number:06d}.{form}"


def _numbers(labelled: Dataset, frames: Iterable[int] | None) -> list[int]:
    if frames is not None:
        return sorted(set(frames))
    with_labels = np.unique(labelled._annotations.array("item"))
    found = item_frames(labelled)[with_labels]
    numbers: list[int] = np.unique(found[found != NO_FRAME]).tolist()
    return numbers


def _encoded(
    labelled: Dataset, video: Any, numbers: list[int], index: VideoIndex, how: tuple[bool, str]
) -> Iterator[tuple[int, bytes]]:
    from PIL import Image

    draw, form = how
    rows = {number: row for row, number in enumerate(item_frames(labelled).tolist()) if number != NO_FRAME}
    for number, pixels in read_frames(video, numbers, index):
        picture = Image.fromarray(pixels)
        if draw and number in rows:
            from annokit.display.draw import draw_shapes

            picture = draw_shapes(picture, labelled[rows[number]].annotations)
        buffer = BytesIO()
        picture.save(buffer, FORMS[form])
        yield number, buffer.getvalue()


def frames_of_video(ds: Dataset, video: str | PathLike[str], index: VideoIndex, title: str | None = None) -> Dataset:
    """Return the frames of one video that carry labels, spans of time and rows between key frames spread over them."""
    from annokit.model.expand import expand

    chosen = ds[_items_of_video(ds, video, title)]
    return expand(_framed(_sized(chosen, index), index))


def _sized(ds: Dataset, index: VideoIndex) -> Dataset:
    """Return the dataset with the video's size where an item has none."""
    from annokit.columns import Fixed

    size = ds._items.array("size")
    unknown: Array = np.any(size <= 0, axis=1)
    if not unknown.any():
        return ds
    filled = np.where(unknown[:, None], (index.width, index.height), size)
    return ds._with(items=ds._items.replace({"size": Fixed(filled)}))


def _items_of_video(ds: Dataset, video: str | PathLike[str], title: str | None) -> Array:
    """Return the rows of the items that belong to a video: a sequence, or one of the videos within one."""
    owner = scopes(ds, np.arange(len(ds)))
    present = np.unique(owner).tolist()
    file = Path(fspath(video))
    wanted = {title} if title is not None else {file.name, file.stem}
    fits = [scope for scope in present if _titles(ds, scope) & wanted]
    within = [] if fits else [row for row, name in enumerate(ds.names) if name.rpartition("#")[0] in wanted]
    if within and len(set(owner[within].tolist())) == 1:
        return np.array(within, np.int64)
    if not fits and title is None and len(present) == 1:
        fits = present
    if len(fits) != 1:
        told = ", ".join(sorted({name for scope in present for name in _titles(ds, scope)})[:10]) or "none"
        raise UsageError(f"{len(fits)} videos of the dataset fit {file.name!r}; name one by title=. There are: {told}")
    return np.flatnonzero(owner == fits[0])


def _titles(ds: Dataset, scope: int) -> set[str]:
    """Return what a sequence, or a video without one (-2 - its row), may be called."""
    if scope >= 0:
        sequence = ds.sequences[scope]
        names = {str(sequence.id), sequence.name}
    else:
        names = {ds[-2 - scope].name} if scope < -1 else set()
    return names | {Path(name).name for name in names} | {Path(name).stem for name in names}


def _framed(ds: Dataset, index: VideoIndex) -> Dataset:
    """Return the dataset in which spans of time on whole videos state their frames, too."""
    spans = ds._annotations.sparse("span")
    if spans is None:
        return ds
    numbers = spans.dense()
    assert isinstance(numbers, Number)
    rows = spans.present()
    on_video = ds._items.array("kind")[ds._annotations.array("item")[rows]] == VIDEO
    values = numbers.values.copy()
    seconds = ds.annotations.span[rows]
    for place in np.flatnonzero(on_video & np.isnan(values[:, 2:]).all(axis=1)).tolist():
        start, end = (None if np.isnan(t) else float(t) for t in seconds[place])
        values[place, 2:] = index.frames_between(start, end)
    column = attrs.evolve(spans, slots=None, values=Number(values))
    return ds._with(annotations=ds._annotations.replace({"span": column}))
