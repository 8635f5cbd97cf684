"""Writing an export tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import attrs

from annokit.codecs.below import BelowOutput
from annokit.codecs.collector import paused
from annokit.codecs.names import clean_part
from annokit.codecs.output import open_output
from annokit.codecs.target import FULL
from annokit.errors import MediaError, UsageError
from annokit.formats.context import Progress, WriteContext
from annokit.formats.exports import choose
from annokit.formats.exports.layout import MANIFEST, Place, format_manifest, places_of
from annokit.formats.exports.options import EVERYTHING, ExportOptions
from annokit.formats.exports.parts import Cut, joined, marked, without_loose
from annokit.formats.exports.pictures import Picture, pictures_of, with_frames
from annokit.formats.io import ON_LOSS, check, settle_loss, shown, target_of
from annokit.formats.narrow import narrow
from annokit.report import Issue, Report

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.formats.base import Format
    from annokit.model.dataset import Dataset

CONTENTS = ("both", "annotations", "datasets")


def export(  # noqa: PLR0913 - everything but the first three is an option by keyword
    ds: Dataset,
    path: str | PathLike[str] | BinaryIO,
    format: str,
    *,
    contents: Literal["both", "annotations", "datasets"] = "both",
    split: Mapping[str, float] | None = None,
    options: ExportOptions | None = None,
    seed: int = 0,
    by: str | Callable[[Any], Any] | None = None,
    on_loss: str = "warn",
    progress: bool | Progress = False,
    **format_options: Any,
) -> Report:
    """Write an export tree: pictures and annotations in folders by dataset, whole or split, plain or as an archive.

    Parameters
    ----------
    ds : Dataset
        What to export.
    path : str, PathLike or binary file
        Where: a folder, or an archive where it ends in ``.zip``. With a slash at its end, or with ``options.name``, it
        is the folder in which the export gets its place under its name, as an archive where there is a password.
        Nothing that is there is replaced, and nothing is left of an export that fails.
    format : str
        ``format`` or ``format:dialect`` of the annotations.
    contents : {"both", "annotations", "datasets"}
        What goes along. Pictures come from the machine (``images=`` of :func:`annokit.read`, or a fetch); those that
        are not there are listed in the report.
    split : mapping of str to float, optional
        Share of each subset, as for :meth:`annokit.Dataset.split`; each gets a tree of its own.
    options : ExportOptions, optional
        Tasks, datasets and dates to choose, name and password.
    seed : int
        The same seed gives the same subsets.
    by : str or callable, optional
        What stays together in a split: ``"video"`` (all frames of one), ``"sequence"``, ``"dataset"``, an attribute or
        a callable on Item.
    on_loss : {"raise", "warn", "allow"}
        What to do where the report holds losses: raise before anything is written, warn, or nothing.
    progress : bool or callable
        True for a bar, or ``progress(done, total)`` in files.
    **format_options
        What the format's own writer takes.

    Returns
    -------
    Report
        Every annotation and field that was changed or left out, as of :func:`annokit.write`, with rows of `ds`.

    Raises
    ------
    UsageError
        The path exists already, nothing fits the options, or an argument makes no sense.
    MediaError
        Only pictures are asked for, and none lies on this machine.
    LossError
        Something would be lost and ``on_loss="raise"``.
    """
    check("contents", contents, CONTENTS)
    check("on_loss", on_loss, ON_LOSS)
    options = EVERYTHING if options is None else options
    fmt, dialect, issues = target_of(ds, format, format_options)
    chosen, told = _chosen(ds, options)
    name = options.name or default_name(chosen, options)
    holds = fmt.holds(fmt.dialect(dialect), format_options)
    cut = Cut(options=options, split=split, seed=seed, by=by)
    parts, more = cut.parts(chosen)
    places = places_of([part.key for part in parts], fmt.full_name(dialect))
    issues = [*issues, *told, *more]
    writing: list[Dataset] = []
    if contents != "datasets":
        for part in parts:
            narrowed, report = narrow(part.dataset, holds)
            writing.append(narrowed)
            issues += part.told(report)
    settle_loss(Report(issues := joined(issues)), on_loss, f"an export as {fmt.full_name(dialect)}")
    pictures: list[Picture] = []
    if contents != "annotations":
        if contents == "both" and getattr(fmt.dialect(dialect), "frames", False):
            places = with_frames(parts, places)
        pictures, places, lost = pictures_of(ds, parts, places)
        issues += lost
        if contents == "datasets" and not pictures:
            raise MediaError("no item has a picture on this machine; give images= when reading, or fetch them")
    job = _Job(fmt=fmt, dialect=dialect, options=format_options, datasets=writing, places=places, pictures=pictures)
    with shown(progress, f"export {fmt.name}", unit="file") as tell:
        job.run(_target(path, name, options), name, options.password, tell)
    return Report(issues)


def _chosen(ds: Dataset, options: ExportOptions) -> tuple[Dataset, list[Issue]]:
    """Return what fits the options, its rows knowing where they come from."""
    whole, issues = without_loose(marked(ds))
    chosen, told = choose.of_datasets(whole, options.datasets)
    chosen, more = choose.of_dates(chosen, options.since, options.until)
    if len(ds) and not len(chosen):
        raise UsageError("nothing fits the options: no annotation is of that time")
    return chosen, [*issues, *told, *more]


def default_name(ds: Dataset, options: ExportOptions) -> str:
    """Return ``<dataset>-<task>-<date>`` for what is exported."""
    names = choose.distinct(choose.datasets_of(ds)) or [choose.UNNAMED]
    tasks = options.task or choose.distinct(filter(None, choose.item_tasks(ds))) or [choose.richest_kind(ds)]
    datasets, task = (_several(listed, what) for listed, what in ((names, "datasets"), (tasks, "tasks")))
    return clean_part(f"{datasets}-{task}-{date.today().isoformat()}")


def _several(names: Sequence[str], what: str) -> str:
    return "+".join(names) if len(names) <= 3 else f"{len(names)}-{what}"


def _target(path: str | PathLike[str] | BinaryIO, name: str, options: ExportOptions) -> str | Path | BinaryIO:
    """Return the folder, archive or stream to write to."""
    if not isinstance(path, str | PathLike):
        return path
    text = fspath(path)
    if text.lower().endswith(".zip") or (options.name is None and not text.endswith(("/", "\\"))):
        return text
    ending = ".zip" if options.password is not None and not name.lower().endswith(".zip") else ""
    return Path(text) / (clean_part(name) + ending)


@attrs.frozen(kw_only=True)
class _Job:
    """What is to be written, all of it checked."""

    fmt: Format
    dialect: str
    options: Mapping[str, Any]
    datasets: Sequence[Dataset]
    places: Sequence[Place]
    pictures: Sequence[Picture]

    def run(self, target: str | Path | BinaryIO, name: str, password: str | bytes | None, tell: Progress) -> None:
        """Write everything, or nothing."""
        total = len(self.datasets) + len(self.pictures)
        with open_output(target, kind="folder", password=password) as output, paused():
            output.write(MANIFEST, format_manifest(name, self.places))
            for done, (ds, place) in enumerate(zip(self.datasets, self.places, strict=False)):
                tell(done, total)
                self._write(ds, BelowOutput(output, place.folder), "none" if place.pictures else "copy")
            for done, picture in enumerate(self.pictures, len(self.datasets)):
                tell(done, total)
                _copy(output, picture)
            tell(total, total)

    def _write(self, ds: Dataset, output: Output, media: str) -> None:
        context = WriteContext(dialect=self.fmt.dialect(self.dialect), dialect_name=self.dialect, media=media)
        assert self.fmt.write is not None
        self.fmt.write(ds, output, context, **self.options)


def _copy(output: Output, picture: Picture) -> None:
    try:
        output.copy(picture.file, picture.path)
    except FileNotFoundError as error:
        raise MediaError(f"{picture.path}: there is no such file", path=picture.path) from error
    except OSError as error:
        if error.errno in FULL:
            raise
        raise MediaError(f"{picture.path}: can't be read ({error.strerror or error})", path=picture.path) from error
