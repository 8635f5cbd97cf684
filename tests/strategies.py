"""Datasets for the laws that every format keeps: each kind of shape, awkward names, ids and sizes.

A drawn dataset is small and hostile: images that are not square, polygons with holes and several parts, category 0, names
in several scripts, items of unknown size (their numbers are in pixels then), attributes of every type, extras of other
formats, items without annotations, labels that nothing uses.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from hypothesis import strategies as st

from annokit.columns.json import dumps
from annokit.geometry import Mask
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.label import Label, Skeleton
from annokit.model.schema import KINDS

WORDS = ("cat", "0", "ein Hund", "猫", "a/b", "Ünïcode", "x,y", "true", "a:b", " lead")
FILES = (
    "a.png",
    "b.png",
    "dir/a.png",
    "dir/sub/b c.jpg",
    "ä.png",
    "猫/犬.jpeg",
    "A.png",
    "no_ending",
    "x.y.z.png",
    "0",
)
SIZES = ((40, 30), (30, 40), (7, 50), (64, 9), (1, 1))

COORDINATES = st.floats(-0.25, 1.25, allow_nan=False, width=32) | st.sampled_from([0.0, 1.0, 0.5, 0.1, 1 / 3])
POSITIVE = st.floats(0.0625, 0.5, allow_nan=False, width=32) | st.sampled_from([0.1, 0.25, 1 / 3])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(1 << 60, 1 << 66),
    st.floats(-1, 1, allow_nan=False),
    st.sampled_from(WORDS),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(("k", "ü")), st.integers(0, 2), max_size=1),
)
IDENTS = st.none() | st.integers(0, 9) | st.integers(1 << 40, 1 << 41) | st.sampled_from(("7", "id-ü", "a b"))
ATTRIBUTES = st.dictionaries(st.sampled_from(("occluded", "pose", "größe", "a.b", "n")), VALUES, max_size=3)
EXTRAS = st.dictionaries(st.sampled_from(("savant/key", "zz/area", "zz/ü")), VALUES, max_size=2)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": IDENTS,
    "track": IDENTS,
    "score": st.none() | st.floats(0, 1) | st.integers(0, 1),
    "keyframe": st.none() | st.booleans(),
    "layer": st.none() | st.sampled_from(WORDS),
    "author": st.none() | st.sampled_from(WORDS),
    "created": st.sampled_from((None, "2024-02-03T04:05:06Z")),
    "attributes": ATTRIBUTES,
    "extras": EXTRAS,
}
"""Fields of annotations beside their shape."""

ITEM_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": IDENTS,
    "uri": st.sampled_from((None, "https://host/p/a.png?x=1", "s3://bucket/ä.png")),
    "kind": st.sampled_from(("image", "frame")),
    "frame": st.none() | st.integers(0, 5),
    "split": st.sampled_from((None, "train", "val")),
    "status": st.sampled_from((None, "labelled", "unlabelled", "rejected")),
    "attributes": ATTRIBUTES,
    "extras": EXTRAS,
}
"""Fields of items beside their name and size."""


@st.composite
def _numbers(draw: st.DrawFn, scale: tuple[float, float], count: int) -> list[list[float]]:
    """Points, as fractions times `scale`, some of them written as integers."""
    points = draw(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=count, max_size=count))
    whole = draw(st.booleans())
    return [[_number(x * scale[0], whole), _number(y * scale[1], whole)] for x, y in points]


def _number(value: float, whole: bool) -> float:
    return round(value) if whole else value


@st.composite
def _rings(draw: st.DrawFn, scale: tuple[float, float]) -> list[list[list[list[float]]]]:
    """Parts of rings: an outer one, and sometimes a hole inside it."""
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        x, y, w, h = (draw(POSITIVE) for _ in range(4))
        outer = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
        part = [_scaled(outer, scale)]
        if draw(st.booleans()):
            hole = [[x + w / 4, y + h / 4], [x + w / 2, y + h / 4], [x + w / 2, y + h / 2]]
            part.append(_scaled(hole, scale))
        parts.append(part)
    if draw(st.booleans()):
        parts.append([draw(_numbers(scale, draw(st.integers(1, 5))))])
    return parts


def _scaled(ring: list[list[float]], scale: tuple[float, float]) -> list[list[float]]:
    return [[x * scale[0], y * scale[1]] for x, y in ring]


@st.composite
def _box(draw: st.DrawFn, scale: tuple[float, float]) -> list[float]:
    (x0, y0), (x1, y1) = sorted([a, b] for a, b in draw(_numbers(scale, 2)))
    return [x0, min(y0, y1), x1, max(y0, y1)]


@st.composite
def _mask(draw: st.DrawFn, size: tuple[int, int]) -> tuple[tuple[int, int], str, bytes]:
    """A mask of a size (height, width), empty now and then, as text or as plain runs."""
    bitmap = np.zeros(size, bool)
    for _ in range(draw(st.integers(0, 3))):
        top, left = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
        bitmap[top : top + draw(st.integers(1, 9)), left : left + draw(st.integers(1, 9))] ^= True
    made = Mask.encode(bitmap)
    if draw(st.booleans()):
        return size, "rle", made.rle
    from annokit.geometry.rle import loads

    return size, "runs", loads(made.rle, size).astype("<u4").tobytes()


@st.composite
def _joints(draw: st.DrawFn, scale: tuple[float, float]) -> list[list[float]]:
    points = draw(_numbers(scale, draw(st.integers(1, 3))))
    return [[x, y, draw(st.integers(0, 2))] for x, y in points]


@st.composite
def geometry(draw: st.DrawFn, kind: str, scale: tuple[float, float], size: tuple[int, int]) -> dict[str, Any]:
    """Raw geometry of a kind, as :meth:`DatasetBuilder.add_annotation` takes it.

    Parameters
    ----------
    kind : str
        One of :data:`annokit.model.schema.KINDS`.
    scale : (float, float)
        Width and height in the item's unit.
    size : (int, int)
        Height and width in pixels, for masks.
    """
    makers: dict[str, Any] = {
        "box": lambda: {"box": draw(_box(scale))},
        "rotated_box": lambda: {"rotated": (_oblong(draw, scale), draw(st.floats(-180, 180)), "degrees")},
        "ellipse": lambda: {"ellipse": ([*_oblong(draw, scale), draw(st.sampled_from((0.0, 30.0)))], "axes")},
        "polygon": lambda: {"points": draw(_rings(scale))},
        "polyline": lambda: {"points": [[draw(_numbers(scale, draw(st.integers(2, 4))))]]},
        "point": lambda: {"points": [[draw(_numbers(scale, 1))]]},
        "keypoints": lambda: {"keypoints": draw(_joints(scale))},
        "mask": lambda: {"mask": draw(_mask(size))},
        "cuboid": lambda: {"cuboid": {"corners": draw(_numbers(scale, 8))}},
        "none": dict,
    }
    return {"kind": kind, **makers[kind]()}


def _oblong(draw: st.DrawFn, scale: tuple[float, float]) -> list[float]:
    return [draw(POSITIVE) * side for side in (*scale, *scale)]


@st.composite
def labels(draw: st.DrawFn) -> list[Label]:
    """Labels, some of one name, with ids of any kind, parents, colours and skeletons."""
    made: list[Label] = []
    for name in draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)):
        skeleton = Skeleton(("nose", "Ohr"), ((0, 1),)) if draw(st.integers(0, 3)) == 0 else None
        made.append(
            Label(
                name,
                draw(st.none() | st.integers(0, 90) | st.sampled_from(("s", "7"))),
                draw(st.sampled_from(made)) if made and draw(st.integers(0, 3)) == 0 else None,
                draw(st.sampled_from((None, (0, 128, 255), (1, 2, 3, 4)))),
                skeleton=skeleton,
                is_thing=draw(st.sampled_from((None, True, False))),
                extras={"zz/key": 1} if draw(st.integers(0, 4)) == 0 else {},
            )
        )
    return made


@st.composite
def datasets(
    draw: st.DrawFn,
    *,
    kinds: Collection[str] = KINDS,
    fields: Collection[str] = tuple(FIELDS),
    item_fields: Collection[str] = tuple(ITEM_FIELDS),
    unsized: bool = True,
    sequences: bool = True,
) -> Dataset:
    """A dataset.

    Parameters
    ----------
    kinds : collection of str
        Kinds of shape that may occur.
    fields, item_fields : collection of str
        Names in :data:`FIELDS` and :data:`ITEM_FIELDS` that may occur.
    unsized : bool
        Whether items of unknown size may occur; their numbers are in pixels.
    sequences : bool
        Whether items may belong to sequences.
    """
    builder = DatasetBuilder()
    for label in draw(labels()):
        builder.add_label(label)
    rows = (
        [builder.add_sequence(draw(IDENTS), name="video 1") for _ in range(draw(st.integers(0, 2)))]
        if sequences
        else []
    )
    names = draw(st.lists(st.sampled_from(FILES), max_size=4, unique=True))
    frames = [_add_item(draw, builder, name, rows, item_fields, unsized) for name in names]
    count = draw(st.integers(0, 6)) if frames else 0
    for _ in range(count):
        item = draw(st.integers(0, len(frames) - 1))
        _add_annotation(draw, builder, item, frames[item], kinds, fields)
    if draw(st.booleans()):
        builder.info["description"] = draw(VALUES)
    if draw(st.integers(0, 3)) == 0:
        builder.extras["zz/version"] = dumps(draw(VALUES))
    return builder.build()


Frame = tuple[tuple[float, float], tuple[int, int], str]


def _add_item(
    draw: st.DrawFn, builder: DatasetBuilder, name: str, rows: list[int], fields: Collection[str], unsized: bool
) -> Frame:
    """Add an item and return the scale of its numbers, its height and width, and its form."""
    width, height = draw(st.sampled_from(SIZES))
    known = not unsized or draw(st.integers(0, 3)) > 0
    unit = draw(st.sampled_from(("unit", "pixel"))) if known else "pixel"
    form = draw(st.sampled_from(("xyxy", "xywh", "cxcywh")))
    stated = {field: draw(ITEM_FIELDS[field]) for field in fields if draw(st.booleans())}
    size = {"width": width, "height": height} if known else {}
    sequence = {"sequence": draw(st.sampled_from(rows))} if rows and draw(st.booleans()) else {}
    builder.add_item(name, unit=unit, form=form, **size, **sequence, **stated)
    return ((width, height) if unit == "pixel" else (1.0, 1.0)), (height, width), form


def _add_annotation(
    draw: st.DrawFn, builder: DatasetBuilder, item: int, frame: Frame, kinds: Collection[str], fields: Collection[str]
) -> None:
    kind = draw(st.sampled_from(sorted(kinds)))
    raw = draw(geometry(kind, *frame[:2]))
    if kind == "box" or ("box" in kinds and draw(st.integers(0, 5)) == 0):
        raw["box"] = _in_form(raw.get("box") or draw(_box(frame[0])), frame[2])
    if "keypoints" in kinds and kind != "keypoints" and draw(st.integers(0, 5)) == 0:
        raw["keypoints"] = draw(_joints(frame[0]))
    stated = {field: draw(FIELDS[field]) for field in fields if draw(st.booleans())}
    label = draw(st.none() | st.integers(0, len(builder.labels) - 1))
    builder.add_annotation(item, label, **raw, **stated)


def _in_form(corners: list[float], form: str) -> list[float]:
    x0, y0, x1, y1 = corners
    w, h = x1 - x0, y1 - y0
    return {"xyxy": corners, "xywh": [x0, y0, w, h], "cxcywh": [x0 + w / 2, y0 + h / 2, w, h]}[form]
