"""Reading trees of KITTI label files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import orjson

from annokit.codecs.names import read_manifest
from annokit.codecs.number_lines import joined
from annokit.columns import Column, Fixed, Json, Number, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.columns.make import sparse_of
from annokit.errors import FormatError
from annokit.formats.kitti.layout import KEYS, LIST, Entry, Finder
from annokit.formats.kitti.regions import CROWD, WORD, marks
from annokit.formats.kitti.rows import FIELDS, MANY, RawRows, parse
from annokit.formats.kitti.tracking import Tracked, frames_of, pictures_of, tracked, without_markers
from annokit.model.builder import DatasetBuilder
from annokit.model.schema import KIND_CODE, STATUSES, UNITS

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

UNKNOWN = {"truncated": -1, "occluded": -1, "alpha": -10}
"""What stands for a value that nobody knows."""

BOX = slice(3, 7)
SIZE, CENTER, TURN = (9, 7, 8), (10, 11, 12), 13
"""Columns of length, height, width; x, y, z; rotation_y."""

REGION, NO_TEXT = WORD.encode(), -2

ZEROS = "extras/kitti/#zeros"
"""Marks objects whose size, place and rotation are stated as 0, as tools do that know none."""


def read(source: Source, context: ReadContext, *, measure: bool = True) -> Dataset:
    """Read a tree of label files, or one of them.

    Parameters
    ----------
    source : Source
        The tree.
    context : ReadContext
        What the caller asked for.
    measure : bool
        Whether sizes are read from the headers of pictures that lie in the tree.
    """
    entries = Finder(source, read_manifest(source)).entries()
    rows, files, unread = _gather(source, entries, context)
    builder = DatasetBuilder(unit="pixel", form="xyxy")
    moving = None if source.kind != "file" and LIST in source else tracked(rows, files)
    rows = rows if moving is None else moving.rows
    labels = _labels(rows, builder, files, source, entries, context)
    known = labels != NO_TEXT
    if not known.all():
        chosen = np.flatnonzero(known)
        rows = attrs.evolve(rows, values=rows.values[chosen], whole=rows.whole[chosen])
        labels, files = labels[chosen], files[chosen]
        moving = None if moving is None else attrs.evolve(moving, numbers=moving.numbers[chosen])
    if moving is not None:
        _frames(builder, source, entries, attrs.evolve(moving, rows=rows), files, labels)
        return builder.build()
    builder.add_items(_items(source, entries, unread, measure))
    builder.add_annotations(_annotations(rows, files, labels))
    return builder.build()


def _frames(
    builder: DatasetBuilder, source: Source, entries: Sequence[Entry], moving: Tracked, files: Array, labels: Array
) -> None:
    """Add the sequences, frames and objects of the tracking benchmark."""
    sequences = {
        place: builder.add_sequence(entry.name, name=entry.name, split=entry.split)
        for place, entry in enumerate(entries)
        if entry.label is not None
    }
    pictures = pictures_of(source, entries)
    pairs, item = frames_of(files, moving.numbers[:, 0])
    for place, frame in pairs.tolist():
        entry = entries[place]
        fields = {"frame": frame, "sequence": sequences[place], "split": entry.split, "status": "labelled"}
        path = pictures.get(f"{entry.name}/{frame:06d}")
        builder.add_item(f"{entry.name}#{frame}", kind="frame", path=path, **fields)
    table = _annotations(without_markers(moving.rows, labels), item, labels)
    stated = np.flatnonzero(moving.numbers[:, 1] >= 0)
    if len(stated):
        tracks = Fixed(moving.numbers[stated, 1])
        table = table.replace({"track": Sparse(len(item), None if len(stated) == len(item) else stated, None, tracks)})
    builder.add_annotations(table)


def _gather(source: Source, entries: Sequence[Entry], context: ReadContext) -> tuple[RawRows, Array, Array]:
    """Return the rows of all label files, the entry of each, and which files could not be read."""
    texts: list[bytes] = []
    unread = np.zeros(len(entries), bool)
    found: list[RawRows] = []
    owners: list[Array] = []
    start = size = 0
    for place, entry in enumerate(entries):
        try:
            texts.append(b"" if entry.label is None else source.read(entry.label))
        except FormatError as error:
            context.problems.add(error)
            unread[place] = True
            texts.append(b"")
        size += len(texts[-1])
        if size >= 1 << 20 or place + 1 == len(entries):
            block, own = _block(texts, start, source, entries, context)
            found.append(block)
            owners.append(own + start)
            texts, start, size = [], place + 1, 0
            context.progress(place + 1, len(entries))
    if not found:
        return parse(b""), np.zeros(0, np.int64), unread
    whole = RawRows(
        list(chain.from_iterable(block.names for block in found)),
        np.concatenate([block.values for block in found]),
        np.concatenate([block.whole for block in found]),
        np.concatenate([block.lines for block in found]),
        (),
    )
    return whole, np.concatenate(owners), unread


def _block(
    texts: list[bytes], first: int, source: Source, entries: Sequence[Entry], context: ReadContext
) -> tuple[RawRows, Array]:
    data, starts = joined(texts)
    rows = parse(data)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    begins = ends.searchsorted(starts)  # line at which each file begins
    own = begins.searchsorted(rows.lines, "right") - 1
    lines = rows.lines - begins[own] + 1
    for line, found, expected in rows.bad:
        at = int(begins.searchsorted(line, "right")) - 1
        _tell(source, entries[first + at], line - int(begins[at]) + 1, found, expected, context)
    return attrs.evolve(rows, lines=lines), own


def _tell(source: Source, entry: Entry, line: int, found: str, expected: str, context: ReadContext) -> None:
    error = FormatError(
        "this line can't be read",
        path=source.where(str(entry.label)),
        line=line,
        item=entry.name,
        found=found,
        expected=expected,
    )
    context.problems.add(error)


def _labels(
    rows: RawRows,
    builder: DatasetBuilder,
    files: Array,
    source: Source,
    entries: Sequence[Entry],
    context: ReadContext,
) -> Array:
    """Return the label of each row, -1 for a region to ignore, and add the labels in the order of first use.

    A row whose class is no text is told, and is :data:`NO_TEXT`.
    """
    codes = {name: code for code, name in enumerate(dict.fromkeys(rows.names))}
    found = np.fromiter(map(codes.__getitem__, rows.names), np.int64, len(rows.names))
    places = []
    for name, code in codes.items():
        try:
            places.append(-1 if name == REGION else builder.add_label(name.decode("utf-8")))
        except UnicodeDecodeError:
            places.append(NO_TEXT)
            for row in np.flatnonzero(found == code).tolist():
                entry = entries[int(files[row])]
                _tell(source, entry, int(rows.lines[row]), repr(name[:40]), "a class in UTF-8", context)
    return np.array(places, np.int64)[found] if len(found) else found


# columns --------------------------------------------------------------------------------------------------------------


def _items(source: Source, entries: Sequence[Entry], unread: Array, measure: bool) -> Table:
    count = len(entries)
    labelled = np.array([entry.label is not None for entry in entries], bool)
    status = np.where(labelled, STATUSES.index("labelled"), STATUSES.index("unlabelled"))
    status[unread] = 0
    columns: dict[str, Column] = {
        "name": Text.of([entry.name for entry in entries]),
        "unit": Fixed(np.full(count, UNITS.index("pixel"), np.uint8)),
        "status": Fixed(status.astype(np.uint8)),
    }
    splits = {row: entry.split for row, entry in enumerate(entries) if entry.split is not None}
    if splits:
        columns["split"] = sparse_of(count, list(splits), list(splits.values()))
    columns.update(_media(source, entries, measure))
    columns.update(_extras(source, entries))
    return Table(count, columns)


def _media(source: Source, entries: Sequence[Entry], measure: bool) -> dict[str, Column]:
    """Return paths of the pictures of a folder, and sizes from their headers."""
    from annokit.media.size import image_sizes

    rows = np.array([row for row, entry in enumerate(entries) if entry.image is not None], np.int64)
    if source.kind != "folder" or not len(rows):
        return {}
    paths = [f"{source.label}/{entry.image}" for entry in entries if entry.image is not None]
    found: dict[str, Column] = {"path": Sparse(len(entries), rows, None, Text.of(paths))}
    if measure:
        sizes = np.full((len(entries), 2), -1, np.int64)
        sizes[rows] = image_sizes(paths).sizes
        found["size"] = Fixed(sizes)
    return found


def _extras(source: Source, entries: Sequence[Entry]) -> dict[str, Column]:
    """Return references to calibration files, and the keys that annokit wrote beside."""
    stated = _keys(source)
    values: dict[str, dict[int, Any]] = {}
    for row, entry in enumerate(entries):
        told: dict[str, Any] = {} if entry.calib is None else {"calib": entry.calib}
        for key, value in {**told, **stated.get(entry.label or "", {})}.items():
            values.setdefault(key, {})[row] = value
    return {
        f"extras/kitti/{key}": Sparse(len(entries), np.array(list(rows), np.int64), None, Json.of(rows.values()))
        for key, rows in values.items()
    }


def _keys(source: Source) -> Mapping[str, dict[str, Any]]:
    if source.kind == "file" or KEYS not in source:
        return {}
    try:
        found: Any = loads(source.read(KEYS))
    except ValueError as error:
        raise FormatError(f"the keys of items are not JSON ({error})", path=source.where(KEYS)) from error
    if not isinstance(found, dict) or not all(isinstance(keys, dict) for keys in found.values()):
        raise FormatError("the keys of items can't be read", path=source.where(KEYS), expected="{file: {key: value}}")
    return found


def _annotations(rows: RawRows, files: Array, labels: Array) -> Table:
    values, whole = rows.values, rows.whole
    boxes = whole[:, BOX]
    columns: dict[str, Column] = {
        "item": Fixed(files),
        "label": Fixed(labels),
        "box": Number(values[:, BOX].copy(), boxes.copy() if boxes.any() else None),
    }
    for at, name in enumerate(FIELDS[:3]):
        stated = np.flatnonzero(values[:, at] != UNKNOWN[name])
        if len(stated):
            columns[f"attributes/{name}"] = _numbers(values[:, at], whole[:, at], stated)
    scored = np.flatnonzero(~np.isnan(values[:, MANY - 1]))
    if len(scored):
        columns["score"] = _numbers(values[:, MANY - 1], whole[:, MANY - 1], scored)
    regions = marks(len(files), np.flatnonzero(labels < 0))
    if regions is not None:
        columns[CROWD] = regions
    kind = np.full(len(files), KIND_CODE["box"], np.uint8)
    solid, zeros = _cuboids(values, columns)
    kind[solid] = KIND_CODE["cuboid"]
    if len(zeros):
        columns[ZEROS] = Sparse(len(files), zeros, None, Json.of([b"true"] * len(zeros)))
    return Table(len(files), {**columns, "kind": Fixed(kind)})


def _numbers(values: Array, whole: Array, stated: Array) -> Column:
    marks = whole[stated]
    present = None if len(stated) == len(values) else stated
    return Sparse(len(values), present, None, Number(values[stated], marks if marks.any() else None))


def _cuboids(values: Array, columns: dict[str, Column]) -> tuple[Array, Array]:
    """Add the column of cuboids; return the rows that have one, and those whose every number is 0."""
    zeros = ~values[:, 7:14].any(axis=1)
    size = (values[:, SIZE] != -1).any(axis=1)
    center = (values[:, CENTER] != -1000).any(axis=1)
    turn = values[:, TURN] != -10
    parts = (size * 4 + center * 2 + turn) * ~zeros
    solid = np.flatnonzero(parts)
    if len(solid):
        texts = np.empty(len(values), object)
        for code in np.unique(parts[solid]).tolist():
            chosen = np.flatnonzero(parts == code)
            texts[chosen] = _documents(values[chosen], code)
        column = Json(Text.of_bytes(texts[solid].tolist()))
        columns["cuboid"] = Sparse(len(values), None if len(solid) == len(values) else solid, None, column)
    return solid, np.flatnonzero(zeros)


def _documents(values: Array, code: int) -> list[bytes]:
    """Return the JSON of cuboids that state the parts of `code`: 4 the size, 2 the place, 1 the rotation."""
    fields = [
        (b'"center":[%b]', _triples(values[:, CENTER]) if code & 2 else None),
        (b'"size":[%b]', _triples(values[:, SIZE]) if code & 4 else None),
        (b'"rotation":[0.0,%b,0.0]', _triples(values[:, TURN : TURN + 1]) if code & 1 else None),
    ]
    stated = [(text, numbers) for text, numbers in fields if numbers is not None]
    template = b"{" + b",".join(text for text, _ in stated) + b',"anchor":[0.0,0.5,0.0]}'
    return [template % row for row in zip(*(numbers for _, numbers in stated), strict=True)]


def _triples(values: Array) -> list[bytes]:
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return text[2:-2].split(b"],[")
