"""The files of a dataset's items onto the disk, and the same dataset knowing where they lie."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import attrs

from annokit.codecs.names import clean_part, fold, safe_names
from annokit.errors import MissingExtraError, UsageError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.media.fetched import MANIFEST, Owner
from annokit.model.fetched import Owners, bitmap_urls
from annokit.remote.asks import Ask, has_frames, scheme_of, url_asks, values
from annokit.remote.clock import Clock
from annokit.remote.cloud import PACKAGES
from annokit.remote.download import download
from annokit.remote.job import Job, Result
from annokit.remote.outcome import Outcome
from annokit.remote.progress import ProgressOption
from annokit.remote.transport import Transport
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

StrPath = str | os.PathLike[str]
Download = Callable[["Jobs", StrPath], list[Result]]

MOST_NOTED = 16
"""Items of one file up to which each is noted beside it; a video may have thousands of frames."""


@attrs.frozen
class FetchResult:
    """What a fetch gives back."""

    dataset: Dataset
    """The same items in the same order, with path and size filled in where the file is there."""

    report: Report
    """Every item: ``fetched``, ``fetch-skipped`` or ``fetch-failed`` and why; and sizes that contradict."""


def fetch(  # noqa: PLR0913 - all but two are options, by keyword only
    ds: Dataset,
    directory: StrPath,
    *,
    workers: int = 16,
    progress: ProgressOption = True,
    transport: Transport | None = None,
    limits: Limits = DEFAULT_LIMITS,
    clock: Clock | None = None,
) -> FetchResult:
    """Download what the items of a dataset name by URL: ``http(s)://``, and with the extra ``cloud`` ``s3://``, ``gs://``.

    Parameters
    ----------
    ds : Dataset
        Items whose ``uri`` is a URL, and items with a bitmap of labels behind a URL. Frames of SAVANT need
        :meth:`annokit.SavantClient.fetch`.
    directory : path
        Where to; made if needed. Files are called as the items, made safe, with a suffix that fits their contents. A
        manifest there makes the next run fetch only what is missing, and lets ``annokit.read(..., images=directory)``
        find every file again.
    workers : int
        Most files at once.
    progress : bool or callable
        True for a bar; a function is called with a :class:`~annokit.remote.progress.Progress` after each file.
    transport : Transport, optional
        What talks to the network.
    limits : Limits
        Attempts, waits and sizes.
    clock : Clock, optional
        Time and chance, for tests.

    Returns
    -------
    FetchResult
        A file that can't be had is listed in the report, its item is still in the dataset.

    Raises
    ------
    FetchError
        No file can be had any more, such as on a full disk.
    MissingExtraError
        A store needs a package that is not installed.
    """
    if transport is None:
        _need_packages(ds)
    run = partial(_download, workers=workers, progress=progress, transport=transport, limits=limits, clock=clock)
    return fetch_asked(ds, directory, partial(url_asks, ds), run)


def _download(jobs: Jobs, directory: StrPath, **options: object) -> list[Result]:
    return download(jobs, directory, **options)  # type: ignore[arg-type]


def _need_packages(ds: Dataset) -> None:
    bitmaps = (urls[-1] for value in values(ds, "bitmap") if (urls := bitmap_urls(value)))
    schemes = {scheme_of(url) for url in (*values(ds, "uri"), *bitmaps) if isinstance(url, str)}
    hint = " (frames of SAVANT come through SavantClient.fetch)" if has_frames(ds) else ""
    for scheme in sorted(schemes & PACKAGES.keys(), key=str):
        for package in ("fsspec", PACKAGES[str(scheme)]):
            if importlib.util.find_spec(package) is None:
                raise MissingExtraError.of("cloud", package, f"fetching from {scheme}://{hint}")


def fetch_asked(ds: Dataset, directory: StrPath, asks: Callable[[], Iterable[Ask]], run: Download) -> FetchResult:
    """Download what is asked for, and return the dataset with what became of it.

    Parameters
    ----------
    ds : Dataset
        Whose items ask.
    directory : path
        Where to.
    asks : callable
        Gives the asks, the same each time.
    run : callable
        Downloads jobs into a folder; returns their results in order.
    """
    if not isinstance(directory, str | os.PathLike):
        raise UsageError(f"directory is {directory!r}; expected a path")
    jobs = Jobs(ds, asks)
    outcome = Outcome(ds, directory)
    for ask in jobs.refused:
        outcome.settle(ask)
    results = run(jobs, directory) if len(jobs) else []
    for result, places in zip(results, jobs.places, strict=True):
        for row, role in places:
            outcome.add(row, role, result)
    return FetchResult(*outcome.finish())


class Jobs:
    """The jobs of some asks, made one by one; items that want the same file share one.

    Parameters
    ----------
    ds : Dataset
        Whose items ask.
    asks : callable
        Gives the asks, the same each time.
    """

    def __init__(self, ds: Dataset, asks: Callable[[], Iterable[Ask]]) -> None:
        self._asks = asks
        self._owners = Owners(ds)
        self.refused: list[Ask] = []
        found: dict[str, list[tuple[int, str]]] = {}
        names: list[str] = []
        for ask in asks():
            if ask.source is None:
                self.refused.append(ask)
            elif ask.key in found:
                found[ask.key].append((ask.row, ask.role))
            else:
                found[ask.key] = [(ask.row, ask.role)]
                names.append(ask.name)
        self.places = list(found.values())
        apart = told_apart(ds, names, [places[0][0] for places in self.places])
        self._names = safe_names([_beside_manifest(name) for name in apart]).files

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Job]:
        known: set[str] = set()
        for ask in self._asks():
            if ask.source is not None and ask.key not in known:
                place = len(known)
                known.add(ask.key)
                yield Job(ask.key, self._names[place], ask.source, ask.kinds, None, self._noted(self.places[place]))

    def _noted(self, places: list[tuple[int, str]]) -> tuple[Owner, ...]:
        owners = [self._owners.of(row) if role == "path" else self._owners.of_bitmap(row) for row, role in places]
        if len(owners) <= MOST_NOTED:
            return tuple(dict.fromkeys(owners))
        return tuple({attrs.evolve(owner, name=None, id=None, sequence=None): None for owner in owners})


def _beside_manifest(name: str) -> str:
    """Return a name whose first folder is not called as the manifest."""
    first, slash, _ = name.partition("/")
    return f"_{name}" if slash and fold(first) == MANIFEST else name


def told_apart(ds: Dataset, names: Sequence[str], rows: Sequence[int]) -> list[str]:
    """Return names in which those that repeat lie in a folder called as the item's sequence, where it has one.

    Parameters
    ----------
    ds : Dataset
        Where the sequences are.
    names : sequence of str
        Wished names of files.
    rows : sequence of int
        Row of the item of each.
    """
    count = Counter(map(fold, names))
    owners = ds._items.array("sequence")
    folders = [clean_part(sequence.name) for sequence in ds.sequences]
    return [
        f"{folders[owners[row]]}/{name}" if count[fold(name)] > 1 and owners[row] >= 0 else name
        for name, row in zip(names, rows, strict=True)
    ]
