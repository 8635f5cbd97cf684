"""COCO documents as nobody would write them on purpose."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

TEXTS = st.sampled_from(
    ["", "a.png", "dir/ä b.jpg", "猫", 'q"uote', "back\\slash", "line\n", "},{", '"},{"id":', "\u2028", "7"]
)
NUMBERS = st.one_of(
    st.integers(-5, 90),
    st.floats(-10, 700, allow_nan=False),
    st.sampled_from(
        [0.0, -0.0, 1.0, 702.0, 0.1, 1e22, 1.5e-7, 5e300, 12345678901234567, 2**53, 2**63, 2**70, -(2**63)]
    ),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.sampled_from(
        [[], {}, [[]], [None], [[1]], {"a": 1}, [1, 2, 3], [[1.5, 2.5, 3.5]], ["x"], [[[1, 2], [3, 4]]], {"": []}]
    ),
    st.recursive(
        st.none() | NUMBERS | TEXTS, lambda v: st.lists(v, max_size=2) | st.dictionaries(TEXTS, v, max_size=2)
    ),
)
KEYS = st.sampled_from(
    [
        "x",
        "ignore",
        "#absent",
        "#",
        "##",
        "a/b",
        "~0",
        'q"',
        "back\\",
        "attributes.x",
        "",
        "ü",
        "\n",
        "segments_info",
        "size",
    ]
)
IDENTS = st.one_of(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["1", "ü", 2**40, 2**70, -1]))


@st.composite
def usual(draw: st.DrawFn, value: st.SearchStrategy[Any]) -> Any:
    """A value, odd once in ten."""
    return draw(ODD if draw(st.integers(0, 9)) == 0 else value)


@st.composite
def record(draw: st.DrawFn, keys: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """An object in which any key may be absent, in any order, with keys that nobody knows."""
    made = {key: draw(value) for key, value in keys.items() if draw(st.integers(0, 5)) > 0}
    for key in draw(st.lists(KEYS, max_size=2, unique=True)):
        made[key] = draw(ODD)
    order = draw(st.permutations(list(made))) if draw(st.booleans()) else list(made)
    return {key: made[key] for key in order}


RING = st.lists(NUMBERS, min_size=3, max_size=5).map(lambda half: [*half, *half])
RUNS = st.sampled_from(
    [
        {"counts": [0, 2, 4], "size": [2, 3]},
        {"size": [2, 3], "counts": [6]},
        {"counts": [1, 2, 2, 1], "size": [3, 2]},
        {"counts": "01c0", "size": [5, 4]},
        {"size": [5, 4], "counts": "d0"},
        {"size": [2, 3], "counts": [5]},
        {"size": [2, 3], "counts": [-1, 7]},
        {"size": [2, 3], "counts": [3.0, 3]},
        {"size": [2, 3], "counts": "d"},
        {"size": [2, 3], "counts": "ü\\"},
        {"size": [2, 3], "counts": [2**40, 6 - 2**40]},
        {"size": [2, 3], "counts": [2**70]},
        {"size": [2.0, 3], "counts": [6]},
        {"size": [0, 0], "counts": []},
        {"size": [2, 3], "counts": [6], "more": 1},
        {"size": [2, 3]},
        {"counts": [6], "size": None},
    ]
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["occluded", "n", "ü", "iscrowd", "caption", 'q"', ""]), ODD, max_size=3)

IMAGE = record(
    {
        "id": usual(IDENTS),
        "file_name": usual(TEXTS),
        "width": usual(st.integers(0, 900)),
        "height": usual(st.integers(0, 900)),
        "coco_url": usual(st.sampled_from(["http://h/p/a.png?x=1", "a.png", ""])),
        "license": usual(st.integers(0, 3)),
        "attributes": usual(ATTRIBUTES),
    }
)
ANNOTATION = record(
    {
        "id": usual(IDENTS),
        "image_id": usual(IDENTS),
        "category_id": usual(IDENTS),
        "segmentation": usual(st.one_of(st.lists(RING, min_size=1, max_size=2), RUNS, st.just([]))),
        "bbox": usual(st.lists(NUMBERS, min_size=4, max_size=4)),
        "area": usual(NUMBERS),
        "iscrowd": usual(st.integers(0, 1)),
        "keypoints": usual(
            st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(0, 2)), max_size=2).map(lambda p: [*sum(p, ())])
        ),
        "num_keypoints": usual(st.integers(0, 2)),
        "score": usual(st.floats(0, 1)),
        "caption": usual(TEXTS),
        "track_id": usual(IDENTS),
        "attributes": usual(ATTRIBUTES),
    }
)
CATEGORY = record(
    {
        "id": usual(IDENTS),
        "name": usual(TEXTS),
        "supercategory": usual(TEXTS),
        "keypoints": usual(st.lists(TEXTS, max_size=2)),
        "skeleton": usual(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), max_size=2)),
        "color": usual(st.lists(st.integers(0, 300), min_size=3, max_size=4)),
        "isthing": usual(st.integers(0, 2)),
    }
)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A document, or a results list."""
    annotations = draw(st.lists(ANNOTATION, max_size=6))
    if draw(st.integers(0, 4)) == 0:
        return annotations
    made = draw(record({"info": usual(st.dictionaries(TEXTS, ODD, max_size=2)), "licenses": usual(st.just([]))}))
    lists = {
        "images": draw(st.lists(IMAGE, max_size=5)),
        "annotations": annotations,
        "categories": draw(st.lists(CATEGORY, max_size=4)),
    }
    stated = {name: rows for name, rows in lists.items() if draw(st.integers(0, 5)) > 0}
    made.update(stated or {"images": []})
    order = draw(st.permutations(list(made)))
    return {key: made[key] for key in order}


@st.composite
def texts(draw: st.DrawFn) -> tuple[Any, bytes]:
    """A document and its text, pretty or not."""
    document = draw(documents())
    indent = draw(st.sampled_from([None, None, 1]))
    ascii_only = draw(st.booleans())
    return document, json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()
