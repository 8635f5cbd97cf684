"""Reading, writing, planning and converting: the thin shell around the formats."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import attrs

from annokit.errors import FormatError, LossError, UsageError
from annokit.formats import registry
from annokit.formats.base import Format
from annokit.formats.context import Problems, Progress, ReadContext, WriteContext, no_progress
from annokit.formats.holds import Holds
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.progress import bar
from annokit.report import Issue, Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.model.dataset import Dataset

Readable = str | PathLike[str] | BinaryIO

ON_BAD = ("raise", "collect")
ON_LOSS = ("raise", "warn", "allow")
MEDIA = ("none", "copy", "link")


class LossWarning(UserWarning):
    """Something could not be written as it was; the message tells what, and the returned report every place."""


def read(  # noqa: PLR0913 - everything but the first two is an option by keyword
    path: Readable,
    format: str | None = None,
    *,
    images: str | PathLike[str] | Iterable[str | PathLike[str]] | None = None,
    layer: str | None = None,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    password: str | bytes | None = None,
    on_bad: str = "raise",
    workers: int = 1,
    progress: bool | Progress = False,
    limits: Limits = DEFAULT_LIMITS,
    **options: Any,
) -> Dataset:
    """Read an export into a dataset.

    Parameters
    ----------
    path : str, PathLike or binary file
        A file, a folder or a ZIP archive.
    format : str, optional
        ``format`` or ``format:dialect``; found out by the file's own marks where it is not given.
    images : path or several, optional
        Folders where media and mask files lie; they are matched by relative path, then by name.
    layer : str, optional
        Labelset, branch or annotator to read; ``"all"`` for every one; by default the format's main one.
    sizes : mapping of str to (int, int), optional
        Width and height of items by name, for formats that state none.
    password : str or bytes, optional
        Of an encrypted archive.
    on_bad : {"raise", "collect"}
        Whether records that can't be read end the read, after the whole pass, or become an issue of ``ds.issues``.
    workers : int
        Processes that parse large files.
    progress : bool or callable
        True for a bar, or ``progress(done, total)``.
    limits : Limits
        The bounds on hostile input.
    **options
        What the format's own reader takes.

    Returns
    -------
    Dataset
        It no longer needs the file.

    Raises
    ------
    FileNotFoundError
        The path does not exist.
    FormatError
        The file is not what its format promises; AmbiguousFormatError where the format can't be found out.
    UsageError
        An argument or option makes no sense.
    """
    check("on_bad", on_bad, ON_BAD)
    if isinstance(workers, bool) or workers < 1:
        raise UsageError(f"workers={workers!r}; expected 1 or more processes")
    from annokit.codecs.source import open_source

    folders = folders_of(images)
    problems = Problems(on_bad, limits)
    with open_source(path, limits=limits, password=password) as source:
        from annokit.formats.exports.read import read_tree, tree_of

        how = _How(folders, layer, sizes, problems, limits, workers, progress, options)
        tree = tree_of(source, format)
        if tree is None:
            ds = _read(source, format or _detected(source), how)
        else:
            within = attrs.evolve(how, sizes=None, layer="all" if any(place.task for place in tree) else layer)
            ds = read_tree(source, tree, format, partial(_read_within, within), layer)
            ds = _with_media(ds, (), sizes, limits)
        bad = problems.settle(source.label)
    return ds._with(issues=Report([*bad, *ds.issues])) if bad else ds


@attrs.frozen
class _How:
    """What :func:`read` was asked for."""

    folders: tuple[Path, ...]
    layer: str | None
    sizes: Mapping[str, tuple[int, int]] | None
    problems: Problems
    limits: Limits
    workers: int
    progress: bool | Progress
    options: Mapping[str, Any]
    beside: tuple[Path, ...] = ()
    """Folders of pictures after which a format may name its items; an export tree finds them itself."""


def _read(source: Source, format: str, how: _How) -> Dataset:
    """Read one source in a format."""
    from annokit.codecs.collector import paused

    fmt, dialect = registry.resolve(format)
    if fmt.read is None:
        raise UsageError(f"{fmt.full_name(dialect)!r} can be written, not read")
    check_options(fmt, "read", fmt.read, how.options, skip=2)
    with shown(how.progress, f"read {fmt.name}") as tell:
        context = ReadContext(
            label=source.label,
            dialect=fmt.dialect(dialect),
            dialect_name=dialect,
            images=(*how.beside, *how.folders),
            layer=how.layer,
            problems=how.problems,
            limits=how.limits,
            workers=how.workers,
            progress=tell,
        )
        with paused():
            ds = _named(partial(fmt.read, source, context, **how.options), source.label)
    if told := context.repeats.issues():
        ds = ds._with(issues=Report([*told, *ds.issues]))
    ds = _with_media(ds, how.folders, how.sizes, how.limits)
    return ds if fmt.finish is None else fmt.finish(ds, context, how.options)


def _read_within(how: _How, source: Source, format: str, pictures: Path | None, dataset: str) -> Dataset:
    """Read one dataset of a tree, with the folder of its pictures; given folders may have one for every dataset."""
    folders = tuple(own if (own := folder / dataset).is_dir() else folder for folder in how.folders)
    beside = () if pictures is None else (pictures,)
    return _read(source, format, attrs.evolve(how, folders=folders, beside=beside))


def _named(read: Callable[[], Dataset], label: str) -> Dataset:
    """Return what is read; an error that names no file names this one."""
    try:
        return read()
    except FormatError as error:
        if error.path is not None or label in str(error):
            raise
        raise FormatError(str(error), path=label) from error


def _detected(source: Source) -> str:
    from annokit.formats.detect import Probe, the_one

    return the_one(Probe(source), source.label)


def _with_media(
    ds: Dataset, folders: tuple[Path, ...], sizes: Mapping[str, tuple[int, int]] | None, limits: Limits
) -> Dataset:
    if not folders and not sizes:
        return ds
    from annokit.model import media

    if sizes:
        ds = media.with_sizes(ds, sizes)
    return media.with_images(ds, folders) if folders else ds


def folders_of(images: Any) -> tuple[Path, ...]:
    """Return one folder or several as a tuple; FileNotFoundError where one does not exist, UsageError for others."""
    if images is None:
        return ()
    try:
        listed = [images] if isinstance(images, str | PathLike) else list(images)
        found = tuple(Path(fspath(folder)) for folder in listed)
    except TypeError:
        raise UsageError(f"images={images!r}; expected a folder, or several") from None
    for folder in found:
        if not folder.is_dir():
            raise FileNotFoundError(2, "No such folder", str(folder))
    return found


def write(  # noqa: PLR0913 - same
    ds: Dataset,
    path: Readable,
    format: str,
    *,
    media: str = "none",
    on_loss: str = "warn",
    overwrite: bool = False,
    progress: bool | Progress = False,
    **options: Any,
) -> Report:
    """Write a dataset, and return what the target could not hold.

    Parameters
    ----------
    ds : Dataset
        What to write.
    path : str, PathLike or binary file
        Where; a path that ends in ``.zip`` becomes an archive. Nothing is left of a write that fails.
    format : str
        ``format`` or ``format:dialect``.
    media : {"none", "copy", "link"}
        Whether the pictures go along: where the format has its own place for them there, else to ``images/``.
    on_loss : {"raise", "warn", "allow"}
        What to do where the report holds more than infos: raise before anything is written, warn, or nothing.
    overwrite : bool
        Replace what is there; otherwise that is an error. A folder is replaced as a whole, but not where that would
        delete pictures of the dataset.
    progress : bool or callable
        True for a bar, or ``progress(done, total)``.
    **options
        What the format's own writer takes.

    Returns
    -------
    Report
        Every annotation and field that was changed or left out.

    Raises
    ------
    LossError
        Something would be lost and ``on_loss="raise"``; its ``report`` tells what.
    MissingSizeError
        The target needs a size that nobody knows.
    UsageError
        The path exists already, or an argument or option makes no sense.
    """
    check("media", media, MEDIA)
    check("on_loss", on_loss, ON_LOSS)
    from annokit.formats.narrow import narrow

    fmt, dialect, chosen = target_of(ds, format, options)
    narrowed, report = narrow(ds, fmt.holds(fmt.dialect(dialect), options))
    report = Report([*chosen, *report])
    settle_loss(report, on_loss, fmt.full_name(dialect))
    from annokit.codecs.collector import paused
    from annokit.codecs.output import open_output
    from annokit.formats.pictures import spare, write_beside

    assert fmt.write is not None
    kind = _kind(fmt, path, media, narrowed)
    with (
        shown(progress, f"write {fmt.name}") as tell,
        open_output(path, kind=kind, overwrite=overwrite) as output,
        paused(),
    ):
        stem = Path(fspath(path)).stem if isinstance(path, str | PathLike) else "annotations"
        context = WriteContext(
            dialect=fmt.dialect(dialect),
            dialect_name=dialect,
            media=media,
            progress=tell,
            overwrite=overwrite,
            stem=stem or "annotations",
        )
        fmt.write(narrowed, output, context, **options)
        if not fmt.places_media:
            write_beside(narrowed, output, context)
        spare(ds, output)
    return report


def _kind(fmt: Format, path: Readable, media: str, ds: Dataset) -> Any:
    """Return what is written; where one file would do, pictures that go along and data that need one make a folder."""
    made = fmt.output if fmt.output_of is None else fmt.output_of(ds, path)
    if (fmt.output == "folder" and fmt.output_of is None) or (made == "file" and media == "none"):
        return made
    suffix = Path(fspath(path)).suffix.lower() if isinstance(path, str | PathLike) else ""
    if suffix == fmt.suffix or (fmt.output == "file" and suffix not in ("", ".zip")):
        why = "what lies beside the file, such as bitmaps," if media == "none" else f"media={media!r}"
        raise UsageError(f"{why} needs a folder or a .zip for {fmt.name}; found {path!r}")
    return "folder"


def target_of(ds: Dataset, format: str, options: Mapping[str, Any]) -> tuple[Format, str, list[Issue]]:
    """Return the format, the dialect, and an issue that tells of a dialect that was chosen."""
    if not hasattr(ds, "_annotations"):
        raise UsageError(f"expected a Dataset to write; found {type(ds).__name__!r}")
    fmt, dialect = registry.resolve(format)
    if fmt.write is None:
        raise UsageError(f"{format!r} can be read, not written")
    check_options(fmt, "write", fmt.write, options, skip=3)
    if dialect or fmt.choose is None:
        return fmt, dialect, []
    dialect = fmt.choose(ds)
    told = Issue(
        "assumed", "info", f"{fmt.name} is written as {fmt.full_name(dialect)}", examples=(dialect,), field="dialect"
    )
    return fmt, dialect, [told]


def settle_loss(report: Report, on_loss: str, target: str) -> None:
    """Raise or warn where a report holds more than infos."""
    lost = [issue for issue in report if issue.severity != "info"]
    if not lost or on_loss == "allow":
        return
    told = "; ".join(f"{issue.field}: {issue.message} ({issue.count:,})" for issue in lost[:5])
    more = f"; and {len(lost) - 5} more" if len(lost) > 5 else ""
    message = f"writing {target} loses something: {told}{more}"
    if on_loss == "raise":
        raise LossError(message, report=report)
    warnings.warn(message, LossWarning, stacklevel=3)


def plan(ds: Dataset, format: str, **options: Any) -> Report:
    """Return the report that :func:`write` would return, without writing or changing anything.

    Where :func:`write` would raise MissingSizeError, the report holds an ``unknown-size`` of severity error with the
    items. It raises UsageError as :func:`write` does.
    """
    from annokit.formats.narrow import narrow

    fmt, dialect, chosen = target_of(ds, format, options)
    holds: Holds = fmt.holds(fmt.dialect(dialect), options)
    return Report([*chosen, *narrow(ds, holds, apply=False)[1]])


def convert(
    src: Readable,
    dst: Readable,
    to: str,
    *,
    source_format: str | None = None,
    read_options: Mapping[str, Any] | None = None,
    write_options: Mapping[str, Any] | None = None,
) -> Report:
    """Read `src`, write it to `dst` as `to`, and return the issues of the read and the report of the write."""
    ds = read(src, source_format, **(read_options or {}))
    return ds.issues + write(ds, dst, to, **(write_options or {}))


def check_options(fmt: Format, verb: str, function: Callable[..., Any], options: Mapping[str, Any], skip: int) -> None:
    """Refuse options that a reader or writer does not name."""
    known = list(inspect.signature(function).parameters)[skip:]
    unknown = sorted(set(options) - set(known))
    if unknown:
        told = f"its options are: {', '.join(sorted(known))}" if known else "it has no options"
        raise UsageError(f"{fmt.name!r} has no option {unknown[0]!r} to {verb}; {told}")


def check(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise UsageError(f"{name}={value!r}; expected one of {', '.join(choices)}")


@contextmanager
def shown(progress: bool | Progress, title: str, unit: str = "B") -> Iterator[Progress]:
    """Give a progress callback: none, the caller's, or a bar's."""
    if progress is False:
        yield no_progress
    elif callable(progress):
        yield progress
    else:
        with bar(desc=title, unit="B", unit_scale=True) as shown_bar:
            yield lambda done, total: _advance(shown_bar, done, total)


def _advance(bar: Any, done: int, total: int | None) -> None:
    bar.total = total
    bar.update(done - bar.n)


__all__ = ["LossWarning", "convert", "plan", "read", "write"]
