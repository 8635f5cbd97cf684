"""What the rows of label files mean: classes, boxes, rings, corners, joints, as columns of annotations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Number, Ragged, Sparse, Struct, Table
from annokit.columns.base import Array
from annokit.errors import FormatError
from annokit.formats.yolo.rows import RawRows
from annokit.geometry.ragged import offsets_of, take
from annokit.model.schema import KIND_CODE, ROTATED_FORMS
from annokit.report import Issue

if TYPE_CHECKING:
    from annokit.formats.yolo.dialects import Dialect, Row

Tell = Callable[[RawRows, int, str, str], None]
"""``tell(rows, row, message, expected)`` notes a row that can't be read."""

BOX, CORNERS = 5, 9
"""Numbers of a box, and of four corners, with the class before."""


@attrs.frozen(kw_only=True)
class Meaning:
    """What the rows of one tree state."""

    rows: tuple[Row, ...]
    """The kinds of row."""

    joints: tuple[int, int] = (0, 3)
    """Joints of a pose, and numbers of each."""

    sixth: str | None = None
    """What a sixth number after a box is, ``score`` or ``track``."""

    issues: tuple[Issue, ...] = ()
    """What had to be assumed."""


def find_meaning(rows: RawRows, stated: tuple[Row, ...], joints: tuple[int, int] | None, sixth: str | None) -> Meaning:
    """Return what rows state, from what is stated of them and from what they look like.

    Parameters
    ----------
    rows : RawRows
        All of them.
    stated : tuple of str
        Kinds of row that the dialect or the tree states; empty where neither does.
    joints : (int, int), optional
        Joints of a pose, where the tree states them.
    sixth : str, optional
        What a sixth number is, where the caller says.
    """
    lengths = rows.lengths
    issues: list[Issue] = []
    if not stated:
        stated = ("pose",) if joints is not None else _by_length(lengths, issues)
    if "pose" in stated and joints is None:
        joints = _joints(rows, lengths)
        told = "the files do not say how many joints there are; it follows from the rows"
        issues.append(Issue("assumed", "info", told, examples=(str(list(joints)),), field="keypoints"))
    if "box" in stated and sixth is None and (lengths == BOX + 1).any():
        sixth = _sixth(rows)
        told = f"the files do not say what the sixth number of a row is; it was taken for a {sixth}"
        issues.append(Issue("assumed", "info", told, int((lengths == BOX + 1).sum()), (sixth,), field=sixth))
    return Meaning(rows=stated, joints=joints or (0, 3), sixth=sixth, issues=tuple(issues))


def _by_length(lengths: Array, issues: list[Issue]) -> tuple[Row, ...]:
    """Return the task that the lengths of rows speak of."""
    long = lengths[lengths > BOX + 1]
    if not len(long):
        return ("box",)
    if (lengths != CORNERS).any():
        return ("polygon",)
    told = "rows of four corners may be turned boxes or polygons; they were taken for turned boxes"
    issues.append(
        Issue("assumed", "info", told, len(long), ("yolo:ultralytics-segment reads polygons",), field="shape")
    )
    return ("corners",)


def _joints(rows: RawRows, lengths: Array) -> tuple[int, int]:
    """Return joints and numbers of each: three where that fits and every third is a visibility, else two."""
    rest = lengths[lengths > BOX] - BOX
    if not len(rest):
        return 0, 3
    count = int(np.bincount(rest).argmax())
    if count % 3 == 0:
        own = rows.take(lengths == count + BOX)
        third = own.values.reshape(-1, count + BOX)[:, BOX + 2 :: 3]
        if count % 2 or np.isin(third, (0, 1, 2)).all():
            return count // 3, 3
    return count // 2, 2


def _sixth(rows: RawRows) -> str:
    own = np.flatnonzero(rows.lengths == BOX + 1)
    return "track" if rows.whole[rows.offsets[own + 1] - 1].all() else "score"


