"""``coordinates`` as geometry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import attrs
import numpy as np

from annokit.columns import Column, Fixed, Json, Number, Ragged, Sparse, Struct, Text
from annokit.columns.base import Array, concat
from annokit.columns.json import loads
from annokit.formats.dataloop.facts import CUBE_3D, CUBE_CORNERS, DEPTH_OF_TYPE
from annokit.formats.dataloop.points import Flat, flat, listed, nested
from annokit.formats.dataloop.values import Values
from annokit.geometry.nesting import nest_in_first
from annokit.geometry.ragged import offsets_of
from annokit.limits import DEFAULT_LIMITS
from annokit.model.schema import ELLIPSE_FORMS, KIND_CODE, MASK_ENCODINGS, ROTATED_FORMS

CORNERS, DEGREES = ROTATED_FORMS.index("corners"), ROTATED_FORMS.index("degrees")


@attrs.define(eq=False)
class Shapes:
    """The geometry of many annotations."""

    count: int
    """Annotations."""

    kind: Array = attrs.field(init=False)
    """(n,) uint8, codes of :data:`~annokit.model.schema.KINDS`."""

    odd: Array = attrs.field(init=False)
    """(n,) bool, which have coordinates that can't be read."""

    verbatim: Array = attrs.field(init=False)
    """(n,) bool, which have coordinates that say more than the geometry."""

    depth: dict[bool, list[Array]] = attrs.field(factory=lambda: {False: [], True: []})
    """Rows whose points are written without a ``z``, and with one, against the habit of their type."""

    corners: Array = attrs.field(init=False)
    """(n,) uint8: 1 where the corners of a box are given with x descending, 2 with y, 3 with both."""

    loose: Array = attrs.field(init=False)
    """(n,) bool, which points lie in no inner list."""

    columns: dict[str, list[tuple[Array, Column]]] = attrs.field(factory=dict)
    """Rows and values by name of the column."""

    def __attrs_post_init__(self) -> None:
        self.kind = np.zeros(self.count, np.uint8)
        self.corners = np.zeros(self.count, np.uint8)
        self.odd = np.zeros(self.count, bool)
        self.verbatim = np.zeros(self.count, bool)
        self.loose = np.zeros(self.count, bool)

    def put(self, kind: str, name: str, rows: Array, values: Column) -> None:
        """Add the geometry of `rows`."""
        if len(rows):
            self.kind[rows] = KIND_CODE[kind]
            self.columns.setdefault(name, []).append((rows, values))

    def table(self) -> dict[str, Column]:
        """Return the columns."""
        made = {name: merged(self.count, pieces) for name, pieces in self.columns.items()}
        return {**made, "kind": Fixed(self.kind)}


def merged(count: int, pieces: list[tuple[Array, Column]]) -> Sparse:
    """Return one column of pieces whose rows do not overlap."""
    rows = np.concatenate([rows for rows, _ in pieces])
    values = concat([column for _, column in pieces])
    order = rows.argsort(kind="stable")
    slots = None if (order[1:] > order[:-1]).all() else order
    return Sparse(count, None if len(rows) == count else rows[order], slots, values)


def shapes(types: Array, names: list[str], coordinates: Values) -> Shapes:
    """Return the geometry of annotations.

    Parameters
    ----------
    types : (n,) int64 array
        Position of each annotation's type in `names`.
    names : list of str
        Types.
    coordinates : Values
        As the file states them.
    """
    found = Shapes(coordinates.count)
    pointed = _rows_of(types, names, coordinates, POINTED)
    if len(pointed):
        alone = len(pointed) == int(coordinates.has.sum())
        rows = np.arange(found.count) if alone else pointed
        made = flat(coordinates if alone else coordinates.take(pointed))
        for name, read in POINTED.items():
            codes = [code for code, each in enumerate(names) if each == name]
            own = np.flatnonzero(np.isin(types[rows], codes) & coordinates.has[rows]) if codes else pointed[:0]
            if len(own):
                read(found, rows[own], _marked(found, rows[own], made.take(own), name))
    for name, read_each in READERS.items():
        rows = _rows_of(types, names, coordinates, (name,))
        if len(rows):
            read_each(found, rows, coordinates.take(rows))
    return found


