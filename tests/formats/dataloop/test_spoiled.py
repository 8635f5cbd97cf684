"""Documents that are spoiled at random come back as they were."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import annokit
from tests.formats.dataloop.documents import item, note, p, save, z

ODD = (
    None, True, 0, -1, 1.5, 2**70, "", "x", "ü\u0000", [], {}, [1, 2], {"a": 1}, [[]], p(1, 2), [z(1, 2), z(3, 4)], 1e308,
    "/x", "data:image/png;base64,AAAA", "not-visible", "pose", "point", "segment", "class", "p1", "nose",
)  # fmt: skip


def _snapshot(frame: int, **rest: Any) -> dict[str, Any]:
    made = {"frame": frame, "fixed": True, "label": "car", "attributes": [], "objectVisible": True, "type": "box"}
    return {**made, "data": [z(frame, 0), z(frame + 9, 9)], **rest}


MOVING = {"frame": 5, "endFrame": 40, "startTime": 0.2, "endTime": 1.6, "objectId": "2"}

DOCUMENTS = (
    item(
        note("pose", "person", {"templateId": "t"}, id="p1"),
        note("point", "nose", z(1, 2), id="n", attributes=["visible"], system={"parentId": "p1"}),
        note("point", "eye", z(3, 2), system={"parentId": "p1", "clientId": "c"}),
        note("class", "completed", system={"system": True}),
        note("box", "a", [z(1, 2), z(3, 4), 30], attributes=["x"], user={"model": {"confidence": 0.5}}),
        note("box", "b", [z(1, 2), z(3, 4)], system={"attributes": {"1": "r", "2": ["a"]}, "clientParentId": "c"}),
        note("segment", "a.b", [[p(0, 0), p(9, 0), p(9, 9)], [p(5, 1), p(8, 1), p(8, 3)]], creator="me", hash="h"),
        note("ellipse", "a.b", {"center": z(5, 5), "rx": 2, "ry": 1, "angle": 3}, system={"parentId": "n"}),
        note("note", "n", {"box": []}),
    ),
    item(
        note("box", "car", [z(0, 0), z(9, 9)], id="1", system={**MOVING, "snapshots_": [_snapshot(8), _snapshot(12, fixed=False)]}),
        note("class", "rain", system={"frame": 0, "endFrame": 3, "snapshots_": []}),
        note("box", "car", [z(0, 0), z(9, 9)], system={**MOVING, "snapshots_": [_snapshot(9, namedAttributes={"1": "r"})]}),
        system={"mimetype": "video/mp4", "nb_frames": 50}, metadata={"fps": 25},
    ),
)  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in members:
        yield from _paths(inner, (*path, key))


def _spoil(document: Any, chance: random.Random) -> None:
    """Take a value away, exchange it, write it twice, or add one."""
    path = chance.choice(list(_paths(document)))
    owner = document
    for key in path[:-1]:
        owner = owner[key]
    what = chance.random()
    if what < 0.3 and isinstance(owner, dict):
        del owner[path[-1]]
    elif what < 0.75:
        owner[path[-1]] = copy.deepcopy(chance.choice(ODD))
    elif isinstance(owner, list):
        owner.insert(chance.randint(0, len(owner)), copy.deepcopy(owner[path[-1]]))
    else:
        owner[chance.choice(("new", "#x", "type", "a.b", "label", "id"))] = copy.deepcopy(chance.choice(ODD))


@pytest.mark.parametrize("seed", range(50))
def test_a_spoiled_document_comes_back(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    documents = [copy.deepcopy(chance.choice(DOCUMENTS)) for _ in range(2)]
    for place, document in enumerate(documents):
        document["filename"] = f"/{place}.jpg"
        for _ in range(chance.randint(1, 4)):
            _spoil(document, chance)
        document.setdefault("annotations", [])
        document["filename"] = f"/{place}.jpg"
    ds = annokit.read(save(tmp_path, *documents), "dataloop", on_bad="collect")
    if ds.issues.of("bad-record"):
        return
    assert not annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    assert annokit.read(tmp_path / "out", "dataloop") == ds
    back = [json.loads(file.read_bytes()) for file in sorted((tmp_path / "out/json").rglob("*.json"))]
    assert back == documents