def sound(rows: RawRows, meaning: Meaning, dialect: Dialect, tell: Tell) -> Array:
    """Return (n,) bool, the rows that can be read; `tell` gets the others."""
    lengths = rows.lengths
    first = rows.values[rows.offsets[:-1]]
    no_class = (first != np.floor(first)) | (first < dialect.first_id) | (first > MOST)
    fits = np.zeros(len(lengths), bool)
    for row in meaning.rows:
        fits |= _FITS[row](lengths, meaning)
    for place in np.flatnonzero(no_class | ~fits).tolist():
        if no_class[place]:
            tell(rows, place, "a row begins with the number of its class", f"an integer from {dialect.first_id}")
        else:
            tell(rows, place, *_expected(int(lengths[place]), meaning))
    return np.asarray(~no_class & fits)


MOST = 10_000_000
"""Largest number of a class."""


def _expected(length: int, meaning: Meaning) -> tuple[str, str]:
    mixed = (length == BOX and "polygon" in meaning.rows) or (length > BOX + 1 and "box" in meaning.rows)
    message = "the row is of another task than the rest" if mixed else "the row has too many or too few numbers"
    pose = f"a class, a box and {meaning.joints[0]} joints of {meaning.joints[1]} numbers"
    return message, " or ".join(_WORDS.get(row, pose) for row in meaning.rows)


_WORDS: Mapping[str, str] = {
    "box": "a class and a box of 4 numbers",
    "polygon": "a class and 3 points or more",
    "corners": "a class and 4 corners",
}
"""What a row is expected to be; what a pose is depends on its skeleton."""

_FITS: Mapping[str, Callable[[Array, Meaning], Array]] = {
    "box": lambda n, m: (n == BOX) | ((n == BOX + 1) & (m.sixth is not None)),
    "polygon": lambda n, m: (n >= 7) & (n % 2 == 1),
    "corners": lambda n, m: n == CORNERS,
    "pose": lambda n, m: n == BOX + m.joints[0] * m.joints[1],
}


def annotation_table(rows: RawRows, meaning: Meaning, first_id: int) -> Table:
    """Return the columns of sound rows; ``item`` is the position of their file."""
    lengths = rows.lengths
    label = rows.values[rows.offsets[:-1]].astype(np.int64) - first_id
    kind = np.zeros(len(lengths), np.uint8)
    columns: dict[str, Column] = {"item": Fixed(rows.files), "label": Fixed(label)}
    for row in meaning.rows:
        chosen = np.flatnonzero(_FITS[row](lengths, meaning))
        kind[chosen] = KIND_CODE[_KINDS[row]]
        if len(chosen):
            columns.update(_COLUMNS[row](rows, chosen, meaning))
    return Table(len(lengths), {**columns, "kind": Fixed(kind)})


_KINDS: Mapping[str, str] = {"box": "box", "polygon": "polygon", "corners": "rotated_box", "pose": "box"}


def numbers(rows: RawRows, chosen: Array, start: int, stop: int) -> Number:
    """Return numbers `start` up to `stop` of the `chosen` rows, (k, stop - start)."""
    place = rows.offsets[chosen][:, None] + np.arange(start, stop)
    whole = rows.whole[place]
    return Number(rows.values[place], whole if whole.any() else None)


def _boxes(rows: RawRows, chosen: Array, meaning: Meaning) -> dict[str, Column]:
    found = numbers(rows, chosen, 1, BOX)
    every = len(chosen) == len(rows.files)
    columns: dict[str, Column] = {"box": found if every else Sparse(len(rows.files), chosen, None, found)}
    longer = chosen[rows.lengths[chosen] > BOX]
    if len(longer) and meaning.sixth is not None:
        told = numbers(rows, longer, BOX, BOX + 1)
        values = Number(told.values[:, 0], None if told.whole is None else told.whole[:, 0])
        columns[meaning.sixth] = Sparse(len(rows.files), longer, None, _SIXTH[meaning.sixth](values))
    return columns