def _rows_of(types: Array, names: list[str], coordinates: Values, wanted: Collection[str]) -> Array:
    """Return the rows of some types that have coordinates."""
    codes = [code for code, name in enumerate(names) if name in wanted]
    return np.flatnonzero(np.isin(types, codes) & coordinates.has) if codes else np.zeros(0, np.int64)


def _marked(found: Shapes, rows: Array, made: Flat, name: str) -> Flat:
    """Note how points are written."""
    found.verbatim[rows[made.odd]] = True
    usual = DEPTH_OF_TYPE[name]
    found.depth[not usual].append(rows[(made.depth != usual) & ~made.odd])
    return made


def _box(found: Shapes, rows: Array, made: Flat) -> None:
    numbers, wrong = listed(made.texts)
    counts, stride = numbers.lengths[0], np.where(made.depth, 3, 2)
    starts = np.cumsum(counts) - counts
    points, angle = counts // stride, counts % stride == 1
    plain, turned, quads, closed = (
        np.flatnonzero((points == corners) & (angle == more) & (made.closed | made.odd != more))
        for corners, more in ((2, False), (2, True), (4, False), (5, False))
    )
    first, last = (_rows(numbers, starts[closed] + k * stride[closed], stride[closed], 1).values for k in (0, 4))
    closed = closed[(first == last).all(axis=1)]
    found.verbatim[rows[closed]] = True
    quads = np.union1d(quads, closed)
    wrong[:] = True
    for chosen, corners in ((plain, 2), (turned, 2), (quads, 4)):
        wrong[chosen] = False
        deep = chosen[made.depth[chosen]]
        found.verbatim[rows[deep]] |= _not_flat(numbers, starts[deep], corners)
    if len(plain):
        boxes = _rows(numbers, starts[plain], stride[plain], 2)
        found.corners[rows[plain]] = _ordered(boxes)
        found.put("box", "box", rows[plain], boxes)
    if len(turned):
        boxes = _rows(numbers, starts[turned], stride[turned], 2)
        found.corners[rows[turned]] = _ordered(boxes)
        angles = _columns(numbers, starts[turned, None] + counts[turned, None] - 1)
        found.put("rotated_box", "rotated", rows[turned], _turned(boxes, angles, DEGREES))
    if len(quads):
        stated = _rows(numbers, starts[quads], stride[quads], 4)
        found.put("rotated_box", "rotated", rows[quads], _turned(stated, None, CORNERS))
    found.odd[rows[wrong]] = True


def _rows(numbers: Any, starts: Array, stride: Array, points: int) -> Number:
    """Return x and y of the points that begin at `starts`, (k, 2 * points)."""
    places = np.arange(points).repeat(2) * stride[:, None] + np.tile([0, 1], points)
    return _columns(numbers, starts[:, None] + places)


def _columns(numbers: Any, index: Array) -> Number:
    return Number(numbers.values[index], None if numbers.whole is None else numbers.whole[index])


def _not_flat(numbers: Any, starts: Array, points: int) -> Array:
    """Return which rows state a ``z`` that is not the integer 0, (k,) bool."""
    index = starts[:, None] + np.arange(points) * 3 + 2
    if numbers.whole is None:
        return np.ones(len(starts), bool)
    return np.asarray(((numbers.values[index] != 0) | ~numbers.whole[index]).any(axis=1))


def _ordered(boxes: Number) -> Array:
    """Bring the smaller of two corners to the front, in place, and return how they were given."""
    values, how = boxes.values, np.zeros(len(boxes.values), np.uint8)
    for axis in (0, 1):
        swap = np.flatnonzero(values[:, axis] > values[:, axis + 2])
        how[swap] |= 1 << axis
        for array in (values, boxes.whole):
            if array is not None and len(swap):
                array[swap[:, None], [axis, axis + 2]] = array[swap[:, None], [axis + 2, axis]]
    return how


def _turned(stated: Number, angles: Number | None, form: int) -> Struct:
    """Return rotated boxes of four or eight numbers, and (k, 1) angles."""
    count, width = stated.values.shape
    values, whole = np.full((count, 8), np.nan), np.zeros((count, 8), bool)
    values[:, :width] = stated.values
    if stated.whole is not None:
        whole[:, :width] = stated.whole
    angle, full = np.full(count, np.nan), None
    if angles is not None:
        angle = angles.values[:, 0]
        full = None if angles.whole is None else angles.whole[:, 0]
    fields = {"numbers": Number(values, whole if whole.any() else None), "angle": Number(angle, full)}
    return Struct({**fields, "form": Fixed(np.full(count, form, np.uint8))})


