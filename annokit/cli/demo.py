"""The demonstration: a small export made up, and everything done with it, offline and without an account."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from annokit.errors import UsageError
from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.remote.fetch import FetchResult
    from annokit.remote.standin import Fault
    from annokit.report import Report

Say = Callable[[object], None]

MARKER = ".annokit-demo"
"""The file that tells a folder of the demonstration, which may be written again."""

_MARKER_TEXT = "Made by `annokit demo`, which may write the files of this folder again.\n"
WORKSPACE = "demo-workspace"
COUNT = 4
"""Frames in a sequence."""

FEW = 3
"""Issues of severity info up to which each gets a line."""


@attrs.frozen
class Clip:
    """One sequence of frames."""

    ident: str
    """Its ``rootId``."""

    name: str
    """Its name."""

    size: tuple[int, int]
    """Width and height of its frames in pixels."""

    seed: int
    """Of its tissue."""

    parts: tuple[str, ...]
    """What is to be seen; see :data:`annokit.cli.scene.PARTS`."""


CLIPS = (
    Clip("5f0c1d52-clip-1", "case 1", (640, 360), 1, ("organ", "grasper", "hook")),
    Clip("5f0c1d52-clip-2", "case 2", (480, 360), 5, ("suture", "grasper")),
    Clip("5f0c1d52-clip-3", "case 3", (640, 360), 9, ("organ", "hook", "suture")),
)

PHASES = (
    ("preparation", "Preparation", 0, 64_000),
    ("dissection", "Dissection", 64_000, 312_500),
    ("clip_applied", "Clip applied", 287_250, 287_250),
    ("closure", "Closure", 312_500, None),
)
"""Code, name, start and end in milliseconds; the last one is open, one is an instant."""

FAULTS: dict[tuple[int, int], list[Fault | str]] = {(0, 1): ["503"], (1, 2): ["truncated"], (2, 0): ["expired"]}
"""What the stand-in does wrong on purpose, by clip and frame: a server error, a file cut short, an expired link."""


def run(directory: Path, say: Say) -> int:
    """Make an export in `directory`, read it, fetch its frames, write it in other formats, and tell about each step.

    Parameters
    ----------
    directory : Path
        A new or empty folder, or that of an earlier run, whose files are written again.
    say : callable
        Takes each line of text.

    Returns
    -------
    int
        Exit code, 0.

    Raises
    ------
    UsageError
        The folder holds something else.
    """
    claim(directory)
    paths = Paths(directory)
    frames = make_export(paths.export)
    say(f"annokit demo: everything once, offline, in {directory.as_posix()}/")
    say("")
    clips = counted(len(CLIPS), "sequence")
    say(f"1. a made-up SAVANT export: {clips} of frames and a video, in {paths.shown('export')}")
    ds = read_export(paths)
    told(say, ds.issues)
    say("")
    say("2. its frames, from a stand-in for the platform on this machine that misbehaves now and then, on purpose")
    result = fetch_frames(ds, frames, paths)
    told(say, result.report)
    say("")
    say("3. what it holds")
    say("")
    say(_indented(str(result.dataset.summary())))
    say("")
    say("4. written, and what the other format could not hold")
    for name, report in written(result.dataset, paths).items():
        say(f"   {paths.shown(name)}")
        told(say, report, "     ")
    say("")
    say("The same in Python:")
    say("")
    say(_indented(script(paths)))
    return 0


@attrs.frozen
class Paths:
    """Where the demonstration writes."""

    root: Path

    @property
    def export(self) -> Path:
        """The made-up export."""
        return self.root / "export.json"

    @property
    def frames(self) -> Path:
        """The folder of the fetched frames."""
        return self.root / "frames"

    @property
    def coco(self) -> Path:
        """The export as COCO."""
        return self.root / "coco.json"

    @property
    def own(self) -> Path:
        """The export in annokit's own file."""
        return self.root / "export.annokit"

    @property
    def sheet(self) -> Path:
        """The contact sheet."""
        return self.root / "contact-sheet.png"

    def shown(self, name: str) -> str:
        """Return one of the paths with ``/``."""
        path: Path = getattr(self, name)
        return path.as_posix()


