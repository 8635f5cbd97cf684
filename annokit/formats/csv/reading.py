"""Reading CSV files of objects."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse, Struct, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps
from annokit.columns.make import sparse_of
from annokit.errors import FormatError
from annokit.formats.csv.lines import FIELDS, Split, column_keys, is_number, line_of, split_lines
from annokit.formats.csv.points import RING, Points, parse_points
from annokit.formats.csv.tasks import DETECTION, USUAL, canonical
from annokit.geometry.ragged import offsets_of, take
from annokit.model.builder import DatasetBuilder
from annokit.model.schema import KIND_CODE, ROTATED_FORMS, UNITS
from annokit.report import Issue

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

HEADER, TASK, ROTATION = "csv/header", "extras/csv/task", "extras/csv/rotation"
EXPECTED = "image, width, height, task type, class, [points], rotation"


def read(source: Source, context: ReadContext) -> Dataset:
    """Read a CSV file, or those of a tree one after another.

    Parameters
    ----------
    source : Source
        The file.
    context : ReadContext
        What the caller asked for.
    """
    only = source.only
    names = [only] if only is not None else [n for n in source.names() if n.lower().endswith(".csv")]
    if not names:
        raise FormatError("there is no .csv file", path=source.label, expected="a CSV file")
    builder = DatasetBuilder(unit="pixel")
    rows: list[list[str]] = []
    more: dict[str, dict[int, str]] = {}
    folders: list[str] = []
    for name in names:
        text = source.read_text(name)
        split = split_lines(text)
        kept = _sound(split, text, source.where(name), context)
        if split.header is not None:
            builder.extras.setdefault(HEADER, dumps(split.header))
            _gather(more, split, kept, len(rows))
        rows += split.rows if kept.all() else [row for row, keep in zip(split.rows, kept.tolist(), strict=True) if keep]
        folders += [name.rpartition("/")[0]] * (len(rows) - len(folders)) if len(names) > 1 else []
    _add(builder, rows, more, folders)
    context.progress(1, 1)
    return builder.build()


def _gather(more: dict[str, dict[int, str]], split: Split, kept: Array, first: int) -> None:
    """Add what lines state in columns that the format does not know, by key and line; `first` is that of the first."""
    if split.more is None or split.header is None:
        return
    for key, values in zip(column_keys(split.header), zip(*split.more, strict=True), strict=False):
        told = [value for value, keep in zip(values, kept.tolist(), strict=True) if keep]
        more.setdefault(key, {}).update((row, value) for row, value in enumerate(told, first) if value)


def _sound(split: Split, text: str, path: str, context: ReadContext) -> Array:
    """Tell which lines can be read; the others become problems."""
    fields = list(zip(*split.rows, strict=True)) or [()] * FIELDS
    wrong: dict[int, tuple[str, str]] = {place: (found, EXPECTED) for place, found in split.bad}
    keep = np.ones(len(split.rows), bool)
    points = parse_points(fields[5])
    odd = np.flatnonzero(~points.sound).tolist()
    checks = [(odd, 5, "a list of [x,y] points")]
    checks += [(_unsized(fields, at), at, "a size in pixels") for at in (1, 2)]
    checks += [([row for row, word in enumerate(fields[6]) if word and not _angle(word)], 6, "an angle in radians")]
    for rows, at, expected in checks:
        for row in rows:
            keep[row] = False
            place = row if split.places is None else split.places[row]
            wrong.setdefault(place, (repr(split.rows[row][at][:50]), expected))
    if wrong:
        lines = line_of(text, split.quote, set(wrong))
        for place, (found, expected) in sorted(wrong.items()):
            error = FormatError(
                "this line can't be read", path=path, line=lines.get(place), found=found, expected=expected
            )
            context.problems.add(error)
    return keep


def _unsized(fields: Sequence[Sequence[str]], at: int) -> list[int]:
    known = {word: _size(word) is not None for word in set(fields[at])}
    return [] if all(known.values()) else [row for row, word in enumerate(fields[at]) if not known[word]]


def _size(word: str) -> int | None:
    """Return a size in pixels, -1 where none is stated; None for anything else."""
    if not word.strip():
        return -1
    value = float(word) if is_number(word) else 0.0
    return int(value) if value >= 1 and value.is_integer() and value < 1 << 31 else None


def _angle(word: str) -> bool:
    return not word.strip() or (is_number(word) and math.isfinite(float(word)))


def _add(builder: DatasetBuilder, rows: list[list[str]], more: dict[str, dict[int, str]], folders: list[str]) -> None:
    fields: list[Sequence[str]] = list(zip(*rows, strict=True)) or [()] * FIELDS
    items, item = _positions(fields[0]) if len(set(folders)) < 2 else _images(builder, fields[0], folders)
    builder.add_items(_items(builder, items, item, fields))
    points = parse_points(fields[5])
    bare = np.array([not (task or label) for task, label in zip(fields[3], fields[4], strict=True)], bool)
    bare &= (points.counts == 0) & np.array([not word.strip() for word in fields[6]], bool)
    place = np.where(bare, -1, np.cumsum(~bare) - 1).tolist()
    classes, label = _positions(fields[4])
    if bare.any():
        kept = np.flatnonzero(~bare)
        fields = [[column[row] for row in kept.tolist()] for column in fields]
        points, item = parse_points(fields[5]), item[kept]
        classes, label = _positions(fields[4])
    places = np.array([builder.add_label(name) if name else -1 for name in classes], np.int64)
    table = _annotations(builder, fields, points, item, places[label] if len(label) else label)
    builder.add_annotations(table.replace(_columns(builder, more, place, len(item))))


def _columns(
    builder: DatasetBuilder, more: dict[str, dict[int, str]], place: list[int], count: int
) -> dict[str, Column | None]:
    """Return the columns that the format does not know, and tell of them."""
    found: dict[str, Column | None] = {}
    for key, values in more.items():
        told = f"the column {key!r} is not part of the format and is kept as it is"
        builder.report([Issue("unread-key", "info", told, len(values), (key,), field=key, fate="unread")])
        stated = {place[row]: value for row, value in values.items() if place[row] >= 0}
        lost = len(values) - len(stated)
        if lost:
            told = f"lines that name an image alone state a {key!r}, which is left out"
            builder.report([Issue("skipped-record", "warning", told, lost, (key,), field=key, fate="dropped")])
        if stated:
            rows = np.array(list(stated), np.int64)
            found[f"extras/csv/{key}"] = Sparse(
                count, rows if len(rows) < count else None, None, Json.of(list(stated.values()))
            )
    return found


def _images(builder: DatasetBuilder, names: Sequence[str], folders: list[str]) -> tuple[list[str], Array]:
    """Return the images of several folders by first use: those of one name in two folders are two images."""
    pairs = list(zip(folders, names, strict=True))
    places = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
    found = [name for _, name in places]
    alike = sorted(name for name, count in Counter(found).items() if count > 1)
    if alike:
        told = "images of one name in several folders are taken for different ones"
        builder.report([Issue("assumed", "warning", told, len(alike), tuple(alike[:5]), field="name", fate="kept")])
    return found, np.fromiter(map(places.__getitem__, pairs), np.int64, len(pairs))


def _positions(words: Sequence[str]) -> tuple[list[str], Array]:
    """Return the different words by first use, and the position of each word among them."""
    places = {word: place for place, word in enumerate(dict.fromkeys(words))}
    return list(places), np.fromiter(map(places.__getitem__, words), np.int64, len(words))


def _items(builder: DatasetBuilder, names: list[str], item: Array, fields: Sequence[Sequence[str]]) -> Table:
    """Return the items; a size is that of the first line of an image."""
    pairs, pair = _pairs(fields)
    sizes = np.array([(_size(w), _size(h)) for w, h in pairs], np.int64).reshape(-1, 2)
    first = np.zeros(len(names), np.int64)
    first[item[::-1]] = np.arange(len(item))[::-1]
    size = sizes[pair[first]] if len(names) else np.zeros((0, 2), np.int64)
    size[(size < 0).any(axis=1)] = -1
    differs = np.flatnonzero(pair != pair[first[item]]) if len(names) else first
    differs = differs[(sizes[pair[differs]] != size[item[differs]]).any(axis=1)]
    if len(differs):
        told = "lines of one image state different sizes; the first one counts"
        examples = tuple(names[row] for row in item[differs[:5]].tolist())
        builder.report([Issue("size-mismatch", "warning", told, len(differs), examples, field="size")])
    return Table(
        len(names),
        {
            "name": Text.of(names),
            "unit": Fixed(np.full(len(names), UNITS.index("pixel"), np.uint8)),
            "size": Fixed(size),
        },
    )


def _pairs(fields: Sequence[Sequence[str]]) -> tuple[list[tuple[str, str]], Array]:
    words = list(zip(fields[1], fields[2], strict=True))
    places = {word: place for place, word in enumerate(dict.fromkeys(words))}
    return list(places), np.fromiter(map(places.__getitem__, words), np.int64, len(words))


def _annotations(
    builder: DatasetBuilder, fields: Sequence[Sequence[str]], points: Points, item: Array, label: Array
) -> Table:
    count = len(item)
    tasks, task = _positions(fields[3])
    known = [canonical(word) for word in tasks]
    detection = np.array([word == DETECTION for word in known], bool)[task] if count else np.zeros(0, bool)
    angle, whole = _angles(fields[6])
    kind, rotated = _kinds(points, detection, angle)
    columns: dict[str, Column] = {"item": Fixed(item), "label": Fixed(label), "kind": Fixed(kind)}
    offsets = offsets_of(points.counts)
    columns.update(_boxes(points, offsets, np.flatnonzero(kind == KIND_CODE["box"])))
    columns.update(_rotated(points, offsets, np.flatnonzero(rotated), Number(angle, whole)))
    drawn = np.flatnonzero((kind == KIND_CODE["polygon"]) | (kind == KIND_CODE["point"]))
    if len(drawn):
        columns["points"] = _rings(points, offsets, drawn)
    loose = np.flatnonzero(~np.isnan(angle) & ~rotated)
    if len(loose):
        columns[ROTATION] = Sparse(count, loose, None, Json.of(Number(angle[loose], whole[loose]).to_list()))
    usual = np.array([USUAL.get(code, "") for code in range(len(KIND_CODE))], object)[kind]
    stated = np.flatnonzero(np.array(fields[3], object) != usual) if count else np.zeros(0, np.int64)
    if len(stated):
        words = sparse_of(count, stated, [fields[3][row] for row in stated.tolist()])
        columns[TASK] = Json.of_column(words)
    _tell(builder, tasks, known, kind, rotated & (points.counts == 2))
    return Table(count, columns)


def _tell(builder: DatasetBuilder, tasks: list[str], known: list[str | None], kind: Array, turned: Array) -> None:
    odd = [word for word, found in zip(tasks, known, strict=True) if found is None and word]
    if odd:
        told = "a task type is none of the platform's; it is kept as it is"
        builder.report([Issue("odd-value", "warning", told, len(odd), tuple(odd[:5]), field="task", fate="kept")])
    if turned.any():
        told = "rotations are taken for radians, clockwise about the centre of the box"
        builder.report([Issue("assumed", "info", told, int(turned.sum()), field="shape")])


def _angles(words: Sequence[str]) -> tuple[Array, Array]:
    """Return the angles, NaN where there is none, and which are written as integers."""
    told, place = _positions(words)
    values = np.array([float(word) if word.strip() else np.nan for word in told], np.float64)
    whole = np.array([bool(word.strip()) and not set(".eE") & set(word) for word in told], bool)
    return (values[place], whole[place]) if len(place) else (np.zeros(0), np.zeros(0, bool))


def _kinds(points: Points, detection: Array, angle: Array) -> tuple[Array, Array]:
    """Return the kind of each line's shape, and which are rotated boxes."""
    single, stated = points.depth == RING, ~np.isnan(angle)
    kind = np.zeros(len(single), np.uint8)
    kind[points.counts > 0] = KIND_CODE["polygon"]
    kind[single & (points.counts == 1)] = KIND_CODE["point"]
    kind[single & (points.counts == 2)] = KIND_CODE["box"]
    turned = single & (points.counts == 2) & stated & (angle != 0)
    turned |= single & (points.counts == 4) & (stated | detection)
    kind[turned] = KIND_CODE["rotated_box"]
    return kind, turned


