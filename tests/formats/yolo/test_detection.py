"""Each layout is known by its own marks; what can't be told is said to be so."""

from pathlib import Path
from typing import Any

import pytest

from annokit.errors import AmbiguousFormatError
from annokit.formats.detect import detect
from annokit.formats.io import read, write
from annokit.formats.yolo import FORMAT
from tests.formats.yolo.scenes import scene
from tests.formats.yolo.test_reading import KIND_FIRST, ROW, SPLIT_FIRST, tree

PLAIN = {"labels.txt": "cat\ndog\n", "annotations/a.txt": ROW, "annotations/sub/b.txt": "1 0.5 0.5 0.1 0.1\n"}
DARKNET = {"obj.data": "classes = 1\nnames = data/obj.names\ntrain = data/train.txt\n", "obj.names": "cat\n"}
BOXES = "img/a.jpg 1,2,3,4,{} 5,6,7,8,1\nimg/b c.jpg\n"

CASES: list[tuple[dict[str, Any], set[str]]] = [
    (KIND_FIRST, {"yolo"}),
    (SPLIT_FIRST, {"yolo"}),
    ({"labels/train/a.txt": ROW, "images/train/a.jpg": None}, {"yolo"}),
    ({"classes.txt": "cat\n", "notes.json": "{}", "labels/a.txt": ROW}, {"yolo"}),
    ({"a.txt": ROW, "a.jpg": None}, {"yolo"}),
    ({**DARKNET, "train.txt": "data/obj/a.jpg\n", "obj/a.txt": ROW}, {"yolo:darknet"}),
    ({"voc.names": "cat\n", "yolo/a.txt": ROW}, {"yolo:darknet"}),
    ({"darknet.labels": "cat\n", "a.txt": ROW}, {"yolo:innotescus"}),
    ({"d/yolokeras.annotations.txt": BOXES.format(1), "d/yolokeras.classes.txt": "cat\n"}, {"yolo:keras"}),
    ({"boxes.txt": BOXES.format(0)}, {"yolo:keras-0"}),
    ({"boxes.txt": BOXES.format(1)}, {"yolo:keras", "yolo:keras-0"}),
    (PLAIN, {"yolo:dataloop"}),
    ({**PLAIN, "annotations/a.txt": "2" + ROW[1:]}, {"yolo:dataloop-1"}),
    ({**PLAIN, "annotations/a.txt": "1" + ROW[1:]}, {"yolo:dataloop", "yolo:dataloop-1"}),
    ({"train/cat/a.jpg": None, "train/dog/b.jpg": None, "val/cat/c.jpg": None}, {"yolo:ultralytics-classify"}),
    ({"train/cat/a.jpg": None, "valid/cat/c.jpg": None, "README.roboflow.txt": "cats"}, {"yolo:ultralytics-classify"}),
    ({"README.txt": "cats", "images/a.jpg": None, "labels/a.txt": ROW}, {"yolo"}),
    ({"a.jpg": None, "b/c.jpg": None}, set()),
    ({"readme.txt": "0 1 2\n", "a.jpg": None}, set()),
    ({"label_2/a.txt": "Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"}, set()),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
def test_marks(tmp_path: Path, files: dict[str, Any], expected: set[str]) -> None:
    found = {match.format for match in detect(tree(tmp_path, files)) if match.format.startswith("yolo")}
    assert found == expected


def test_a_tree_with_more_pictures_than_names_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annokit.formats.detect.NAMES", 3)
    files: dict[str, Any] = {f"images/{n}.jpg": b"" for n in range(5)} | {f"labels/{n}.txt": ROW for n in range(5)}
    assert [match.format for match in detect(tree(tmp_path, files))] == ["yolo"]


def test_what_can_not_be_told_is_asked_for(tmp_path: Path) -> None:
    root = tree(tmp_path, {**PLAIN, "annotations/a.txt": "1" + ROW[1:]})
    with pytest.raises(AmbiguousFormatError, match="from 0 or from 1 can't be told") as caught:
        read(root)
    assert set(caught.value.candidates) == {"yolo:dataloop", "yolo:dataloop-1"}
    assert [str(a.label) for a in read(root, "yolo:dataloop").annotations] == ["dog", "dog"]
    assert [str(a.label) for a in read(root, "yolo:dataloop-1").annotations] == ["cat", "cat"]


@pytest.mark.parametrize("dialect", [name for name in FORMAT.dialects if name])
def test_a_tree_that_annokit_wrote_says_what_it_is(tmp_path: Path, dialect: str) -> None:
    write(scene(), tmp_path / "tree", f"yolo:{dialect}", on_loss="allow")
    assert [match.format for match in detect(tmp_path / "tree")] == [f"yolo:{dialect}"]
