"""What other converters get wrong, each shown right; and their real files, value by value."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annokit.formats.io import plan, read, write
from annokit.geometry import Box
from annokit.model.builder import DatasetBuilder
from tests.fixtures import fixture
from tests.formats.yolo.scenes import LABELS, NAMES, scene
from tests.formats.yolo.test_reading import ROW, tree

DETECT = "yolo:ultralytics-detect"


def ids(path: Path) -> list[int]:
    return [int(line.split()[0]) for line in path.read_text().splitlines()]


def test_sparse_ids_become_positions_and_a_category_zero_stays(tmp_path: Path) -> None:
    """Some write raw ids under ``nc: 4``, some map 0 to -1, some count from 1 without saying so."""
    write(scene(), tmp_path / "t", DETECT, on_loss="allow")
    assert ids(tmp_path / "t/labels/a/img.txt") == [0, 1]
    assert ids(tmp_path / "t/labels/путь/画像.txt") == [3]
    assert read(tmp_path / "t").labels.names == tuple(name for name, _ in LABELS)
    assert ("label.source_id", "restated") in {(i.field, i.fate) for i in plan(scene(), DETECT)}


def test_writing_twice_does_not_append(tmp_path: Path) -> None:
    for _ in range(2):
        write(scene(), tmp_path / "t", DETECT, on_loss="allow", overwrite=True)
    assert len(ids(tmp_path / "t/labels/a/img.txt")) == 2


def test_one_bad_box_costs_itself_alone(tmp_path: Path) -> None:
    """A zero-width box made one tool leave out the picture, an out-of-image one stopped another."""
    builder = DatasetBuilder()
    item = builder.add_item("a.jpg", width=10, height=10)
    for box in (
        Box(0.1, 0.1, 0.1, 0.4),
        Box(-3, 0, -2, 1),
        Box.trusted(float("nan"), 0, 1, 1),
        Box(0.2, 0.2, 0.4, 0.4),
    ):
        builder.add_annotation(item, "cat", box)
    report = write(builder.build(), tmp_path / "t", DETECT, on_loss="allow")
    assert len(ids(tmp_path / "t/labels/a.txt")) == 2
    assert sorted(row.annotation for row in report.rows() if row.fate == "refused") == [1, 2]


def test_names_without_ascii_need_no_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    builder = DatasetBuilder()
    builder.add_annotation(builder.add_item("кот.jpg"), "кот", Box(0, 0, 1, 1))
    for dialect in ("darknet", "dataloop", "innotescus"):
        write(builder.build(), tmp_path / dialect, f"yolo:{dialect}")
        back = read(tmp_path / dialect)
        assert (back.names, back.labels.names) == (("кот.jpg",), ("кот",))


def test_dataloops_importer_shifts_what_its_exporter_wrote_by_one(tmp_path: Path) -> None:
    """The exporter counts from 1, the importer from 0; each base is a dialect of its own and both come back."""
    builder = DatasetBuilder()
    builder.add_label("cat")
    builder.add_label("dog")
    builder.add_annotation(builder.add_item("a.jpg"), "dog", Box(0, 0, 0.5, 0.5))
    for dialect, number in (("dataloop", 1), ("dataloop-1", 2)):
        write(builder.build(), tmp_path / dialect, f"yolo:{dialect}")
        assert ids(tmp_path / dialect / "annotations/a.txt") == [number]
        assert (tmp_path / dialect / "labels.txt").read_text() == "cat\ndog\n"
        assert str(read(tmp_path / dialect).annotations[0].label) == "dog"


def test_innotescus_states_corners_and_counts_from_one(tmp_path: Path) -> None:
    """The row of its documentation: 2 is the second of three classes, and the numbers are whole pixels as corners."""
    rows = "2 0.750 0.66666666 0.114 0.26266666\n2 0.136 0.53066665 0.206 0.29333332\n"
    root = tree(tmp_path, {"darknet.labels": "animal\nhuman\nfood\n", "image1.txt": rows})
    ds = read(root, sizes={"image1": (1000, 750)})
    assert [str(a.label) for a in ds.annotations] == ["human", "human"]
    pixels = ds["image1"].boxes("xywh", "pixel")
    np.testing.assert_allclose(pixels, [[750, 500, 114, 197], [136, 398, 206, 220]], atol=1e-4)
    write(ds, tmp_path / "out", "yolo:innotescus")
    assert (tmp_path / "out/image1.txt").read_text() == rows.replace("0.750", "0.75")


KERAS = "training/image 1.png 95,150,48,76,3 10,20,30.5,40,1\ntraining/empty one.png\ntraining/image2.png 1,2,3,4,2\r\n"


def test_keras_lines_with_spaces_empty_pictures_and_inverted_boxes(tmp_path: Path) -> None:
    files = {"yolokeras.annotations.txt": KERAS, "yolokeras.classes.txt": "cat\ndog\nhuman\n"}
    ds = read(tree(tmp_path, files))
    assert ds.names == ("training/image 1.png", "training/empty one.png", "training/image2.png")
    assert [str(a.label) for a in ds.annotations] == ["human", "cat", "dog"]
    assert ds[0].boxes("xyxy", "source").tolist() == [[95, 150, 48, 76], [10, 20, 30.5, 40]]
    issue = ds.issues.of("odd-value").issues[0]
    assert (issue.field, issue.count) == ("box", 1)
    sized = read(tmp_path, boxes="xywh")
    assert sized[0].boxes("xyxy", "source")[0].tolist() == [95, 150, 143, 226]
    assert not sized.issues.of("odd-value")
    write(ds, tmp_path / "out", "yolo:keras")
    assert (tmp_path / "out/yolokeras.annotations.txt").read_text() == KERAS.replace("\r\n", "\n")
    assert read(tmp_path / "out") == ds


def test_keras_counts_from_zero_elsewhere(tmp_path: Path) -> None:
    root = tree(tmp_path, {"train.txt": "a.jpg 1,2,3,4,0\n", "classes.txt": "cat\n"})
    assert str(read(root).annotations[0].label) == "cat"
    with pytest.raises(Exception, match="an integer from 1"):
        read(root, "yolo:keras")


def test_a_broken_keras_box_is_no_part_of_the_path(tmp_path: Path) -> None:
    root = tree(tmp_path, {"yolokeras.annotations.txt": "a b.jpg 1,2,3,4\nc.jpg 1,2,3,4,1\n"})
    with pytest.raises(Exception, match="five numbers") as caught:
        read(root, "yolo:keras")
    assert caught.value.line == 1  # type: ignore[attr-defined] # a FormatError
    ds = read(root, "yolo:keras", on_bad="collect")
    assert ds.names == ("a b.jpg", "c.jpg")


def test_darknet_lists_lead_to_labels_wherever_they_were_made(tmp_path: Path) -> None:
    files = {
        "obj.data": "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\nnames = data/obj.names\nbackup = bak/\n",
        "obj.names": "cat\ndog \n\n",
        "train.txt": "data/obj_train_data/a.jpg\ndata/obj_train_data/sub/b.png\n",
        "valid.txt": "/home/x/darknet/data/obj_valid_data/c.jpg\n",
        "obj_train_data/a.txt": ROW,
        "obj_train_data/sub/b.txt": "",
        "obj_valid_data/c.txt": "1" + ROW[1:],
    }
    ds = read(tree(tmp_path, files))
    assert [(item.name, item.split) for item in ds] == [("a.jpg", "train"), ("sub/b.png", "train"), ("c.jpg", "val")]
    assert ds.labels.names == ("cat", "dog")
    assert ds._extras == {"yolo/backup": b'"bak/"'}
    write(ds, tmp_path / "out", "yolo:darknet")
    assert read(tmp_path / "out") == ds
    assert "backup = bak/" in (tmp_path / "out/obj.data").read_text()


def test_classification_trees(tmp_path: Path) -> None:
    files: dict[str, Any] = {"train/cat/a.jpg": None, "train/dog/a.jpg": None, "valid/cat/sub/b.jpg": None}
    ds = read(tree(tmp_path, files))
    assert [(i.name, i.split, str(i.annotations[0].label)) for i in ds] == [
        ("cat/a.jpg", "train", "cat"), ("dog/a.jpg", "train", "dog"), ("cat/sub/b.jpg", "val", "cat")
    ]  # fmt: skip
    write(ds, tmp_path / "out", "yolo:ultralytics-classify", media="copy", on_loss="allow")
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.jpg"))
    assert found == ["train/cat/a.jpg", "train/dog/a.jpg", "val/cat/sub/b.jpg"]
    assert read(tmp_path / "out") == ds


# real files ---------------------------------------------------------------------------------------------------------------


def rows_by_hand(path: Path) -> list[list[float]]:
    return [[float(token) for token in line.split()] for line in path.read_text("utf-8-sig").splitlines() if line]


@pytest.mark.parametrize("task", ["object_detection", "instance_segmentation"])
def test_labelformats_trees_value_by_value(task: str, tmp_path: Path) -> None:
    root = fixture(f"labelformat/{task}/YOLOv8")
    ds = read(root, "yolo")
    labels = sorted((root / "labels").rglob("*.txt"))
    assert len(ds) == len(labels) == 2
    for path in labels:
        stem = str(path.relative_to(root / "labels")).removesuffix(".txt")
        item = ds[stem + ".jpg"]
        wanted = rows_by_hand(path)
        assert item.label_ids.tolist() == [row[0] for row in wanted]
        assert (item.split, item.status) == ("train", "labelled")
        if task == "object_detection":
            assert item.boxes("cxcywh", "unit").tolist() == [row[1:] for row in wanted]
        else:
            shapes = [annotation.shape.parts[0][0].ravel().tolist() for annotation in item.annotations]
            assert shapes == [row[1:] for row in wanted]
    write(ds, tmp_path / "out", "yolo", on_loss="allow")
    for path in labels:
        back = tmp_path / "out/labels/train" / path.relative_to(root / "labels")
        assert rows_by_hand(back) == rows_by_hand(path)


def test_dataloops_export_value_by_value(tmp_path: Path) -> None:
    root = fixture("dataloop/converters_yolo")
    ds = read(root / "yolo")
    assert ds == read(root / "yolo", "yolo:dataloop")
    assert ds.labels.names == tuple((root / "yolo/labels.txt").read_text().splitlines())
    videos = {sequence.name for sequence in ds.sequences}
    assert len(videos) == 1
    for path in sorted((root / "yolo/annotations").rglob("*.txt")):
        name = str(path.relative_to(root / "yolo/annotations")).removesuffix(".txt")
        if name in videos:
            continue
        wanted = rows_by_hand(path)
        assert ds[name].label_ids.tolist() == [row[0] for row in wanted]
        for annotation, row in zip(ds[name].annotations, wanted, strict=True):
            if len(row) == 5:
                assert annotation.shape == Box(
                    row[1] - row[3] / 2, row[2] - row[4] / 2, row[1] + row[3] / 2, row[2] + row[4] / 2
                )
            else:
                assert annotation.shape.parts[0][0].ravel().tolist() == row[1:]


def test_dataloops_video_against_its_own_json() -> None:
    root = fixture("dataloop/converters_yolo")
    ds = read(root / "yolo", "yolo:dataloop")
    video = next(iter(ds.sequences)).name
    told = json.loads((root / "dataloop_json" / f"{video}.json").read_text())
    boxes = [a for a in told["annotations"] if a["type"] == "box"]
    for annotation in boxes:
        system = annotation["metadata"]["system"]
        frames = [
            item.frame
            for item in ds
            if item.name.startswith(f"{video}#")
            for row in item.annotations
            if str(row.track) == str(system["objectId"])
            and type(row.shape).__name__ == "Box"
            and str(row.label) == "person"
        ]
        assert frames == list(range(system["frame"], system["endFrame"] + 1))


def test_nothing_is_left_of_a_name(tmp_path: Path) -> None:
    assert len(NAMES) == len(set(NAMES))
    write(scene(), tmp_path / "t", DETECT, on_loss="allow")
    listed = (tmp_path / "t/annokit-images.lst").read_text("utf-8").splitlines()[1:]
    assert len(listed) == len(NAMES)
    for image in listed:
        label = image.replace("images/", "labels/", 1).rsplit(".", 1)[0] + ".txt"
        assert (tmp_path / "t" / label).is_file()
