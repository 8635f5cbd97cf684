"""COCO on video, a file for every video: reading and writing the tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.below import BelowSource
from annokit.codecs.names import read_manifest, safe_names, write_manifest
from annokit.columns import MISSING, Column, Fixed, Json, Sparse, Table, Text
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError
from annokit.formats.coco import keys
from annokit.formats.coco.absent import IMAGE_WANTED, lacks_by_mark, marks
from annokit.formats.coco.detection import own_file
from annokit.formats.coco.implied import frame_of
from annokit.formats.frames import FRAME, frame_numbers
from annokit.model.concat import concat
from annokit.model.rows import SEQUENCE_DEFAULTS, SEQUENCE_MAKERS, Rows
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.codecs.output import Output
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext, WriteContext
    from annokit.model.dataset import Dataset

ENDING = ".json"

REFERENCE = keys.extra("image_id")


def read_videos(source: Source, context: ReadContext, read: Callable[[Source, ReadContext], Dataset]) -> Dataset:
    """Return the frames of all videos, each read from a file of its own.

    Parameters
    ----------
    source : Source
        A JSON file, or a folder or archive of them.
    context : ReadContext
        What the caller asked for.
    read : callable
        ``read(source, context)`` reads one document.

    Raises
    ------
    FormatError
        There is no file.
    """
    known = read_manifest(source)
    files = [source.only] if source.only is not None else [name for name in source.find(ENDING) if not own_file(name)]
    if not files:
        raise FormatError("COCO on video is a JSON file per video", path=source.label, expected="JSON files")
    titles = {file: known.get(file, file).removesuffix(ENDING) for file in files}
    plain = attrs.evolve(context, dialect=attrs.evolve(context.dialect, framed=False))
    parts = []
    for file in sorted(files, key=titles.__getitem__):
        inner = source if source.only is not None else BelowSource(source, "\0", {f"{titles[file]}{ENDING}": file})
        parts.append(_as_video(read(inner, plain), titles[file]))
    joined = concat(parts)
    return joined._with(extras={})


def _as_video(ds: Dataset, title: str) -> Dataset:
    """Return a document whose images are frames of a video."""
    ds = _with_frames(ds)
    numbers = _ids(ds)
    names = [title if number < 0 else f"{title}#{number}" for number in numbers.tolist()]
    framed = np.flatnonzero(numbers >= 0)
    changes: dict[str, Column | None] = {
        "name": Text.of(names),
        "kind": Fixed(np.full(len(ds), FRAME, np.uint8)),
        "sequence": Fixed(np.zeros(len(ds), np.int64)),
        "frame": Sparse(len(ds), framed, None, Fixed(numbers[framed])) if len(framed) else None,
        "uri": _addresses(ds, names),
        keys.ABSENT: _unsized(ds),
    }
    if len(framed) == len(ds):
        changes["id"] = None
    rows = Rows(SEQUENCE_MAKERS, SEQUENCE_DEFAULTS)
    rows.append({"name": title})
    said = {key: raw for key, raw in ds._extras.items() if not key.startswith("coco/" + keys.MARK)}
    said |= {"coco/info": dumps(ds.info)} if ds.info else {}
    extras = {f"extras/{key}": Sparse(1, None, None, Json.of([raw])) for key, raw in said.items()}
    sequences = rows.table().replace(extras)
    return ds._with(items=ds._items.replace(changes), sequences=sequences, info={}, extras={})


def _ids(ds: Dataset) -> Any:
    """Return the ids of images that are numbers of frames, -1 for others."""
    found = np.full(len(ds), -1, np.int64)
    column = ds._items.sparse("id")
    if column is not None:
        for row, value in zip(column.present().tolist(), column.dense().to_list(), strict=True):
            found[row] = value if type(value) is int and 0 <= value < 1 << 62 else -1
    return found


def _addresses(ds: Dataset, names: list[str]) -> Column | None:
    """Return where frames lie: the address that a file states, else its name for them where that is another."""
    unnamed = lacks_by_mark(ds._items, "file_name").tolist()
    stated = ds._items.get("uri")
    uris: list[Any] = [MISSING] * len(ds) if stated is None else stated.to_list()
    listed = _listed(ds)
    for row, (name, own) in enumerate(zip(ds.names, names, strict=True)):
        if uris[row] is MISSING and name != own and row < listed and not unnamed[row]:
            uris[row] = name
    rows = [row for row, uri in enumerate(uris) if uri is not MISSING]
    return Sparse(len(ds), np.array(rows, np.int64), None, Text.of([uris[row] for row in rows])) if rows else None


def _unsized(ds: Dataset) -> Column | None:
    """Return the marks of images whose size is not stated."""
    sides = [("height", 1), ("width", 0)]
    verbatim = {key: ds._items.sparse(keys.extra(key)) for key, _ in sides}
    lacking = {key: ds._items.array("size")[:, side] < 0 for key, side in sides}
    for key, column in verbatim.items():
        if column is not None:
            lacking[key] &= ~column.mask()
    nothing = np.zeros(len(ds), bool)
    return marks({key: lacking.get(key, nothing) for key in IMAGE_WANTED})


MADE = "coco/#made"
"""Of a dataset that is being read: how many images its file lists."""


def _listed(ds: Dataset) -> int:
    raw = ds._extras.get(MADE)
    return len(ds) if raw is None else int(loads(raw))


def _with_frames(ds: Dataset) -> Dataset:
    """Return a document with an image for every frame that its annotations speak of."""
    without = "images" in loads(ds._extras.get(keys.NO_LIST, b"[]"))
    listed = 0 if without else len(ds)
    column = ds._annotations.sparse(REFERENCE)
    told: dict[int, int] = {}
    if column is not None:
        pairs = zip(column.present().tolist(), column.dense().to_list(), strict=True)
        told = {row: number for row, number in pairs if type(number) is int and 0 <= number < 1 << 62}
    extras = {**ds._extras, MADE: dumps(listed)}
    if not told:
        return ds._with(extras=extras)
    numbers = sorted(set(told.values()))
    place = {number: len(ds) + at for at, number in enumerate(numbers)}
    size = np.unique(ds._items.array("size"), axis=0)
    sizes = np.repeat(size, len(numbers), axis=0) if len(size) == 1 else None
    ids = Fixed(np.array(numbers, np.int64))
    made = Table(len(numbers), {"name": Text.of(map(str, numbers)), "id": ids, **frame_of(len(numbers), sizes)})
    item = ds._annotations.array("item").copy()
    item[list(told)] = [place[number] for number in told.values()]
    kept = [row for row in column.present().tolist() if row not in told] if column is not None else []
    left = None if column is None or not kept else column.take(np.arange(len(item)))
    if left is not None:
        rows = np.array(kept, np.int64)
        left = Sparse(len(item), rows, None, Json.of([dumps(value) for value in left.values_of(rows)]))
    annotations = ds._annotations.replace({"item": Fixed(item), REFERENCE: left})
    issues = [issue for issue in ds.issues if kept or issue.code != "dangling-reference" or issue.field != "image_id"]
    items = Table.join([ds._items, made]) if len(ds) else made
    return ds._with(items=items, annotations=annotations, extras=extras, issues=Report(issues))


def write_videos(
    ds: Dataset, output: Output, context: WriteContext, write: Callable[[Dataset, Output, WriteContext], None]
) -> None:
    """Write a file for every video of a dataset that was narrowed already.

    Parameters
    ----------
    ds : Dataset
        Frames in sequences.
    output : Output
        A folder or an archive.
    context : WriteContext
        What the caller asked for.
    write : callable
        ``write(dataset, output, context)`` writes one document, called by the context's stem.
    """
    names = [f"{sequence.name}{ENDING}" for sequence in ds.sequences]
    files = safe_names(names)
    owner = ds._items.array("sequence")
    ids = Fixed(frame_numbers(ds))
    uris = ds._items.get("uri")
    stated = [MISSING] * len(ds) if uris is None else uris.to_list()
    called = Text.of([name if uri is MISSING else uri for name, uri in zip(ds.names, stated, strict=True)])
    numbered = ds._with(items=ds._items.replace({"id": ids, "name": called, "frame": None, "uri": None}))
    for row, file in enumerate(files):
        part = numbered[np.flatnonzero(owner == row)]
        said = {name: column.value(row) for name, column in ds._sequences.group("extras").items()}
        extras = {key: dumps(value) for key, value in said.items() if value is not MISSING}
        info = said.get("coco/info", MISSING)
        if isinstance(info, dict):
            extras.pop("coco/info")
        document = part._with(info=info if isinstance(info, dict) else {}, extras=extras)
        write(document, output, attrs.evolve(context, stem=file.removesuffix(ENDING)))
    write_manifest(output, files)