def _tracks(values: Number) -> Column:
    whole = np.zeros(len(values), bool) if values.whole is None else values.whole
    exact = whole & (np.abs(values.values) < 2**53)
    return Fixed(values.values.astype(np.int64)) if exact.all() else values


_SIXTH: Mapping[str, Callable[[Number], Column]] = {"score": lambda values: values, "track": _tracks}


def _polygons(rows: RawRows, chosen: Array, meaning: Meaning) -> dict[str, Column]:
    sizes = rows.lengths[chosen]
    if len(chosen) == len(rows.files):
        keep = np.ones(len(rows.values), bool)
        keep[rows.offsets[:-1]] = False
        index: Array = np.flatnonzero(keep)
    else:
        offsets, index = take(rows.offsets, chosen)
        index = np.delete(index, offsets[:-1])
    points = _points(rows, index, 2)
    return {"points": Sparse(len(rows.files), _present(rows, chosen), None, _rings(offsets_of(sizes // 2), points))}


def _points(rows: RawRows, index: Array, width: int) -> Number:
    whole = rows.whole[index].reshape(-1, width)
    return Number(rows.values[index].reshape(-1, width), whole if whole.any() else None)


def _rings(offsets: Array, points: Number) -> Column:
    return Ragged(None, Ragged(None, Ragged(offsets, points)))


def _present(rows: RawRows, chosen: Array) -> Array | None:
    return None if len(chosen) == len(rows.files) else chosen


def _corners(rows: RawRows, chosen: Array, meaning: Meaning) -> dict[str, Column]:
    fields: dict[str, Column] = {
        "numbers": numbers(rows, chosen, 1, CORNERS),
        "angle": Number(np.full(len(chosen), np.nan)),
        "form": Fixed(np.full(len(chosen), ROTATED_FORMS.index("corners"), np.uint8)),
    }
    return {"rotated": Sparse(len(rows.files), _present(rows, chosen), None, Struct(fields))}


def _poses(rows: RawRows, chosen: Array, meaning: Meaning) -> dict[str, Column]:
    count, width = meaning.joints
    columns = _boxes(rows, chosen, attrs.evolve(meaning, sixth=None))
    if not count:
        return columns
    told = numbers(rows, chosen, BOX, BOX + count * width)
    values = told.values.reshape(-1, width)
    whole = np.zeros(values.shape, bool) if told.whole is None else told.whole.reshape(-1, width)
    if width == 2:
        seen = np.where((values < 0).any(axis=1), 0.0, 2.0)
        values, whole = np.column_stack([values, seen]), np.column_stack([whole, np.ones(len(seen), bool)])
    joints = Number(np.ascontiguousarray(values), whole if whole.any() else None)
    offsets = np.arange(len(chosen) + 1, dtype=np.int64) * count
    columns["keypoints"] = Sparse(len(rows.files), _present(rows, chosen), None, Ragged(offsets, joints))
    return columns


_COLUMNS: Mapping[str, Callable[[RawRows, Array, Meaning], dict[str, Column]]] = {
    "box": _boxes,
    "polygon": _polygons,
    "corners": _corners,
    "pose": _poses,
}


def classes_for(labels: Array, classes: Sequence[str], where: str) -> tuple[list[str], list[Issue]]:
    """Return names for all classes in use: those that are stated, then ``class_<number>`` up to the largest used."""
    top = int(labels.max()) + 1 if len(labels) else 0
    if top <= len(classes):
        return list(classes), []
    if top > len(classes) + MOST_UNNAMED:
        raise FormatError("the number of a class is too large", path=where, found=str(top - 1))
    used = np.unique(labels[labels >= len(classes)]).tolist()
    made = [f"class_{number}" for number in range(len(classes), top)]
    return [*classes, *made], [
        Issue(
            "odd-value",
            "warning",
            "classes beyond the list of names are in use; they are called class_<number>",
            len(used),
            tuple(map(str, used[:5])),
            field="label",
            fate="kept",
        )
    ]


MOST_UNNAMED = 100_000
"""Most classes that get a name of their own because a row uses their number, or a larger one."""
