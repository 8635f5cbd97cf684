"""Where the pixels of items lie on this machine, and how large they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import Column, Fixed, Sparse, Text
from annokit.columns.base import Array
from annokit.errors import UsageError
from annokit.media.find import Ambiguous, MediaIndex
from annokit.model.schema import ITEM_KINDS
from annokit.report import Issue, Places, Report
from annokit.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from annokit.model.dataset import Dataset
    from annokit.model.fetched import Fetched
    from annokit.model.videos import Films

StrPath = str | PathLike[str]
Size = tuple[int, int]

STILL = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jpe",
    ".bmp",
    ".dib",
    ".gif",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
)
"""Endings of files that hold one picture."""


def with_paths(ds: Dataset, paths: Sequence[StrPath | None]) -> Dataset:
    """Return the dataset with ``item.path`` set.

    Parameters
    ----------
    ds : Dataset
        Its items are matched by position.
    paths : sequence of (path or None)
        One per item; None where there is no file.
    """
    if len(paths) != len(ds):
        raise UsageError(f"{counted(len(paths), 'path')} given for {counted(len(ds), 'item')}")
    return ds._with(items=ds._items.replace({"path": _texts(paths)}))


def with_bitmaps(ds: Dataset, paths: Sequence[StrPath | None]) -> Dataset:
    """Return the dataset with the paths of the bitmaps of labels set, one per item as for :func:`with_paths`."""
    if len(paths) != len(ds):
        raise UsageError(f"{counted(len(paths), 'path')} given for {counted(len(ds), 'item')}")
    return ds._with(items=ds._items.replace({"bitmap_path": _texts(paths)}))


def with_sizes(ds: Dataset, sizes: Mapping[str, Size] | Array) -> Dataset:
    """Return the dataset with the sizes of items that state none.

    Parameters
    ----------
    ds : Dataset
        Items that state a size keep it.
    sizes : mapping of str to (int, int), or (n, 2) int array
        Width and height by item name, or of every item; -1 unknown. Names of other items do no harm.

    Returns
    -------
    Dataset
        Its issues tell (``size-mismatch``) where an item states another size.
    """
    return _sized(ds, _from_names(ds, sizes) if isinstance(sizes, Mapping) else _from_array(ds, sizes), "given")


def with_images(ds: Dataset, folders: StrPath | Iterable[StrPath]) -> Dataset:
    """Return the dataset with the paths of the files that its items name, and sizes from their headers.

    Parameters
    ----------
    ds : Dataset
        A path that is known stays where no file is found.
    folders : path or iterable of path
        Where media and bitmaps lie; see :class:`annokit.media.find.MediaIndex` for how names are matched. An item is
        looked for by its name, then by its URI; a frame called ``<video>#<number>`` by its video's name too.
        A video is found, too, where its name lacks the ending of the file. What was
        fetched is found by what was noted then (:mod:`annokit.media.fetched`), and never taken for another item's.

    Returns
    -------
    Dataset
        Its issues tell what is missing, ambiguous, can't be read, or has another size than stated: ``missing-media``,
        ``ambiguous-media``, ``bad-media`` and ``size-mismatch``.
    """
    from annokit.model.fetched import Fetched
    from annokit.model.videos import Films

    index = MediaIndex(folders)
    fetched = Fetched(ds, index)
    films = Films(index)
    items, paths, issues = _found(ds, index, fetched, films)
    bitmaps, more = _bitmaps(ds, index, fetched, paths)
    sequences = _texts([_sequence_path(sequence, films) for sequence in ds.sequences])
    changes: dict[str, Column] = {"path": _texts(paths), **({"bitmap_path": _texts(bitmaps)} if any(bitmaps) else {})}
    found = ds._with(
        items=ds._items.replace(changes),
        sequences=ds._sequences.replace({"path": sequences} if sequences.count else {}),
        issues=ds.issues + Report((*issues, *more)),
    )
    return _measured(found, items, paths)


def _texts(paths: Sequence[StrPath | None]) -> Sparse:
    rows = np.array([row for row, path in enumerate(paths) if path is not None], np.int64)
    values = Text.of([fspath(path) for path in paths if path is not None])
    return Sparse(len(paths), None if len(rows) == len(paths) else rows, None, values)


def _from_names(ds: Dataset, sizes: Mapping[str, Size]) -> Array:
    known = {name: _checked(name, size) for name, size in sizes.items()}
    found = [known.get(name, (-1, -1)) for name in ds.names]
    if found and sizes and not any(map(known.__contains__, ds.names)):
        raise UsageError(
            f"sizes name no item of this dataset; they begin with {next(iter(sizes))!r}, items with {ds.names[0]!r}"
        )
    return np.array(found, np.int64).reshape(-1, 2)


def _checked(name: str, size: Any) -> Size:
    try:
        width, height = (int(side) for side in size)
    except (TypeError, ValueError):
        width = height = 0
    if width <= 0 or height <= 0:
        raise UsageError(f"the size of {name!r} is {size!r}; expected (width, height), two whole numbers above 0")
    return width, height


def _from_array(ds: Dataset, sizes: Array) -> Array:
    found = np.asarray(sizes)
    if found.shape != (len(ds), 2) or found.dtype.kind not in "iu":
        raise UsageError(f"sizes have shape {found.shape}, expected integers of ({len(ds)}, 2): width and height")
    return found.astype(np.int64)


def _sized(ds: Dataset, sizes: Array, origin: str) -> Dataset:
    """Return the dataset with `sizes`, -1 unknown, where it states none, and an issue where it states others."""
    stated = ds._items.array("size")
    known, given = (stated > 0).all(axis=1), (sizes > 0).all(axis=1)
    fill, both = np.flatnonzero(given & ~known), np.flatnonzero(given & known)
    differs = both[np.not_equal(stated[both], sizes[both]).any(axis=1)]
    if len(fill):
        filled = stated.copy()
        filled[fill] = sizes[fill]
        ds = ds._with(items=ds._items.replace({"size": Fixed(filled)}))
    if not len(differs):
        return ds
    pairs = zip(stated[differs].tolist(), sizes[differs].tolist(), strict=True)
    details = [f"stated {a}x{b}, {origin} {c}x{d}" for (a, b), (c, d) in pairs]
    places = Places(ds.names, differs, details=details)
    issue = Issue.at(
        "size-mismatch", "warning", "a stated size differs; it was kept", places, field="width", fate="kept"
    )
    return ds._with(issues=ds.issues + Report((issue,)))


def _found(
    ds: Dataset, index: MediaIndex, fetched: Fetched, films: Films
) -> tuple[Array, list[str | None], list[Issue]]:
    """Return the rows whose file was found, the path of every item, and what was not found."""
    names, uris, old = ds.names, _column(ds, "uri"), _column(ds, "path")
    whole = ds._items.array("kind") == ITEM_KINDS.index("video")
    paths: list[str | None] = list(old)
    found: list[int] = []
    missing: list[int] = []
    ambiguous: list[tuple[int, Ambiguous]] = []
    for row, (name, uri) in enumerate(zip(names, uris, strict=True)):
        hit = fetched.pixels(row) or _named(fetched, index, row, (name, uri)) or films.of(name)
        if hit is None and whole[row]:
            hit = fetched.own(row, films.film(name))
        if isinstance(hit, Ambiguous):
            ambiguous.append((row, hit))
        elif hit is not None:
            paths[row] = fspath(hit)
            found.append(row)
        elif old[row] is None:
            missing.append(row)
    return np.array(found, np.int64), paths, _issues(names, "path", missing, ambiguous)


def _named(fetched: Fetched, index: MediaIndex, row: int, names: Sequence[str | None]) -> Path | Ambiguous | None:
    """Return the file that one of the names of an item fits; where several fit the first, the next may tell."""
    found = None
    for name in names:
        hit = fetched.own(row, index.find(name)) if name else None
        if hit is not None and not isinstance(hit, Ambiguous):
            return hit
        found = found or hit
    return found


def _column(ds: Dataset, name: str) -> list[Any]:
    column = ds._items.sparse(name)
    if column is None:
        return [None] * len(ds)
    return [value if isinstance(value, str) else None for value in column.to_list()]


def _sequence_path(sequence: Any, films: Films) -> str | None:
    for name in (sequence.name, sequence.uri):
        hit = films.film(name) if isinstance(name, str) and name else None
        if hit is not None:
            return None if isinstance(hit, Ambiguous) else fspath(hit)
    return None


def _bitmaps(
    ds: Dataset, index: MediaIndex, fetched: Fetched, pictures: Sequence[str | None]
) -> tuple[list[str | None], list[Issue]]:
    """Return the path of every item's bitmap, which never is its picture, and what was not found.

    A bitmap that its document found beside itself stays.
    """
    paths: list[str | None] = _column(ds, "bitmap_path")
    column = ds._items.sparse("bitmap")
    if column is None:
        return paths, []
    missing: list[int] = []
    ambiguous: list[tuple[int, Ambiguous]] = []
    for row, stated in zip(column.present().tolist(), column.dense().to_list(), strict=True):
        name = stated.get("name") if isinstance(stated, dict) else stated
        hit = fetched.bitmap(row)
        if hit is None and paths[row] is None and isinstance(name, str):
            hit = _but(fetched.own_bitmap(row, index.find(name)), pictures[row])
        if isinstance(hit, Ambiguous):
            ambiguous.append((row, hit))
        elif hit is not None:
            paths[row] = fspath(hit)
        elif paths[row] is None:
            missing.append(row)
    return paths, _issues(ds.names, "bitmap", missing, ambiguous)


def _but(hit: Path | Ambiguous | None, picture: str | None) -> Path | Ambiguous | None:
    """Return what was found without a picture that is called alike."""
    found = hit.paths if isinstance(hit, Ambiguous) else () if hit is None else (hit,)
    left = [path for path in found if fspath(path) != picture]
    if len(left) == len(found):
        return hit
    return Ambiguous(hit.name, tuple(left)) if isinstance(hit, Ambiguous) and len(left) > 1 else next(iter(left), None)


def _issues(
    names: Sequence[str], field: str, missing: list[int], ambiguous: list[tuple[int, Ambiguous]]
) -> list[Issue]:
    issues = []
    if missing:
        places = Places(names, np.array(missing, np.int64))
        message = "no file of the given folders fits the name"
        issues.append(Issue.at("missing-media", "warning", message, places, field=field, fate="missing"))
    if ambiguous:
        details = [", ".join(map(fspath, hit.paths[:5])) for _, hit in ambiguous]
        places = Places(names, np.array([row for row, _ in ambiguous], np.int64), details=details)
        message = "several files fit the name equally well; none was taken"
        issues.append(Issue.at("ambiguous-media", "warning", message, places, field=field, fate="missing"))
    return issues


def _measured(ds: Dataset, rows: Array, paths: Sequence[str | None]) -> Dataset:
    """Return the dataset with the sizes of the pictures and videos of the items `rows`, read from their headers."""
    from annokit.media.size import image_sizes
    from annokit.model.videos import filmed

    pictures = {ITEM_KINDS.index("image"), ITEM_KINDS.index("frame")}
    kinds = ds._items.array("kind")[rows].tolist()
    chosen = np.array(
        [row for row, kind in zip(rows.tolist(), kinds, strict=True) if kind in pictures and _still(paths[row])],
        np.int64,
    )
    read = image_sizes([path for row in chosen.tolist() if (path := paths[row])])
    sizes, issues = filmed(ds, rows[[not _still(paths[row]) for row in rows.tolist()]], paths)
    sizes[chosen] = read.sizes
    sized = _sized(ds, sizes, "the file has")
    if issues:
        sized = sized._with(issues=sized.issues + Report(issues))
    if not read.errors:
        return sized
    places = Places(
        ds.names, chosen[[place for place, _ in read.errors]], details=[str(error) for _, error in read.errors]
    )
    issue = Issue.at("bad-media", "warning", "a file can't be read as a picture", places, field="path", fate="invalid")
    return sized._with(issues=sized.issues + Report((issue,)))


def _still(path: str | None) -> bool:
    return path is not None and path.lower().endswith(STILL)
