"""Frames of a video file by their number, exactly.

A frame's number counts from 0 in the order in which a player shows them, as the platforms count. It is found by listing
the file's packets once, without decoding, so that variable frame rates, frames that refer to later ones and edit lists
are no obstacle; then the file is decoded from the last key frame before it. Needs the extra ``video`` (PyAV).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.errors import MediaError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

Array = np.ndarray[Any, Any]


def pyav() -> Any:
    """Return the module av; MissingExtraError says how to install it."""
    try:
        import av
    except ImportError:
        raise MissingExtraError.of("video", "av", "reading video") from None
    return av


@attrs.frozen(eq=False, slots=False)
class VideoIndex:
    """What the packets of a file tell: which frames there are, when they are shown, where decoding can begin."""

    path: str
    """The file."""

    width: int
    """Pixels of the frames as they are shown."""

    height: int
    """Pixels of the frames as they are shown."""

    stamps: Array
    """(n,) int64 time stamp of each frame in the stream's own unit, ascending."""

    keys: Array
    """(k,) int64 time stamps of the key frames, ascending."""

    unit: float
    """Seconds per unit of the time stamps."""

    def __len__(self) -> int:
        return len(self.stamps)

    @cached_property
    def times(self) -> Array:
        """(n,) float64 seconds from the first frame to each."""
        return np.asarray((self.stamps - self.stamps[0]) * self.unit) if len(self) else np.zeros(0)

    @property
    def fps(self) -> float:
        """Frames per second on average; 0 for a single frame."""
        return float((len(self) - 1) / self.times[-1]) if len(self) > 1 and self.times[-1] > 0 else 0.0

    def frames_between(self, start: float | None, end: float | None) -> tuple[int, int]:
        """Return the first and the last frame shown from `start` to `end` seconds, None for an open end.

        A frame is shown until the next one; an instant gives the one frame that is shown then.
        """
        if not len(self):
            return 0, -1
        first = 0 if start is None else int(np.searchsorted(self.times, start + _TINY, side="right")) - 1
        last = len(self) - 1 if end is None else int(np.searchsorted(self.times, end + _TINY, side="right")) - 1
        return max(first, 0), last


_TINY = 1e-6


def frame_count(path: str | PathLike[str]) -> int | None:
    """Return how many frames the head of a video states, which is the most that there are; None where it says nothing.

    Raises
    ------
    MediaError
        The file is no video, or damaged.
    """
    with _opened(path) as (_, stream):
        return int(stream.frames) or None


def video_size(path: str | PathLike[str]) -> tuple[int, int]:
    """Return width and height of a video's frames as they are shown.

    Raises
    ------
    MediaError
        The file is no video, or damaged.
    """
    with _opened(path) as (_, stream):
        width, height = stream.codec_context.width, stream.codec_context.height
    if not (width > 0 and height > 0):
        raise MediaError(f"{path}: the video states no size", path=fspath(path))
    return (height, width) if _quarter_turns(path) % 2 else (width, height)


def index_video(path: str | PathLike[str]) -> VideoIndex:
    """List the frames of a video without decoding it.

    Raises
    ------
    MediaError
        The file is no video, or damaged.
    """
    with _opened(path) as (container, stream):
        stamps: list[int] = []
        keys: list[int] = []
        for packet in container.demux(stream):
            if packet.pts is None or packet.is_discard:
                continue
            stamps.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
        size = stream.codec_context.width, stream.codec_context.height
        unit = float(stream.time_base)
    turned = size[::-1] if _quarter_turns(path) % 2 else size
    order = np.unique(np.array(stamps, np.int64))
    return VideoIndex(fspath(path), turned[0], turned[1], order, np.sort(np.array(keys, np.int64)), unit)


def _quarter_turns(path: str | PathLike[str]) -> int:
    """Return by how many quarter turns counterclockwise a player turns the frames."""
    with _opened(path) as (container, stream):
        for frame in container.decode(stream):
            return round(getattr(frame, "rotation", 0) / 90) % 4
    return 0


