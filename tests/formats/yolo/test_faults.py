"""Everything that may be wrong with a tree, at once: located errors and issues of one pass; and its pictures."""

from pathlib import Path

import pytest
from PIL import Image

from annokit.errors import FormatError
from annokit.formats.io import read, write
from annokit.geometry import Box
from annokit.model.builder import DatasetBuilder
from tests.formats.yolo.loader import label_of, load
from tests.formats.yolo.test_reading import ROW, tree

BOX = "0 0.5 0.5 0.25 0.25"
SICK = {
    "data.yaml": "\ufefftrain: images/train\r\nval: images/val\r\nnames:\r\n  0: кот\r\n  1: dog\r\n",
    "images/train/sound.jpg": None,
    "labels/train/sound.txt": f"\ufeff{BOX}\r\n\r\n  1\t0.25  0.25 0.1 0.1  \r\n",
    "images/train/mixed.jpg": None,
    "labels/train/mixed.txt": f"{BOX}\n0 0.1 0.1 0.5 0.1 0.5 0.5\n{BOX}\n",
    "images/train/путь 猫.jpg": None,
    "labels/train/путь 猫.txt": "1 0.5 0.5 0.25 nan\n1 0.5 0.5 0.25\n-1 0.5 0.5 0.1 0.1\n0.5 0.5 0.5 0.1 0.1\none 0 0 0 0\n1 0.5 0.5 1 1\n",
    "images/train/beyond.jpg": None,
    "labels/train/beyond.txt": f"0 1.5 0.5 0.25 0.25\n7 0.5 0.5 0.1 0.1\n{BOX}\n",
    "labels/train/no picture.txt": BOX,
    "images/train/no labels.jpg": None,
    "images/train/broken.png": b"no picture",
    "labels/train/broken.txt": BOX,
    "images/val/empty.jpg": None,
    "labels/val/empty.txt": "",
    "labels/other/stray.txt": BOX,
}


def test_all_faults_of_a_tree_are_told_in_one_pass(tmp_path: Path) -> None:
    root = tree(tmp_path, SICK)
    with pytest.raises(FormatError, match="6 records can't be read") as caught:
        read(root, "yolo:ultralytics-detect")
    message = str(caught.value)
    odd = root / "labels/train/путь 猫.txt"
    for line in (1, 2, 3, 4, 5):
        assert f"{odd}, line {line}" in message
    assert f"{root}/labels/train/mixed.txt, line 2" in message
    ds = read(root, "yolo:ultralytics-detect", on_bad="collect")
    counts = {item.name: len(item.annotations) for item in ds}
    assert counts == {
        "beyond.jpg": 3, "broken.png": 1, "mixed.jpg": 2, "no labels.jpg": 0, "no picture": 1, "sound.jpg": 2, "путь 猫.jpg": 1, "empty.jpg": 0,
    }  # fmt: skip
    assert [item.status for item in ds if not item.annotations] == ["unlabelled", "labelled"]
    assert [str(a.label) for a in ds["sound.jpg"].annotations] == ["кот", "dog"]
    assert ds["sound.jpg"].boxes("cxcywh").tolist() == [[0.5, 0.5, 0.25, 0.25], [0.25, 0.25, 0.1, 0.1]]
    assert str(ds["beyond.jpg"].annotations[1].label) == "class_7"
    told = {(issue.code, issue.field): issue for issue in ds.issues}
    assert told["bad-record", None].count == 6
    assert told["odd-value", "label"].examples == ("7",)
    assert [row.item for row in told["odd-value", "shape"].rows()] == ["beyond.jpg"]
    assert [row.item for row in told["bad-media", "size"].rows()] == ["broken.png"]
    assert told["skipped-record", None].examples == ("labels/other/stray.txt",)
    assert (ds["broken.png"].width, ds["sound.jpg"].width, ds["no picture"].path) == (None, ds["empty.jpg"].width, None)


@pytest.mark.parametrize("listed", ["train.txt", "images/train"])
def test_pictures_that_are_not_there_are_items_all_the_same(tmp_path: Path, listed: str) -> None:
    files = {
        "data.yaml": f"train: {listed}\nval: images/val\nnames: [cat]\n",
        "train.txt": "./images/train/a.jpg\n./images/train/b.jpg\n",
        "labels/train/a.txt": BOX,
        "labels/train/b.txt": "",
    }
    root = tree(tmp_path, files)
    ds = read(root)
    end = ".jpg" if listed.endswith(".txt") else ""
    assert [(item.name, item.path, len(item.annotations)) for item in ds] == [
        (f"a{end}", None, 1),
        (f"b{end}", None, 0),
    ]
    (tmp_path / "elsewhere/sub").mkdir(parents=True)
    Image.new("RGB", (40, 30)).save(tmp_path / "elsewhere/sub/a.jpg")
    there = read(root, images=tmp_path / "elsewhere")
    assert (there["a.jpg"].width, there["a.jpg"].height) == (40, 30)
    missing = there.issues.of("missing-media").issues[0]
    assert [row.item for row in missing.rows()] == [f"b{end}"]


NAMES = (
    "images/a.jpg",
    "labels/a.jpg",
    "x/images/a.jpg",
    "x/labels/y/a.jpg",
    "train/a.jpg",
    "a.b.c.jpg",
    "a.txt.jpg",
    "val.jpg",
)


@pytest.mark.parametrize("split", [None, "train"])
def test_names_that_look_like_the_layout_pair_as_the_loader_pairs(tmp_path: Path, split: str | None) -> None:
    builder = DatasetBuilder()
    for place, name in enumerate(NAMES):
        path = tmp_path / f"{place}.jpg"
        Image.new("RGB", (40, 30)).save(path)
        item = builder.add_item(name, width=40, height=30, path=path, **({"split": split} if split else {}))
        builder.add_annotation(item, name, Box(0, 0, (place + 1) / 8, 1))
    ds = builder.build()
    write(ds, tmp_path / "t", "yolo:ultralytics-detect", media="copy", on_loss="allow")
    back = read(tmp_path / "t")
    assert back.names == NAMES
    for item in back:
        assert [str(a.label) for a in item.annotations] == [item.name]
        assert label_of(str(item.path)).is_file()
    found = load(tmp_path / "t")["train"]
    assert sorted(int(rows[0, 0]) for rows in found.values()) == list(range(len(NAMES)))


def test_a_label_file_of_a_million_rows_costs_no_object_per_row(tmp_path: Path) -> None:
    rows = "".join(f"{n % 3} 0.5 0.5 0.{n % 9 + 1} 0.25\n" for n in range(20_000))
    files = {"data.yaml": "train: images\nval: images\nnc: 3\n", "images/a.jpg": None, "labels/a.txt": rows}
    ds = read(tree(tmp_path, files))
    assert len(ds.annotations) == 20_000
    assert ds[0].label_ids[:4].tolist() == [0, 1, 2, 0]
    assert ROW.split()[0] == "0"


def test_progress_counts_label_files_and_headers(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    files = {
        "data.yaml": "train: images\nval: images\nnames: [cat]\n",
        "images/a.jpg": None,
        "labels/a.txt": BOX,
        "labels/b.txt": BOX,
    }
    read(tree(tmp_path, files), progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]
    told.clear()
    ds = read(tmp_path, progress=lambda done, total: told.append((done, total)), measure=False)
    assert told == [(2, 2)]
    assert ds["a.jpg"].width is None