def claim(directory: Path) -> None:
    """Make the folder and mark it; raises UsageError where it holds what the demonstration did not write."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory}: this is a file; expected a folder to write")
    marker = directory / MARKER
    if directory.is_dir() and not marker.is_file() and any(directory.iterdir()):
        raise UsageError(f"{directory}: this folder holds something already; name another one: annokit demo DIR")
    directory.mkdir(parents=True, exist_ok=True)
    marker.write_text(_MARKER_TEXT, encoding="utf-8")


def make_export(path: Path) -> dict[tuple[str, str], bytes]:
    """Write the export, and return the frames that the platform would hold, by ids of sequence and frame."""
    from annokit.cli.scene import Scene

    frames: dict[tuple[str, str], bytes] = {}
    sequences: list[dict[str, Any]] = []
    for clip in CLIPS:
        scenes = [Scene(clip.size, clip.seed, number / COUNT, clip.parts) for number in range(COUNT)]
        frames |= {(clip.ident, frame_id(clip, number)): scene.png() for number, scene in enumerate(scenes)}
        records = [_frame(clip, number, scene.labels()) for number, scene in enumerate(scenes)]
        sequences.append({"rootId": clip.ident, "workspaceId": WORKSPACE, "name": clip.name, "featureSet": records})
    sequences.append(_video())
    write_whole(path, json.dumps({"sequences": sequences}, indent=1).encode() + b"\n")
    return frames


def frame_id(clip: Clip, number: int) -> str:
    """Return the platform's id of a frame."""
    return f"{clip.ident}-frame-{number:04}"


def _frame(clip: Clip, number: int, labels: list[dict[str, Any]]) -> dict[str, Any]:
    path = f"s3://demo-bucket/{clip.ident}/{clip.name.replace(' ', '_')}_{number * 25:06}.png"
    quality = {"quality": "smoke"} if number == 2 else {}
    return {"id": frame_id(clip, number), "framePath": path, **quality, "labels": labels}


def _video() -> dict[str, Any]:
    annotations = [
        {"timestampStart": start, "timestampEnd": end, "label": {"code": code, "displayName": name}}
        for code, name, start, end in PHASES
    ]
    told = {"rootId": "5f0c1d52-video-1", "workspaceId": WORKSPACE, "name": "case 1, whole video"}
    return {**told, "videoAnnotations": annotations}


def write_whole(path: Path, data: bytes) -> None:
    """Write a file as a whole or not at all."""
    from annokit.codecs.output import open_output

    with open_output(path, kind="file", overwrite=True) as output:
        output.write(path.name, data)


def read_export(paths: Paths) -> Dataset:
    """Read the export."""
    from annokit.formats.io import read

    return read(paths.export)


def fetch_frames(ds: Dataset, frames: dict[tuple[str, str], bytes], paths: Paths) -> FetchResult:
    """Fetch the frames from a stand-in that holds them."""
    from annokit.limits import Limits
    from annokit.remote.savant import SavantClient
    from annokit.remote.standin import StandIn

    faults = {(CLIPS[clip].ident, frame_id(CLIPS[clip], number)): plan for (clip, number), plan in FAULTS.items()}
    quick = Limits(backoff_base=0.05)
    with (
        StandIn(frames, faults=faults, workspace=WORKSPACE, delay=0.03) as server,
        SavantClient(server.domain, server.username, server.password, limits=quick) as client,
    ):
        return client.fetch(ds, paths.frames, workers=4)


def written(ds: Dataset, paths: Paths) -> dict[str, Report]:
    """Write the dataset as COCO, into the own file and onto a contact sheet; return each one's report."""
    from annokit.formats.io import write
    from annokit.report import Report

    reports = {"coco": write(ds, paths.coco, "coco", on_loss="allow", overwrite=True)}
    reports["own"] = write(ds, paths.own, "annokit", overwrite=True)
    out = io.BytesIO()
    ds[: len(CLIPS) * COUNT].grid(columns=COUNT, size=360).save(out, "PNG")
    write_whole(paths.sheet, out.getvalue())
    return {**reports, "sheet": Report()}


def told(say: Say, report: Report, indent: str = "   ") -> None:
    """Say each issue of a report in one line, many that only inform in one together."""
    for line in lines_of(report):
        say(indent + line)


def lines_of(report: Report) -> Iterator[str]:
    """Yield one line for each issue: severity, count, what, and an example."""
    notes = [issue for issue in report if issue.severity == "info"]
    for issue in report:
        if issue.severity != "info" or len(notes) <= FEW:
            example = f", such as {issue.examples[0]}" if issue.examples and issue.severity != "info" else ""
            yield f"{issue.severity:<7} {issue.count:>3}  {issue.code}: {issue.message}{example}"
    if len(notes) > FEW:
        codes = ", ".join(sorted({issue.code for issue in notes}))
        yield f"{'info':<7} {sum(issue.count for issue in notes):>3}  notes: {codes}"


def script(paths: Paths) -> str:
    """Return the lines of Python that do the same; run after the demonstration, they find every frame fetched."""
    export, frames, coco = (json.dumps(paths.shown(name)) for name in ("export", "frames", "coco"))
    return "\n".join((
        "import annokit",
        f"ds = annokit.read({export})",
        f'ds = annokit.SavantClient(domain="https://...").fetch(ds, {frames}).dataset',
        f'annokit.write(ds, {coco}, "coco", overwrite=True)',
    ))  # fmt: skip


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" if line else "" for line in text.splitlines())