def _segment(found: Shapes, rows: Array, made: Flat) -> None:
    _outlines(found, rows, made, "polygon")


def _polyline(found: Shapes, rows: Array, made: Flat) -> None:
    _outlines(found, rows, made, "polyline")


def _outlines(found: Shapes, rows: Array, made: Flat, kind: str) -> None:
    loose = [bool(text) and text[1:2] != b"[" for text in made.texts]
    texts = [b"[" + text + b"]" if alone else text for text, alone in zip(made.texts, loose, strict=True)]
    found.loose[rows] = loose
    stride = np.where(made.depth, 3, 2)
    numbers, wrong = nested(texts)
    counts, sizes = numbers.lengths
    owner = np.arange(len(rows)).repeat(counts)
    wrong |= np.bincount(owner, sizes, len(rows)) == 0
    wrong[owner[sizes % stride[owner] > 0]] = True
    if kind == "polyline":
        wrong |= counts > 1
    found.odd[rows[wrong]] = True
    good = np.flatnonzero(~wrong)
    if not len(good):
        return
    if wrong.any():
        numbers, _ = nested([texts[row] for row in good.tolist()])
        counts, sizes = numbers.lengths
    rings = _rings(found, rows[good], numbers, stride[good])
    found.put(kind, "points", rows[good], _parts(found, rows[good], rings, offsets_of(counts)))


