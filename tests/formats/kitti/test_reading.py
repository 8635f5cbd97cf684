"""What lines and trees mean, value by value."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.errors import FormatError, UsageError
from tests.fixtures import fixture

CAR = "Car 0.00 0 -1.57 599.41 156.40 629.75 189.25 2.85 2.63 12.34 0.47 1.49 69.44 -1.56"
DONT_CARE = "DontCare -1 -1 -10 503.89 169.71 590.61 190.13 -1 -1 -1 -1000 -1000 -1000 -10"


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def picture(path: Path, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path)


def test_every_field_of_a_line(tmp_path: Path) -> None:
    ds = annokit.read(tree(tmp_path, label_2__000000=f"{CAR}\n{DONT_CARE} 0.25\n"), sizes={"000000": (1242, 375)})
    car, ignored = ds[0].annotations
    assert (car.label.name, ignored.label) == ("Car", None)
    assert dict(car.attributes) == {"truncated": 0.0, "occluded": 0, "alpha": -1.57}
    assert isinstance(car.shape, annokit.Cuboid)
    assert car.shape.size == (12.34, 2.85, 2.63)
    assert car.shape.center == (0.47, 1.49, 69.44)
    assert car.shape.rotation == (0.0, -1.56, 0.0)
    assert car.shape.anchor == (0.0, 0.5, 0.0)
    assert car.shape.middle == (0.47, 1.49 - 2.85 / 2, 69.44)
    assert ds.annotations.boxes(unit="pixel").tolist() == [
        [599.41, 156.4, 629.75, 189.25],
        [503.89, 169.71, 590.61, 190.13],
    ]
    assert car.box.xmax == 629.75 / 1242
    assert isinstance(ignored.shape, annokit.Box)
    assert dict(ignored.attributes) == {"iscrowd": 1}
    assert ds.labels.names == ("Car",)
    assert (car.score, ignored.score) == (None, 0.25)


@pytest.mark.parametrize(
    ("line", "label", "score"),
    [
        (CAR.replace("Car", "traffic light"), "traffic light", None),
        (CAR.replace("Car", "a  b"), "a  b", None),
        (CAR.replace("Car", "7"), "7", None),
        (CAR.replace("Car", "7") + " 1", "7", 1),
        (CAR.replace("Car", "lane 3") + " 0.5", "lane 3", 0.5),
        (CAR.replace(" ", ", "), "Car", None),
        (CAR.replace(" ", ",") + ",1.5", "Car", 1.5),
        (CAR.replace(" ", " , "), "Car", None),
        (CAR.replace("Car", "x,y"), "x,y", None),
        (CAR.replace(" ", ", ").replace("Car", "x, y"), "x, y", None),
        (CAR.replace("Car", "猫"), "猫", None),
        ("\ufeff" + CAR + "\r", "Car", None),
        ("  " + CAR.replace(" ", "\t") + "  ", "Car", None),
        (CAR.replace("0.00", "+.0").replace("156.40", "1.564e2"), "Car", None),
    ],
)
def test_a_line_is_read_from_its_right_end(tmp_path: Path, line: str, label: str, score: float | None) -> None:
    ds = annokit.read(tree(tmp_path, label_2__a=f"{line}\n"), "kitti")
    (found,) = ds[0].annotations
    assert (found.label.name, found.score) == (label, score)
    assert ds.annotations.box.tolist() == [[599.41, 156.4, 629.75, 189.25]]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("Car 0 0 0 1 2 3", "7 fields"),
        (CAR.rsplit(" ", 1)[0], "14 fields"),
        (CAR.replace("69.44", "nan"), "'nan'"),
        (CAR.replace("69.44", "1_0"), "'1_0'"),
        (CAR + " x", "'x'"),
        ("0 0.5 0.5 0.25 0.25", "5 fields"),
    ],
)
def test_ragged_lines_are_located(tmp_path: Path, line: str, found: str) -> None:
    root = tree(tmp_path, label_2__a="", label_2__b=f"{CAR}\n\n{line}\n{CAR}", label_2__c=CAR)
    with pytest.raises(FormatError) as caught:
        annokit.read(root, "kitti")
    assert caught.value.path == f"{root}/label_2/b.txt"
    assert (caught.value.line, caught.value.item) == (3, "b")
    assert found in caught.value.found
    ds = annokit.read(root, "kitti", on_bad="collect")
    assert [len(item.annotations) for item in ds] == [0, 2, 1]
    (issue,) = ds.issues.issues
    assert (issue.code, issue.count) == ("bad-record", 1)


def test_a_class_that_is_no_text_is_located(tmp_path: Path) -> None:
    path = tmp_path / "label_2" / "a.txt"
    path.parent.mkdir()
    path.write_bytes(CAR.encode() + b"\n" + CAR.encode().replace(b"Car", b"\xff"))
    with pytest.raises(FormatError) as caught:
        annokit.read(tmp_path, "kitti")
    assert caught.value.line == 2
    assert len(annokit.read(tmp_path, "kitti", on_bad="collect").annotations.box) == 1


@pytest.mark.parametrize(
    ("numbers", "stated"),
    [
        ("1 2 3 -1000 -1000 -1000 -10", {"size": (3.0, 1.0, 2.0)}),
        ("-1 -1 -1 4 5 6 -10", {"center": (4.0, 5.0, 6.0)}),
        ("-1 -1 -1 -1000 -1000 -1000 0.5", {"rotation": (0.0, 0.5, 0.0)}),
        ("-1 2 -1 -1000 -1000 -1000 -10", {"size": (-1.0, -1.0, 2.0)}),
    ],
)
def test_what_is_unknown_is_absent(tmp_path: Path, numbers: str, stated: dict[str, tuple[float, ...]]) -> None:
    head = " ".join(CAR.split()[:8])
    ds = annokit.read(tree(tmp_path / "in", label_2__a=f"{head} {numbers}"), "kitti")
    assert ds.annotations.box.tolist() == [[599.41, 156.4, 629.75, 189.25]]
    (value,) = ds._annotations.sparse("cuboid").dense().to_list()
    assert {name: tuple(v) for name, v in value.items() if name != "anchor"} == stated
    annokit.write(ds, tmp_path / "out", "kitti")
    assert annokit.read(tmp_path / "out") == ds


def test_zeros_of_the_world_say_nothing(tmp_path: Path) -> None:
    line = "Car 0 0 0 1 2 30 40 0 0 0 0 0 0 0\n"
    ds = annokit.read(tree(tmp_path / "in", label_2__a=line), "kitti", sizes={"a": (50, 60)})
    (found,) = ds[0].annotations
    assert isinstance(found.shape, annokit.Box)
    annokit.write(ds, tmp_path / "out", "kitti", on_loss="raise")
    assert (tmp_path / "out/label_2/a.txt").read_text() == line


def test_a_whole_tree(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        training__label_2__000001=CAR,
        training__label_2__000000="",
        training__calib__000001="P0: 1 2 3",
        testing__calib__000007="P0: 1 2 3",
        readme="hello",
    )
    picture(root / "training/image_2/000001.png", (62, 18))
    picture(root / "testing/image_2/000007.png", (18, 62))
    ds = annokit.read(root)
    assert list(ds.names) == ["000000", "000001.png", "000007.png"]
    assert [item.split for item in ds] == ["train", "train", "test"]
    assert [item.status for item in ds] == ["labelled", "labelled", "unlabelled"]
    assert [(item.width, item.height) for item in ds] == [(None, None), (62, 18), (18, 62)]
    assert ds["000001.png"].image.size == (62, 18)
    assert ds._items.value("extras/kitti/calib", 1) == "training/calib/000001.txt"
    annokit.write(ds, tmp_path / "out.zip", "kitti", on_loss="allow")
    back = annokit.read(tmp_path / "out.zip")
    assert back._items.value("extras/kitti/calib", 2) == "testing/calib/000007.txt"
    assert back._annotations.equals(ds._annotations)


def test_flat_folders_archives_single_files_and_streams(tmp_path: Path) -> None:
    root = tree(tmp_path, sub__a=CAR, b=DONT_CARE)
    picture(root / "sub/a.png", (10, 20))
    ds = annokit.read(root)
    assert list(ds.names) == ["b", "sub/a.png"]
    assert list(annokit.read(root / "b.txt").names) == ["b"]
    assert list(annokit.read(io.BytesIO(CAR.encode()), "kitti").labels.names) == ["Car"]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("labels/set/a.txt", CAR)
        archive.writestr("images/set/a.png", b"")
    assert list(annokit.read(tmp_path / "x.zip").names) == ["set/a.png"]


def test_two_pictures_of_one_name_are_not_guessed(tmp_path: Path) -> None:
    root = tree(tmp_path, labels__a=CAR)
    for folder in ("x", "y"):
        picture(root / "images" / folder / "a.png", (4, 5))
    ds = annokit.read(root, "kitti")
    assert list(ds.names) == ["a", "x/a.png", "y/a.png"]
    assert [len(item.annotations) for item in ds] == [1, 0, 0]


def test_the_fixture_value_by_value(tmp_path: Path) -> None:
    root = fixture("labelformat/object_detection/KITTI")
    ds = annokit.read(root)
    assert list(ds.names) == [
        "a-difficult subfolder/a-weird Filename.asdf.jpg",
        "a-difficult subfolder/aNother-weird__ filename.with.many.characters.jpg",
    ]
    lines = [
        line.rsplit(" ", 14)
        for name in ("a-weird Filename.asdf", "aNother-weird__ filename.with.many.characters")
        for line in (root / "labels" / f"{name}.txt").read_text().splitlines()
    ]
    assert [ds.labels[row].name for row in ds.annotations.label] == [line[0] for line in lines]
    expected = np.array([line[4:8] for line in lines], float)
    assert (ds.annotations.box == expected).all()
    assert all(isinstance(note.shape, annokit.Box) for item in ds for note in item.annotations)
    report = annokit.write(ds, tmp_path / "out", "kitti", spaces="keep", on_loss="raise", media="copy")
    assert {issue.field for issue in report.issues} <= {"size"}
    back = annokit.read(tmp_path / "out")
    assert back == ds
    for item in ds:
        text = (tmp_path / "out/label_2" / Path(item.name).with_suffix(".txt")).read_text()
        assert text == (root / "labels" / f"{Path(item.name).stem}.txt").read_text()


def test_spaces_and_decimals(tmp_path: Path) -> None:
    ds = annokit.read(tree(tmp_path / "in", a=CAR.replace("Car", "my car").replace("599.41", "599.414")), "kitti")
    report = annokit.write(ds, tmp_path / "out", "kitti", decimals=1, on_loss="allow")
    assert {issue.field for issue in report.issues} == {"label.name", "shape"}
    text = (tmp_path / "out/label_2/a.txt").read_text()
    assert text == "my_car 0.0 0 -1.57 599.4 156.4 629.8 189.2 2.85 2.63 12.34 0.47 1.49 69.44 -1.56\n"
    for options in ({"spaces": "x"}, {"decimals": -1}, {"decimals": True}):
        with pytest.raises(UsageError):
            annokit.write(ds, tmp_path / "no", "kitti", **options)


def test_names_come_back(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder(unit="pixel")
    names = ["b.png", "../ä:?.png", "b.jpg", "B.png", "label_2/c.txt", "con.png", "b.png"]
    for name in names:
        item = builder.add_item(name)
        builder.add_annotation(item, "猫", kind="box", box=[0, 1, 2.5, 3])
    annokit.write(builder.build(), tmp_path / "out", "kitti", on_loss="allow")
    back = annokit.read(tmp_path / "out")
    assert list(back.names) == names
    assert back.annotations.box.tolist() == [[0, 1, 2.5, 3]] * len(names)


def test_many_objects_in_several_blocks(tmp_path: Path) -> None:
    lines = [CAR.replace("599.41", f"{row}.25") for row in range(9000)]
    root = tree(tmp_path, label_2__a="\n".join(lines), label_2__b="\n".join(lines[:7000]), label_2__c=CAR)
    ds = annokit.read(root)
    assert ds.annotations.box[:, 0].tolist() == [
        *(row + 0.25 for row in range(9000)),
        *(row + 0.25 for row in range(7000)),
        599.41,
    ]
    assert np.bincount(ds.annotations.item).tolist() == [9000, 7000, 1]


def test_nothing_at_all(tmp_path: Path) -> None:
    annokit.write(annokit.DatasetBuilder().build(), tmp_path / "out", "kitti")
    assert len(annokit.read(tmp_path / "out")) == 0


def test_others_are_not_claimed(tmp_path: Path) -> None:
    assert not [
        m for m in annokit.detect(tree(tmp_path / "1", labels__a="0 0.5 0.5 0.25 0.25\n")) if "kitti" in m.format
    ]
    polygon = "0 " + " ".join(["0.5"] * 14)
    assert not [m for m in annokit.detect(tree(tmp_path / "2", labels__a=polygon)) if "kitti" in m.format]
    assert [m.format for m in annokit.detect(tree(tmp_path / "3", label_2__a=CAR))] == ["kitti"]


def test_what_has_no_box_is_refused(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=100, height=50)
    builder.add_annotation(item, "a", annokit.Cuboid.of(center=(1, 2, 3), size=(1, 1, 1), rotation=(0, 0.5, 0)))
    corners = [(0.1, 0.2), (0.3, 0.2), (0.3, 0.6), (0.1, 0.6)] * 2
    builder.add_annotation(item, "b", annokit.Cuboid.of((1, 2, 3), (1, 4, 1), (0, 0.5, 0), corners))
    builder.add_annotation(item, "c", annokit.Cuboid.of((1, 2, 3), (1, 4, 1), (0.1, 0.5, 0), corners))
    report = annokit.write(builder.build(), tmp_path / "out", "kitti", on_loss="allow")
    assert [issue.count for issue in report.issues if issue.code == "refused"] == [1]
    assert (tmp_path / "out/label_2/a.txt").read_text() == (
        "b -1 -1 -10 10.0 10.0 30.0 30.0 4.0 1.0 1.0 1.0 4.0 3.0 0.5\n"
        "c -1 -1 -10 10.0 10.0 30.0 30.0 -1 -1 -1 -1000 -1000 -1000 -10\n"
    )


def test_control_characters_are_located(tmp_path: Path) -> None:
    path = tmp_path / "000000.txt"
    path.write_bytes(b"Car\x1b[\nx\x1b 0 0 0 1 2 3 4 1 1 1 0 0 0 0\n")
    with pytest.raises(FormatError, match=r"000000\.txt, line 1"):
        annokit.read(path, "kitti")


def test_regions_to_ignore_are_no_class(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder(unit="pixel")
    item = builder.add_item("a.png", width=10, height=20)
    builder.add_annotation(item, "car", box=[1, 2, 3, 4], attributes={"iscrowd": 1})
    builder.add_annotation(item, "DontCare", box=[2, 2, 3, 4])
    builder.add_annotation(item, "car", box=[3, 2, 3, 4], attributes={"iscrowd": 0})
    builder.add_annotation(item, None, box=[4, 2, 3, 4])
    report = annokit.write(builder.build(), tmp_path / "out", "kitti", on_loss="allow")
    assert [(issue.code, issue.field, issue.count) for issue in report][:4] == [
        ("converted", "label", 1),
        ("restated", "label", 1),
        ("dropped", "iscrowd", 1),
        ("refused", "label", 1),
    ]
    lines = (tmp_path / "out/label_2/a.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["DontCare", "DontCare", "car"]
    back = annokit.read(tmp_path / "out")
    assert back.labels.names == ("car",)
    assert [dict(a.attributes) for a in back[0].annotations] == [{"iscrowd": 1}, {"iscrowd": 1}, {}]


TRACKING = """\
0 2 Car 0 0 -1.79 296.74 161.75 455.22 292.37 2.00 1.82 4.43 -4.55 1.85 13.41 -2.11
0 -1 DontCare -1 -1 -10 219.31 188.49 245.50 218.56 -1000 -1000 -1000 -10 -1 -1 -1
3 2 Car 1 2 -1.79 296.74 161.75 455.22 292.37 2.00 1.82 4.43 -4.55 1.85 13.41 -2.11 0.5
"""


def test_lines_of_the_tracking_benchmark(tmp_path: Path) -> None:
    root = tree(tmp_path, training__label_02__0000=TRACKING, training__label_02__0001=TRACKING.splitlines()[0])
    picture(root / "training/image_02/0000/000003.png", (1242, 375))
    picture(root / "training/image_02/0000/000004.png", (1242, 375))
    assert [match.format for match in annokit.detect(root)] == ["kitti"]
    ds = annokit.read(root)
    assert [item.path is not None for item in ds] == [False, True, False]
    assert [(item.name, item.frame, item.split) for item in ds] == [
        ("0000#0", 0, "train"),
        ("0000#3", 3, "train"),
        ("0001#0", 0, "train"),
    ]
    assert ds.labels.names == ("Car",)
    assert [(track.id, track.frames) for track in ds.tracks()] == [(2, (0, 3)), (2, (0,))]
    ds = annokit.read(root, sizes={item.name: (1242, 375) for item in ds})
    ignored = ds[0].annotations[1]
    assert (ignored.label, ignored.track) == (None, None)
    assert ds.annotations.kind.tolist() == [9, 1, 9, 9]
    assert [a.score for a in ds[1].annotations] == [0.5]
