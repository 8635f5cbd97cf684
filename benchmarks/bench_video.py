"""Taking labelled frames out of a 1080p video, as ratios to decoding it once and making RGB of those frames.

The video is made by PyAV (extra ``video``); every other frame carries a label. ``arrays`` reads the frames as arrays,
``files`` saves them by :func:`annokit.extract_frames`, whose floor encodes the same frames, too. Both sides run in one
process, interleaved, best of three.

::

    python -m benchmarks.bench_video
    python -m benchmarks.bench_video 500          # labelled frames
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

import annokit
from benchmarks.generate import cache_folder

LABELLED, EVERY = 1000, 2
SIZE = (1920, 1080)
FORM = "jpg"
BARS = {"arrays": 1.2, "files": 1.2}


def video_file(folder: Path, frames: int, size: tuple[int, int] = SIZE) -> Path:
    """Return the path of a video of so many frames, made now unless it lies in the folder."""
    import av

    path = folder / f"video-{frames}-{size[0]}x{size[1]}.mp4"
    if path.exists():
        return path
    width, height = size
    unfinished = path.with_suffix(".part.mp4")
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    with av.open(str(unfinished), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "veryfast", "g": "50", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            luma = ((x + 3 * number) % 256 ^ (y + number) % 256).astype(np.uint8)
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = luma
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode())
    return unfinished.rename(path)


def labels(frames: range, size: tuple[int, int]) -> annokit.Dataset:
    """Return a dataset whose items are frames of the video, each with a box."""
    builder = annokit.DatasetBuilder()
    sequence = builder.add_sequence("s", name="video")
    for frame in frames:
        item = builder.add_item(
            f"video#{frame}", kind="frame", frame=frame, sequence=sequence, width=size[0], height=size[1]
        )
        builder.add_annotation(item, "thing", annokit.Box(0.25, 0.25, 0.75, 0.75))
    return builder.build()


def decoded(path: Path, wanted: set[int]) -> int:
    """Decode the whole video and make RGB of the wanted frames: the floor of arrays."""
    return sum(int(pixels[0, 0, 0]) for pixels in _rgb(path, wanted))


def _rgb(path: Path, wanted: set[int]) -> Any:
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                yield frame.to_ndarray(format="rgb24")


def arrays(path: Path, wanted: set[int]) -> int:
    """Read the frames as arrays."""
    from annokit.media.video import read_frames

    return sum(int(pixels[0, 0, 0]) for _, pixels in read_frames(path, wanted))


def encoded(path: Path, wanted: set[int]) -> int:
    """Decode, make RGB and encode: the floor of files."""
    from PIL import Image

    total = 0
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        for number, pixels in enumerate(_rgb(path, wanted)):
            buffer = BytesIO()
            Image.fromarray(pixels).save(buffer, "JPEG")
            (Path(folder) / f"{number}.jpg").write_bytes(buffer.getvalue())
            total += 1
    return total


def files(path: Path, ds: annokit.Dataset) -> int:
    """Save the frames that carry labels."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        return len(annokit.extract_frames(ds, path, Path(folder) / "frames", form=FORM, title="video"))


def _seconds(call: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    found = call()
    return time.perf_counter() - start, found


def ratio(mine: Callable[[], int], floor: Callable[[], int], rounds: int) -> float:
    """Return the best time of one side divided by that of the other, both of which find the same."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        (a, found), (b, wanted) = _seconds(mine), _seconds(floor)
        assert found == wanted, (found, wanted)
        times[0].append(a)
        times[1].append(b)
    return min(times[0]) / min(times[1])


def main(labelled: int = LABELLED, *, small: bool = False) -> dict[str, float]:
    """Return the ratios; `small` runs everything once on little data."""
    if small:
        with tempfile.TemporaryDirectory() as folder:
            return ratios(Path(folder), 10, (64, 48), 1)
    return ratios(cache_folder(), labelled, SIZE, 3)


def ratios(folder: Path, labelled: int, size: tuple[int, int], rounds: int) -> dict[str, float]:
    """Return annokit's times divided by those of the floors."""
    path = video_file(folder, labelled * EVERY, size)
    frames = range(0, labelled * EVERY, EVERY)
    wanted, ds = set(frames), labels(frames, size)
    return {
        "arrays": ratio(lambda: arrays(path, wanted), lambda: decoded(path, wanted), rounds),
        "files": ratio(lambda: files(path, ds), lambda: encoded(path, wanted), rounds),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labelled", nargs="?", type=int, default=LABELLED)
    for name, value in main(parser.parse_args().labelled).items():
        print(f"{name}: {value:.2f} (at most {BARS[name]})")