def _rings(found: Shapes, rows: Array, numbers: Any, stride: Array) -> Ragged:
    """Return rings of x and y of rows whose points have two or three numbers."""
    counts, sizes = numbers.lengths
    values, whole = numbers.values, numbers.whole
    if (stride == 3).any():
        owner = np.arange(len(rows)).repeat(counts)
        step = stride[owner].repeat(sizes)
        place = np.arange(len(values)) - (np.cumsum(sizes) - sizes).repeat(sizes)
        kept = place % step < 2
        deep = ~kept & ((values != 0) | (True if whole is None else ~whole))
        found.verbatim[rows[np.unique(owner.repeat(sizes)[deep])]] = True
        values, whole = values[kept], None if whole is None else whole[kept]
        sizes = sizes // stride[owner] * 2
    return Ragged(
        offsets_of(sizes // 2), Number(values.reshape(-1, 2), None if whole is None else whole.reshape(-1, 2))
    )


def _parts(found: Shapes, rows: Array, rings: Ragged, offsets: Array) -> Ragged:
    """Return shapes of parts: a ring inside the first one is its hole, any other a part."""
    several = np.flatnonzero(np.diff(offsets) > 1)
    if not len(several):
        return Ragged(None, Ragged(None, rings))
    order = np.arange(len(rings))
    begins = np.ones(len(rings), bool)
    ends = rings.bounds()
    points: Any = rings.values
    for row in several.tolist():
        first, last = int(offsets[row]), int(offsets[row + 1])
        given = [points.values[ends[ring] : ends[ring + 1]] for ring in range(first, last)]
        places = {id(ring): place for place, ring in enumerate(given)}
        with np.errstate(all="ignore"):  # numbers of any size: what overflows lies inside nothing
            parts = nest_in_first(given)
        order[first:last] = [first + places[id(ring)] for part in parts for ring in part]
        begins[first:last] = [place == 0 for part in parts for place in range(len(part))]
        found.verbatim[rows[row]] |= bool((np.diff(order[first:last]) < 0).any())
    starts = np.flatnonzero(begins)
    per_part = np.append(starts, len(rings))
    per_shape = np.searchsorted(starts, offsets)
    return Ragged(per_shape, Ragged(per_part, rings.take(order)))


def _point(found: Shapes, rows: Array, made: Flat) -> None:
    numbers, wrong = listed([text if text[:1] == b"[" else b"[" + text + b"]" for text in made.texts])
    counts = numbers.lengths[0]
    wrong |= (counts != np.where(made.depth, 3, 2)) | made.listed
    found.odd[rows[wrong]] = True
    starts = np.cumsum(counts) - counts
    good = np.flatnonzero(~wrong)
    deep = good[made.depth[good]]
    found.verbatim[rows[deep]] |= _not_flat(numbers, starts[deep], 1)
    ring = Ragged(None, _rows(numbers, starts[good], np.full(len(good), 2), 1))
    found.put("point", "points", rows[good], Ragged(None, Ragged(None, ring)))


def _each(found: Shapes, rows: Array, values: Values, read: Callable[[Any], Any]) -> tuple[Array, list[Any]]:
    """Return the rows that `read` understands, and what it made of them; it tells whether that is all they say."""
    made: list[Any] = []
    good = np.zeros(len(rows), bool)
    for place, raw in enumerate(values.raws):
        try:
            value, whole = read(loads(raw))
        except (KeyError, TypeError, ValueError, AttributeError):
            found.odd[rows[place]] = True
            continue
        made.append(value)
        good[place] = True
        found.verbatim[rows[place]] |= not whole
    return rows[good], made


def _number(value: Any) -> float | int:
    if type(value) is float or (type(value) is int and abs(value) <= 1 << 53):
        return value
    raise TypeError(value)


def _xy(point: Any) -> list[float | int]:
    return [_number(point["x"]), _number(point["y"])]


def _usual(point: Any) -> bool:
    """Tell whether a point has x, y and a ``z`` of 0, and nothing else."""
    return bool(point.keys() == {"x", "y", "z"} and type(point["z"]) is int and point["z"] == 0)


def _ellipse(found: Shapes, rows: Array, values: Values) -> None:
    def read(value: Any) -> tuple[list[Any], bool]:
        numbers = [*_xy(value["center"]), *(_number(n) for n in (value["rx"], value["ry"], value.get("angle", 0)))]
        return numbers, value.keys() == {"center", "rx", "ry", "angle"} and _usual(value["center"])

    good, made = _each(found, rows, values, read)
    if made:
        form = Fixed(np.full(len(good), ELLIPSE_FORMS.index("axes"), np.uint8))
        found.put("ellipse", "ellipse", good, Struct({"numbers": Number.of(made), "form": form}))


def _cube(found: Shapes, rows: Array, values: Values) -> None:
    def read(value: Any) -> tuple[dict[str, Any], bool]:
        corners = [_xy(value[corner]) for corner in CUBE_CORNERS]
        usual = value.keys() == {*CUBE_CORNERS, "angle"} and type(value["angle"]) is int and value["angle"] == 0
        return {"corners": corners}, usual and all(_usual(value[corner]) for corner in CUBE_CORNERS)

    good, made = _each(found, rows, values, read)
    if made:
        found.put("cuboid", "cuboid", good, Json.of(made))


def _cube_3d(found: Shapes, rows: Array, values: Values) -> None:
    def read(value: Any) -> tuple[dict[str, Any], bool]:
        made = {name: [_number(value[key][axis]) for axis in "xyz"] for name, key in CUBE_3D.items()}
        usual = value.keys() == set(CUBE_3D.values())
        return made, usual and all(value[key].keys() == set("xyz") for key in CUBE_3D.values())

    good, made = _each(found, rows, values, read)
    if made:
        found.put("cuboid", "cuboid", good, Json.of(made))


def _binary(found: Shapes, rows: Array, values: Values) -> None:
    from annokit.codecs.mask_png import is_whole, size_of

    sizes = [size_of(raw) if is_whole(raw) else None for raw in values.raws]
    sizes = [None if size is None or size[0] * size[1] > DEFAULT_LIMITS.pixels else size for size in sizes]
    good = np.array([size is not None for size in sizes], bool)
    found.odd[rows[~good]] = True
    known = [size for size in sizes if size is not None]
    if known:
        texts = [raw for raw, fits in zip(values.raws, good.tolist(), strict=True) if fits]
        fields = {
            "size": Fixed(np.array(known, np.int64)),
            "encoding": Fixed(np.full(len(known), MASK_ENCODINGS.index("datauri"), np.uint8)),
            "data": Text.of_bytes(texts),
        }
        found.put("mask", "mask", rows[good], Struct(fields))


POINTED: Mapping[str, Callable[[Shapes, Array, Flat], None]] = {
    "box": _box,
    "segment": _segment,
    "polyline": _polyline,
    "point": _point,
}
"""Types whose coordinates are points."""

READERS: Mapping[str, Callable[[Shapes, Array, Values], None]] = {
    "ellipse": _ellipse,
    "binary": _binary,
    "cube": _cube,
    "cube_3d": _cube_3d,
}
