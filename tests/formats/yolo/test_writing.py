"""What is written: names, classes, numbers, options; and that whatever the plan says is what happens."""

import errno
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from annokit.codecs.tree import FolderOutput
from annokit.errors import AnnokitError, LossError, MediaError, MissingSizeError, UsageError
from annokit.formats.io import LossWarning, plan, read, write
from annokit.formats.table import formats
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from tests.formats.yolo.scenes import NAMES, RING, scene

SQUARE = np.array([[0.1, 0.1], [0.5, 0.1], [0.5, 0.9], [0.1, 0.9]])
DETECT = "yolo:ultralytics-detect"


def one(shape: Any = None, name: str = "a.jpg", label: str = "cat", **fields: Any) -> Dataset:
    builder = DatasetBuilder()
    item = builder.add_item(name, width=40, height=30, **{k: fields.pop(k) for k in ("split", "status") if k in fields})
    builder.add_annotation(item, label, shape, **fields)
    return builder.build()


def lines(ds: Dataset, path: Path, dialect: str = DETECT, **options: Any) -> list[str]:
    """The rows of the one label file."""
    write(ds, path, dialect, on_loss="allow", **options)
    files = [p for p in path.rglob("*.txt") if p.name not in ("labels.txt", "train.txt", "images.txt")]
    assert len(files) == 1
    return files[0].read_text().splitlines()


def told(ds: Dataset, dialect: str, **options: Any) -> set[tuple[str | None, str | None]]:
    """Field and fate of whatever is more than an info."""
    return {(i.field, i.fate) for i in plan(ds, dialect, **options) if i.severity != "info"}


def test_names_that_meet_are_kept_apart_and_come_back(tmp_path: Path) -> None:
    write(scene(), tmp_path / "t", DETECT, on_loss="allow")
    files = sorted(str(p.relative_to(tmp_path / "t/labels")) for p in (tmp_path / "t/labels").rglob("*.txt"))
    assert len(files) == len(NAMES)
    assert files[0].startswith("a/img-")
    assert files[1:] == ["a/img.txt", "b/img.txt", "empty.txt", "путь/画像.txt"]
    back = read(tmp_path / "t")
    assert back.names == NAMES
    assert [len(item.annotations) for item in back] == [2, 1, 2, 1, 0]


