"""The shape of one annotation: boxes, turned boxes, polygons of several contours, open polygons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import attrs
import numpy as np

from annokit.formats.innotescus.facts import POINTS, SIDES, Record, is_number
from annokit.formats.innotescus.records import NOTHING_DRAWN, box_drawn, poly_drawn
from annokit.model.schema import KIND_CODE

Ring = list[list[Any]]

BOX, ROTATED, POLYGON, LINE = (KIND_CODE[name] for name in ("box", "rotated_box", "polygon", "polyline"))

LARGE = 1 << 53
"""Where integers begin that no double tells apart."""


@attrs.frozen
class Drawn:
    """What the reader makes of ``type``, ``box``, ``poly`` and ``is_open``."""

    rows: list[Record]
    """Geometry of the annotations that it becomes: one, or one per contour of an open polygon."""

    stated: Record
    """The four keys as the writer states them."""

    extras: Record
    """Markers for the writer."""

    nested: str | None = None
    """What was decided about several contours."""

    odd: str | None = None
    """What can't be read, and where."""


Nest = Callable[[list[Ring]], list[list[Ring]]]


def nested(rings: list[Ring]) -> list[list[Ring]]:
    """Return parts: a contour inside another is its hole."""
    from annokit.geometry.nesting import nest

    arrays = [np.array(ring, np.float64) for ring in rings]
    places = {id(array): ring for array, ring in zip(arrays, rings, strict=True)}
    return [[places[id(ring)] for ring in part] for part in nest(arrays)]


def union(rings: list[Ring]) -> list[list[Ring]]:
    """Return a part per contour."""
    return [[ring] for ring in rings]


HOLES: dict[str, Nest] = {"auto": nested, "evenodd": nested, "union": union}
"""What several contours mean."""


def drawn(record: Record, nest: Nest) -> Drawn:
    """Return the shape of an annotation record."""
    word = record.get("type")
    read = _READERS.get(word, _unknown) if word is None or isinstance(word, str) else _unknown
    try:
        return read(record, nest)
    except _Odd as error:
        return Drawn([{}], NOTHING_DRAWN, {}, odd=f"/{error.where}: {error.what}")


class _Odd(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, where: str, what: str) -> None:
        super().__init__(where, what)
        self.where, self.what = where, what


def _nothing(record: Record, _: Nest) -> Drawn:
    told = next((key for key in ("box", "poly") if record.get(key)), None)
    if told is not None:
        raise _Odd(told, "a shape without a type")
    return Drawn([{}], NOTHING_DRAWN, {})


def _unknown(record: Record, _: Nest) -> Drawn:
    raise _Odd("type", f"{record['type']!r:.40} is neither Box nor Poly")


def _box(record: Record, _: Nest) -> Drawn:
    numbers, turned, extras = _sides(record.get("box"))
    fields: Record = {"kind": BOX, "box": numbers}
    if turned is not None:
        fields = {"kind": ROTATED, "rotated": (numbers, turned, "radians")}
    return Drawn([fields], box_drawn(record["box"]), extras)


def _sides(box: Any) -> tuple[list[Any], Any, Record]:
    """Return the four numbers, the orientation, and a marker for what else the box says."""
    if not isinstance(box, dict):
        raise _Odd("box", f"{box!r:.60} is no object")
    numbers = [box.get(key) for key in SIDES]
    wrong = next((key for key, value in zip(SIDES, numbers, strict=True) if not is_number(value)), None)
    if wrong is not None:
        raise _Odd(f"box/{wrong}", f"{box.get(wrong)!r:.40} is no number")
    turned = box.get("orientation")
    if turned is not None and not is_number(turned):
        raise _Odd("box/orientation", f"{turned!r:.40} is no number")
    more = {key: value for key, value in box.items() if key not in SIDES and key != "orientation"}
    lacks = {} if "orientation" in box else {"#absent": ["orientation"]}
    return numbers, turned, {"#box": {**more, **lacks}} if more or lacks else {}


def with_more(box: Record, more: Record | None) -> Record:
    """Return a box with what its marker adds."""
    if not more:
        return box
    absent = more.get("#absent", ())
    return {key: value for key, value in {**box, **more}.items() if key not in absent and key != "#absent"}


def _poly(record: Record, nest: Nest) -> Drawn:
    rings, form = _contours(record.get("poly"))
    is_open = record.get("is_open", False)
    if type(is_open) is not bool and is_open is not None:
        raise _Odd("is_open", f"{is_open!r:.40} is neither true nor false")
    extras: Record = {"#points": form} if form else {}
    numbers, box = None, None
    if isinstance(record.get("box"), dict):
        numbers, turned, more = _sides(record["box"])
        if turned is not None:
            more = {"#box": {**more.get("#box", {}), "orientation": turned}}
        extras |= more
        box = record["box"]
    stated = poly_drawn(record["poly"], bool(is_open), box)
    if is_open:
        return Drawn([{"kind": LINE, "points": [[ring]], "box": numbers} for ring in rings], stated, extras)
    return _polygon(rings, nest, numbers, stated, extras)