def _coordinates(points: Points, offsets: Array, rows: Array, width: int) -> Number:
    """Return the numbers of rows with equally many points, (k, width)."""
    index = offsets[rows][:, None] + np.arange(width // 2)
    whole = points.whole[index].reshape(len(rows), width)
    return Number(points.values[index].reshape(len(rows), width), whole if whole.any() else None)


def _boxes(points: Points, offsets: Array, rows: Array) -> dict[str, Column]:
    if not len(rows):
        return {}
    found = _coordinates(points, offsets, rows, 4)
    count = len(points.counts)
    return {"box": found if len(rows) == count else Sparse(count, rows, None, found)}


def _rotated(points: Points, offsets: Array, rows: Array, angles: Number) -> dict[str, Column]:
    """Return rotated boxes: two corners and an angle, or four corners with the angle kept beside."""
    if not len(rows):
        return {}
    numbers = np.full((len(rows), 8), np.nan)
    whole = np.zeros((len(rows), 8), bool)
    four = points.counts[rows] == 4
    for chosen, width in ((four, 8), (~four, 4)):
        told = _coordinates(points, offsets, rows[chosen], width)
        numbers[chosen, :width] = told.values
        whole[chosen, :width] = False if told.whole is None else told.whole
    form = np.where(four, ROTATED_FORMS.index("corners"), ROTATED_FORMS.index("radians")).astype(np.uint8)
    fields: dict[str, Column] = {
        "numbers": Number(numbers, whole if whole.any() else None),
        "angle": angles.take(rows),
        "form": Fixed(form),
    }
    return {"rotated": Sparse(len(points.counts), rows, None, Struct(fields))}


def _rings(points: Points, offsets: Array, rows: Array) -> Column:
    """Return polygons whose rings are parts."""
    ring_offsets, index = take(offsets_of(points.rings), rows)
    sizes = points.ring_counts[index]
    _, places = take(offsets, rows)
    whole = points.whole[places]
    numbers = Number(points.values[places], whole if whole.any() else None)
    column = Ragged(ring_offsets, Ragged(None, Ragged(offsets_of(sizes), numbers)))
    return Sparse(len(points.counts), rows if len(rows) < len(points.counts) else None, None, column)