def test_the_same_names_in_two_splits(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    for split in ("train", "val"):
        builder.add_item("a.jpg", split=split, status="labelled")
    write(builder.build(), tmp_path / "t", DETECT)
    assert (tmp_path / "t/labels/train/a.txt").is_file()
    assert (tmp_path / "t/labels/val/a.txt").is_file()
    assert [(item.name, item.split) for item in read(tmp_path / "t")] == [("a.jpg", "train"), ("a.jpg", "val")]


def test_every_item_gets_a_file_in_every_dialect(tmp_path: Path) -> None:
    for dialect in ("darknet", "dataloop", "dataloop-1", "innotescus", "ultralytics-detect", "ultralytics-obb"):
        write(scene(), tmp_path / dialect, f"yolo:{dialect}", on_loss="allow")
        found = [p for p in (tmp_path / dialect).rglob("*.txt") if p.name not in ("labels.txt", "images.txt")]
        assert len(found) == len(NAMES)
        assert sum(not p.read_text() for p in found) == 1


def test_the_yaml_is_yaml_for_every_name(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    names = ["no", "1", "a: b", "größe #1", "'", '"', "n0123", " x ", "", "~", "日本", "two\nlines", "- a", "1e3"]
    for name in names:
        builder.add_label(name)
    write(builder.build(), tmp_path / "t", DETECT, on_loss="allow")
    data = yaml.safe_load((tmp_path / "t/data.yaml").read_text("utf-8"))
    assert data["names"] == dict(enumerate(names))
    assert data["nc"] == len(names)
    assert list(read(tmp_path / "t").labels.names) == names


def test_numbers_are_exact_unless_decimals_are_asked_for(tmp_path: Path) -> None:
    ds = one(Box(0.1, 0.2, 0.1 + 1 / 3, 0.7))
    row = lines(ds, tmp_path / "exact")[0].split()
    assert [float(v) for v in row[1:]] == ds[0].boxes("cxcywh")[0].tolist()
    assert lines(ds, tmp_path / "short", decimals=4) == ["0 0.2667 0.45 0.3333 0.5"]
    assert told(ds, DETECT, decimals=4) >= {("shape", "rounded")}
    assert ("shape", "rounded") not in told(ds, DETECT)


def test_pixels_become_fractions_once(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel", form="xywh")
    item = builder.add_item("a.jpg", width=640, height=480)
    builder.add_annotation(item, "cat", kind="box", box=(10.25, 20, 99.5, 40))
    row = lines(builder.build(), tmp_path / "t")[0].split()
    assert [float(v) for v in row] == [0, (10.25 + 99.5 / 2) / 640, 40 / 480, 99.5 / 640, 40 / 480]


def test_a_missing_size_is_told_by_name(tmp_path: Path) -> None:
    builder = DatasetBuilder(unit="pixel")
    builder.add_annotation(builder.add_item("b/c.jpg"), "cat", kind="box", box=(1, 2, 3, 4))
    with pytest.raises(MissingSizeError, match=r"b/c\.jpg"):
        write(builder.build(), tmp_path / "t", DETECT, on_loss="allow")
    assert not (tmp_path / "t").exists()
    assert [i.code for i in plan(builder.build(), DETECT) if i.severity == "error"] == ["unknown-size"]


@pytest.mark.parametrize(
    ("shape", "dialect", "row"),
    [
        (Box(0.1, 0.1, 0.5, 0.9), "segment", "0 0.1 0.1 0.5 0.1 0.5 0.9 0.1 0.9"),
        (Box(0.125, 0.25, 0.5, 0.75), "obb", "0 0.125 0.25 0.5 0.25 0.5 0.75 0.125 0.75"),
        (Polygon(((SQUARE,),)), "detect", "0 0.3 0.5 0.4 0.8"),
        (RotatedBox(0.5, 0.5, 0.5, 0.25, 90.0), "detect", "0 0.5 0.5 0.1875 0.6666666666666666"),
        (Ellipse(0.5, 0.5, 0.25, 0.125, 0.0), "detect", "0 0.5 0.5 0.5 0.25"),
        (Polyline(SQUARE[:2]), "detect", "0 0.3 0.1 0.4 0.0"),
        (Keypoints.of([[0.25, 0.25], [0.75, 0.5]], [2, 1]), "pose", "0 0.5 0.375 0.5 0.25 0.25 0.25 2 0.75 0.5 1"),
        (Mask.encode(np.ones((30, 40), bool)), "segment", "0 0.0 0.0 1.0 0.0 1.0 1.0 0.0 1.0"),
    ],
)
def test_shapes_become_what_rows_can_state(tmp_path: Path, shape: Any, dialect: str, row: str) -> None:
    found = lines(one(shape), tmp_path / "t", f"yolo:ultralytics-{dialect}")
    assert len(found) == 1
    np.testing.assert_allclose([float(v) for v in found[0].split()], [float(v) for v in row.split()], atol=1e-12)


def area(row: str) -> float:
    x, y = np.array(row.split()[1:], float).reshape(-1, 2).T
    return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2)


def test_holes_and_parts_stay_one_object_of_the_same_area(tmp_path: Path) -> None:
    rows = lines(one(Mask.encode(RING)), tmp_path / "ring", "yolo:ultralytics-segment")
    assert len(rows) == 1
    assert area(rows[0]) == pytest.approx(RING.sum() / RING.size)
    shape = Polygon(((SQUARE, SQUARE * 0.5 + 0.15), (SQUARE[::-1] * 0.3 + 0.6,)))
    rows = lines(one(shape), tmp_path / "parts", "yolo:ultralytics-segment")
    assert len(rows) == 1
    assert area(rows[0]) == pytest.approx(0.32 - 0.08 + 0.0288)
    assert ("shape", "converted") in told(one(shape), "yolo:ultralytics-segment")


@pytest.mark.parametrize(("parts", "areas"), [("split", [0.32, 0.08]), ("largest", [0.32])])
def test_parts_by_other_policies(tmp_path: Path, parts: str, areas: list[float]) -> None:
    shape = Polygon(((SQUARE,), (SQUARE * 0.5 + 0.4,)))
    rows = lines(one(shape), tmp_path / "t", "yolo:ultralytics-segment", parts=parts)
    assert [area(row) for row in rows] == pytest.approx(areas)


def test_shapes_are_clipped_where_the_loader_would_drop_the_picture(tmp_path: Path) -> None:
    ds = one(Box(-0.25, 0.5, 0.25, 1.5))
    assert lines(ds, tmp_path / "a") == ["0 0.125 0.75 0.25 0.5"]
    assert lines(ds, tmp_path / "b", clip=False) == ["0 0.0 1.0 0.5 1.0"]
    assert lines(ds, tmp_path / "c", "yolo:darknet") == ["0 0.0 1.0 0.5 1.0"]
    assert lines(ds, tmp_path / "d", "yolo:darknet", clip=True) == ["0 0.125 0.75 0.25 0.5"]
    assert ("shape", "converted") in told(ds, DETECT)
    assert not lines(one(Box(1.5, 0.5, 2, 1)), tmp_path / "e")
    assert ("shape", "refused") in told(one(Box(1.5, 0.5, 2, 1)), DETECT)


def test_an_outline_is_cut_at_the_border_not_squashed(tmp_path: Path) -> None:
    diamond = Polygon(((np.array([[0.0, 0.5], [0.5, -0.5], [1.0, 0.5], [0.5, 1.5]]),),))
    rows = lines(one(diamond), tmp_path / "t", "yolo:ultralytics-segment")
    assert area(rows[0]) == pytest.approx(0.75)


def test_crowds_are_told_or_left_out(tmp_path: Path) -> None:
    ds = one(Box(0, 0, 1, 1), attributes={"iscrowd": 1})
    assert len(lines(ds, tmp_path / "a")) == 1
    assert ("iscrowd", "dropped") in told(ds, DETECT)
    assert not lines(ds, tmp_path / "b", crowds="refuse")
    assert ("iscrowd", "refused") in told(ds, DETECT, crowds="refuse")
    assert told(one(Box(0, 0, 1, 1), attributes={"iscrowd": 0}), DETECT) == set()


def test_a_sixth_number_on_request(tmp_path: Path) -> None:
    ds = one(Box(0, 0, 1, 1), score=0.5, track=7)
    assert lines(ds, tmp_path / "a") == ["0 0.5 0.5 1.0 1.0"]
    assert told(ds, DETECT) == {("score", "dropped"), ("track", "dropped")}
    assert lines(ds, tmp_path / "b", sixth="score") == ["0 0.5 0.5 1.0 1.0 0.5"]
    assert lines(ds, tmp_path / "c", "yolo:darknet", sixth="track") == ["0 0.5 0.5 1.0 1.0 7"]
    assert read(tmp_path / "c").annotations[0].track == 7
    assert ("track", "dropped") in told(one(Box(0, 0, 1, 1), track="x"), DETECT, sixth="track")


def test_an_unlabelled_picture_becomes_background_and_that_is_told() -> None:
    ds = one(Box(0, 0, 1, 1), status="unlabelled")
    assert ("status", "converted") in told(ds, DETECT)
    assert ("status", "converted") not in told(one(Box(0, 0, 1, 1)), DETECT)


@pytest.mark.parametrize(
    ("shapes", "chosen"),
    [
        ([], "ultralytics-detect"),
        ([Box(0, 0, 1, 1)], "ultralytics-detect"),
        ([Box(0, 0, 1, 1), RotatedBox(0.5, 0.5, 0.1, 0.1, 3)], "ultralytics-obb"),
        ([RotatedBox(0.5, 0.5, 0.1, 0.1, 3), Polygon(((SQUARE,),))], "ultralytics-segment"),
        ([Mask.encode(RING)], "ultralytics-segment"),
        ([Keypoints.of([[0.5, 0.5]], [2])], "ultralytics-pose"),
        ([Keypoints.of([[0.5, 0.5]], [2]), Box(0, 0, 1, 1)], "ultralytics-detect"),
    ],
)
def test_bare_yolo_takes_the_task_by_the_richest_shape_and_says_so(tmp_path: Path, shapes: Any, chosen: str) -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a.jpg", width=40, height=30)
    for shape in shapes:
        builder.add_annotation(item, "cat", shape)
    report = write(builder.build(), tmp_path / "t", "yolo", on_loss="allow")
    assert report.of("assumed").issues[0].examples == (chosen,)
    assert report.of("assumed").issues[0].severity == "info"
    assert [r for r in report.rows() if r.fate == "refused"] == []
    assert (tmp_path / "t/annokit-images.lst").read_text().startswith(f"# annokit yolo:{chosen}\n")


SHAPES: dict[str, Any] = {
    "none": None,
    "box": Box(0.1, 0.1, 0.5, 0.5),
    "rotated_box": RotatedBox(0.5, 0.5, 0.2, 0.1, 30),
    "ellipse": Ellipse(0.5, 0.5, 0.2, 0.1, 30),
    "polygon": Polygon(((SQUARE,),)),
    "polyline": Polyline(SQUARE),
    "point": Point(0.5, 0.5),
    "keypoints": Keypoints.of(SQUARE, [2, 2, 1, 0]),
    "mask": Mask.encode(RING),
}


@pytest.mark.parametrize("dialect", [row.name for row in formats() if row.name.startswith("yolo:")])
@pytest.mark.parametrize("kind", SHAPES)
def test_the_plan_names_whatever_reading_finds_changed(tmp_path: Path, kind: str, dialect: str) -> None:
    ds = one(SHAPES[kind], score=0.5, attributes={"occluded": True}, status="labelled")
    report = plan(ds, dialect)
    write(ds, tmp_path / "t", dialect, on_loss="allow")
    back = read(tmp_path / "t", dialect, sizes={"a.jpg": (40, 30)})
    fates = {(row.field, row.fate) for row in report.rows()}
    if not back.annotations:
        assert ("shape", "refused") in fates or ("label", "refused") in fates
        return
    before, after = ds.annotations[0], back.annotations[0]
    assert (type(after.shape) is not type(before.shape)) == (("shape", "converted") in fates)
    assert ("score", "dropped") in fates
    assert ("attributes.occluded", "dropped") in fates
    assert after.score is None
    assert not after.attributes
    assert (after.keypoints is None and before.keypoints is not None) == (("keypoints", "dropped") in fates)


def test_loss_can_be_refused_beforehand(tmp_path: Path) -> None:
    ds = one(Polygon(((SQUARE,),)))
    with pytest.raises(LossError, match="polygon becomes box"):
        write(ds, tmp_path / "t", DETECT, on_loss="raise")
    assert not (tmp_path / "t").exists()
    with pytest.warns(LossWarning, match="polygon becomes box"):
        write(ds, tmp_path / "t", DETECT)


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("yolo", {"decimal": 3}),
        ("yolo", {"decimals": -1}),
        ("yolo", {"decimals": 1.5}),
        ("yolo", {"parts": "join"}),
        ("yolo", {"crowds": "drop"}),
        ("yolo:darknet", {"sixth": "area"}),
        ("yolo:keras", {"sixth": "score"}),
        ("yolo:tiny", {}),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, dialect: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        write(one(Box(0, 0, 1, 1)), tmp_path / "t", dialect, **options)


def test_media_go_where_the_labels_expect_them(tmp_path: Path) -> None:
    ds = scene(tmp_path / "media")
    for dialect in ("darknet", "dataloop", "innotescus", "keras", "ultralytics-detect"):
        write(ds, tmp_path / dialect, f"yolo:{dialect}", media="copy", on_loss="allow")
        back = read(tmp_path / dialect, f"yolo:{dialect}")
        assert back.names == NAMES
        for old, new in zip(ds, back, strict=True):
            assert (new.width, new.height) == (old.width, old.height)
            assert Path(str(new.path)).read_bytes() == Path(str(old.path)).read_bytes()


def test_media_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="5 of 5"):
        write(scene(), tmp_path / "t", DETECT, media="copy", on_loss="allow")
    ds = scene(tmp_path / "media")
    (tmp_path / "media/empty.png").unlink()
    with pytest.raises(MediaError, match=r"empty\.png"):
        write(ds, tmp_path / "t", DETECT, media="link", on_loss="allow")
    assert not (tmp_path / "t").exists()


def test_a_zip_is_the_same_tree(tmp_path: Path) -> None:
    write(scene(), tmp_path / "t", DETECT, on_loss="allow")
    write(scene(), tmp_path / "t.zip", DETECT, on_loss="allow")
    with zipfile.ZipFile(tmp_path / "t.zip") as archive:
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "t" / name).read_bytes()
    assert read(tmp_path / "t.zip") == read(tmp_path / "t")


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FolderOutput, "write", lambda self, name, data: full())
    with pytest.raises(AnnokitError, match="No space"):
        write(one(Box(0, 0, 1, 1)), tmp_path / "t", DETECT)
    assert list(tmp_path.iterdir()) == []


def test_what_the_yaml_said_beside_comes_back(tmp_path: Path) -> None:
    from tests.formats.yolo.test_reading import KIND_FIRST, POSE, ROW, tree

    yaml_text = POSE + "download: |\n  curl x\nroboflow: {version: 2, url: 'http://x'}\nratio: 1.5\n"
    rows = {"labels/train/a.txt": ROW.strip() + " 0.1 0.2 2 0 0 0\n", "labels/valid/sub/b.txt": ""}
    ds = read(tree(tmp_path / "in", {**KIND_FIRST, "data.yaml": yaml_text, **rows}), measure=False)
    report = write(ds, tmp_path / "out", "yolo:ultralytics-pose")
    assert not [issue for issue in report if issue.severity != "info"]
    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    for key in ("flip_idx", "download", "roboflow", "ratio", "kpt_names", "kpt_shape"):
        assert data[key] == yaml.safe_load(yaml_text)[key]
    assert read(tmp_path / "out") == ds