def read_frames(
    path: str | PathLike[str], numbers: Iterable[int], index: VideoIndex | None = None
) -> Iterator[tuple[int, Array]]:
    """Yield frames of a video, each packet decoded once at the most.

    Parameters
    ----------
    path : path
        The file.
    numbers : iterable of int
        Frame numbers from 0; they come sorted, each once.
    index : VideoIndex, optional
        Of the same file; made where it is not given.

    Yields
    ------
    number : int
        Frame number.
    pixels : (height, width, 3) uint8 array
        Red, green, blue.

    Raises
    ------
    MediaError
        A frame lies beyond the end, or the file is damaged.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return
    index = index or index_video(path)
    if wanted[0] < 0 or wanted[-1] >= len(index):
        beyond = wanted[0] if wanted[0] < 0 else wanted[-1]
        raise MediaError(
            f"{path}: there is no frame {beyond}; frames run from 0 to {len(index) - 1}", path=fspath(path)
        )
    stamps = index.stamps[wanted].tolist()
    with _opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        frames = _decoded(container, stream, index, stamps)
        for number, (stamp, frame) in zip(wanted, frames, strict=False):
            if frame is None:
                raise MediaError(f"{path}: frame {number} (time stamp {stamp}) can't be decoded", path=fspath(path))
            yield number, _pixels(frame)


def _decoded(container: Any, stream: Any, index: VideoIndex, stamps: list[int]) -> Iterator[tuple[int, Any]]:
    """Yield (stamp, frame or None) of ascending time stamps, skipping ahead over key frames where none is wanted."""
    frames: Iterator[Any] = iter(())
    position: int | None = None
    for stamp in stamps:
        key = _key_before(index, stamp)
        if position is None or (key is not None and key > position):
            frames = _from_key(container, stream, index, stamp)
        found = None
        for frame in frames:
            position = frame.pts
            if frame.pts is not None and frame.pts >= stamp:
                found = frame if frame.pts == stamp else None
                break
        yield stamp, found


def _key_before(index: VideoIndex, stamp: int) -> int | None:
    place = int(index.keys.searchsorted(stamp, side="right")) - 1
    return int(index.keys[place]) if place >= 0 else None


def _from_key(container: Any, stream: Any, index: VideoIndex, stamp: int) -> Iterator[Any]:
    """Return decoded frames from a key frame at or before `stamp`, from the beginning where seeking goes too far."""
    key = _key_before(index, stamp)
    while key is not None:
        container.seek(key, stream=stream, backward=True)
        frames = container.decode(stream)
        first = next(frames, None)
        if first is not None and first.pts is not None and first.pts <= stamp:
            return _chain(first, frames)
        key = _key_before(index, key - 1)
    container.seek(int(index.stamps[0]), stream=stream, backward=True)
    return iter(container.decode(stream))


def _chain(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _pixels(frame: Any) -> Array:
    array: Array = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def frame_image(path: str | PathLike[str], number: int) -> Image:
    """Return one frame of a video as a PIL image."""
    from PIL import Image

    index = _remembered(fspath(path))
    for _, pixels in read_frames(path, [number], index):
        return Image.fromarray(pixels)
    raise MediaError(f"{path}: there is no frame {number}", path=fspath(path))


_INDEXES: dict[tuple[str, int, int], VideoIndex] = {}
_MOST_INDEXES = 16


def _remembered(path: str) -> VideoIndex:
    """Return the index of a file, made once as long as the file stays the same."""
    try:
        told = Path(path).stat()
    except OSError as error:
        raise MediaError(f"{path}: {error.strerror or error}", path=path) from error
    key = (path, told.st_mtime_ns, told.st_size)
    found = _INDEXES.get(key)
    if found is None:
        found = index_video(path)
        while len(_INDEXES) >= _MOST_INDEXES:
            _INDEXES.pop(next(iter(_INDEXES)), None)
        _INDEXES[key] = found
    return found


@contextmanager
def _opened(path: str | PathLike[str]) -> Iterator[tuple[Any, Any]]:
    """Open a file's first video stream; every error of the library becomes a MediaError that names the file."""
    av = pyav()
    name = fspath(path)
    try:
        with av.open(name) as container:
            if not container.streams.video:
                raise MediaError(f"{name}: the file holds no video", path=name)
            yield container, container.streams.video[0]
    except av.error.FFmpegError as error:
        raise MediaError(f"{name}: the video can't be read ({error.strerror})", path=name) from error
    except OSError as error:
        raise MediaError(f"{name}: {error.strerror or error}", path=name) from error