def _polygon(rings: list[Ring], nest: Nest, box: Any, stated: Record, extras: Record) -> Drawn:
    parts = nest(rings) if len(rings) > 1 else [rings]
    order = {id(ring): place for place, ring in enumerate(rings)}
    listed = [order[id(ring)] for part in parts for ring in part]
    if listed != sorted(listed):
        extras = {**extras, "#contours": listed}
    told = None
    if len(rings) > 1:
        holes = len(rings) - len(parts)
        told = f"{len(rings)} contours: {len(parts)} parts, {holes} holes"
    return Drawn([{"kind": POLYGON, "points": parts, "box": box}], stated, extras, told)


_READERS: dict[str | None, Callable[[Record, Nest], Drawn]] = {"Box": _box, "Poly": _poly, None: _nothing}


def _contours(poly: Any) -> tuple[list[Ring], int]:
    """Return the contours, and the code of the form in which all of them state their points."""
    if not isinstance(poly, list) or not poly:
        raise _Odd("poly", f"{poly!r:.60} is no list of contours")
    forms = {_form(ring, f"poly/{place}") for place, ring in enumerate(poly)}
    if len(forms) > 1:
        raise _Odd("poly", "its contours state their points in several ways")
    form = forms.pop()
    quick = _quick(poly) if form == 0 else None
    if quick is not None:
        return quick, form
    return [list(_POINTS[form](ring, f"poly/{place}")) for place, ring in enumerate(poly)], form


def _quick(poly: list[Any]) -> list[Ring] | None:
    """Return contours of points that are objects of two small numbers, without a look at each; None for others."""
    flat = list(chain.from_iterable(poly))
    if set(map(type, flat)) != {dict} or set(map(len, flat)) != {2}:
        return None
    try:
        numbers = [number for point in flat for number in (point["x"], point["y"])]
    except KeyError:
        return None
    if not set(map(type, numbers)) <= {int, float} or not -LARGE < min(numbers) <= max(numbers) < LARGE:
        return None
    if any(number != number for number in numbers):  # noqa: PLR0124 - NaN
        return None
    return [[[point["x"], point["y"]] for point in ring] for ring in poly]


def _form(ring: Any, where: str) -> int:
    if not isinstance(ring, list) or not ring:
        raise _Odd(where, f"{ring!r:.60} is no list of points")
    return 0 if isinstance(ring[0], dict) else 1 if isinstance(ring[0], list) else 2


def _objects(ring: list[Any], where: str) -> Iterator[list[Any]]:
    for place, point in enumerate(ring):
        if not isinstance(point, dict) or point.keys() != {"x", "y"}:
            raise _Odd(f"{where}/{place}", f"{point!r:.60} is no point of x and y")
        yield _pair([point["x"], point["y"]], f"{where}/{place}")


def _pairs(ring: list[Any], where: str) -> Iterator[list[Any]]:
    for place, point in enumerate(ring):
        if not isinstance(point, list) or len(point) != 2:
            raise _Odd(f"{where}/{place}", f"{point!r:.60} is no pair of x and y")
        yield _pair(point, f"{where}/{place}")


def _flat(ring: list[Any], where: str) -> Iterator[list[Any]]:
    if len(ring) % 2:
        raise _Odd(where, f"{len(ring)} numbers, which are no pairs of x and y")
    for place in range(0, len(ring), 2):
        yield _pair(ring[place : place + 2], f"{where}/{place}")


def _pair(pair: list[Any], where: str) -> list[Any]:
    if not (is_number(pair[0]) and is_number(pair[1])):
        raise _Odd(where, f"{pair!r:.60} are no numbers")
    return pair


_POINTS = (_objects, _pairs, _flat)
assert len(_POINTS) == len(POINTS)


def contour(ring: Any, form: int) -> list[Any]:
    """Return a contour as the file states it; `form` is a position in :data:`~.facts.POINTS`."""
    if form == 0:
        return [{"x": x, "y": y} for x, y in ring]
    return [[x, y] for x, y in ring] if form == 1 else [number for point in ring for number in point]


def checked_holes(holes: str) -> Nest:
    """Return what several contours mean; UsageError lists the choices."""
    from annokit.errors import UsageError

    if holes not in HOLES:
        raise UsageError(f"holes={holes!r}; expected one of {', '.join(sorted(HOLES))}")
    return HOLES[holes]


__all__ = ["HOLES", "Drawn", "checked_holes", "contour", "drawn", "with_more"]
