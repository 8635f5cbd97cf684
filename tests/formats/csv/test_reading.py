"""What lines mean, value by value."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.errors import FormatError, UsageError

HEAD = "a.png,640,48,"


def read(text: str, **options: object) -> annokit.Dataset:
    return annokit.read(io.BytesIO(text.encode()), "csv", **options)  # type: ignore[arg-type]


BOX = [[10, 20, 30.5, 40]]


@pytest.mark.parametrize(
    "line",
    [
        'a.png,640,48,Object Detection,cat,"[[10,20],[30.5,40]]",',
        'a.png,640,48,Object Detection,cat,"[[10,20],[30.5,40]]"',
        "a.png,640,48,Object Detection,cat,[[10,20],[30.5,40]],",
        "a.png, 640, 48, Object Detection, cat, [[10, 20], [30.5, 40]]",
        '"a.png", "640", "48", "Object Detection", "cat", "[[10, 20],\t[30.5, 40]]", ""',
        "|a.png|,640,48,Object Detection,cat,|[[10,20],[30.5,40]]|,",
        "\ufeffa.png,640,48,object_detection,cat,[[10,20],[30.5,40]]\r",
        'image,w,h,task,class,points\na.png,640,48,OBJECT-DETECTION,cat,"[[10,20],[30.5,40]]"',
        "image,w,h,task,class,points\n\na.png,640,48,,cat,[[10,20],[30.5,40]]\n\n",
    ],
)
def test_a_box_in_every_quoting(line: str) -> None:
    ds = read(line)
    (found,) = ds[0].annotations
    assert (ds[0].name, ds[0].width, ds[0].height, found.label.name) == ("a.png", 640, 48, "cat")
    assert isinstance(found.shape, annokit.Box)
    assert ds.annotations.box.tolist() == BOX
    assert not [issue for issue in ds.issues if issue.severity == "error"]


@pytest.mark.parametrize(
    ("line", "name", "label"),
    [
        ('"a,b ""c"".png",640,48,Classification,"x, y",,', 'a,b "c".png', "x, y"),
        ("a,b.png,640,48,Object Detection,x,y,[[1,2],[3,4]]", "a,b.png", "x,y"),
        ("猫.png,640,48,Classification,ein Hund,,", "猫.png", "ein Hund"),
        ("a.png,640,48,Classification,cat", "a.png", "cat"),
        ("a.png,640,48,Classification,cat,[],0", "a.png", "cat"),
    ],
)
def test_names_and_classes(line: str, name: str, label: str) -> None:
    ds = read(line)
    assert list(ds.names) == [name]
    assert [note.label.name for note in ds[0].annotations] == [label]


def test_every_shape() -> None:
    ds = read(
        HEAD + 'Instance Segmentation,m,"[[[1,2],[5,2],[5,9]],[[7,7],[9,7],[9,9],[7,9]]]",\n'
        + HEAD + 'Semantic Segmentation,s,"[[1,2],[5,2],[5,9]]",\n'
        + HEAD + 'Object Detection,two,"[[10,10],[30,20]]",1.5707963267948966\n'
        + HEAD + 'Object Detection,four,"[[25,5],[25,25],[15,25],[15,5]]",1.5707963267948966\n'
        + HEAD + 'Object Detection,upright,"[[1,2],[3,2],[3,4],[1,4]]",\n'
        + HEAD + 'Instance Segmentation,quad,"[[1,2],[3,2],[3,4],[1,4]]",\n'
        + HEAD + 'Object Detection,dot,"[[1,2]]",\n'
        + HEAD + "Classification,c,,\n"
    )  # fmt: skip
    shapes = [note.shape for note in ds[0].annotations]
    assert [type(shape).__name__ for shape in shapes] == [
        "Polygon", "Polygon", "RotatedBox", "RotatedBox", "RotatedBox", "Polygon", "Point", "NoneType",
    ]  # fmt: skip
    parts = shapes[0].to_pixels(640, 48).parts
    assert [ring.tolist() for part in parts for ring in part] == [
        [[1, 2], [5, 2], [5, 9]],
        [[7, 7], [9, 7], [9, 9], [7, 9]],
    ]
    two, four = shapes[2].to_pixels(640, 48), shapes[3].to_pixels(640, 48)
    assert (two.cx, two.cy, two.width, two.height) == pytest.approx((20, 15, 20, 10))
    assert two.angle == pytest.approx(90)
    assert (four.cx, four.cy) == pytest.approx((20, 15))
    assert ds._annotations.sparse("extras/csv/task").dense().to_list() == ["Semantic Segmentation"]
    assert {issue.code for issue in ds.issues} == {"assumed"}


def test_what_was_read_is_written_so_again(tmp_path: Path) -> None:
    lines = [
        ["image", "w", "h", "task", "class", "points", "rotation"],
        ["a.png", "640", "48", "object_detection", "cat", "[[10,20],[30.5,40]]", "0"],
        ["a.png", "640", "48", "Semantic Segmentation", "x, y", "[[1,2],[5.25,2],[5,9]]", ""],
        ["a.png", "640", "48", "Instance Segmentation", 'q"', "[[[1,2],[5,2],[5,9]],[[7,7],[9,7],[9,9]]]", "0.5"],
        ["b.png", "", "", "Object Detection", "cat", "[[1,2],[3,4]]", "0.25"],
        ["b.png", "", "", "Object Detection", "cat", "[[1,2],[3,4],[5,6],[7,8]]", "-0.1"],
        ["b.png", "", "", "Classification", "cat", "", ""],
        ["c.png", "3", "4", "", "", "", ""],
    ]
    text = "".join(",".join('"' + field.replace('"', '""') + '"' for field in line) + "\r\n" for line in lines)
    ds = read(text)
    assert np.bincount(ds.annotations.item, minlength=3).tolist() == [3, 3, 0]
    annokit.write(ds, tmp_path / "out.csv", "csv", on_loss="raise")
    assert (tmp_path / "out.csv").read_bytes() == text.encode()
    assert annokit.read(tmp_path / "out.csv") == ds


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a.png,640,48", "3 fields"),
        ("a.png,640,48,t,c,[[1,2],[3,4]],0,1,2,3", "13 fields"),
        (HEAD + 't,c,"[[1,2],[3]]",', "'[[1,2],[3]]'"),
        (HEAD + 't,c,"[[1,2],[3,4]",', "'[[1,2],[3,4]'"),
        (HEAD + 't,c,"[[1,2],[3,x]]",', "'[[1,2],[3,x]]'"),
        (HEAD + 't,c,"[1,2,3,4]",', "'[1,2,3,4]'"),
        (HEAD + 't,c,"[[1,2]],[[3,4]]",', "'[[1,2]],[[3,4]]'"),
        (HEAD + 't,c,"[[1,2],[[3,4]]]",', "'[[1,2],[[3,4]]]'"),
        (HEAD + 't,c,"[[1,2,3,4]]",', "'[[1,2,3,4]]'"),
        (HEAD + 't,c,"]][[",', "']][['"),
        (HEAD + 't,c,"[[1,NaN],[2,3]]",', "'[[1,NaN],[2,3]]'"),
        (HEAD + 't,c,"[[1,2],[3,4]]",north', "'north'"),
        ("a.png,-3,48,t,c,,", "'-3'"),
        ("a.png,640,1.5,t,c,,", "'1.5'"),
    ],
)
def test_bad_lines_are_located(line: str, found: str) -> None:
    good = HEAD + 'Object Detection,cat,"[[1,2],\n[3,4]]",\n'
    text = good + good + line + "\n" + good
    with pytest.raises(FormatError) as caught:
        read(text)
    assert caught.value.line == 5
    assert found in str(caught.value.found)
    ds = read(text, on_bad="collect")
    assert ds.annotations.box.tolist() == [[1, 2, 3, 4]] * 3
    assert [(issue.code, issue.count) for issue in ds.issues] == [("bad-record", 1)]


def test_sizes_that_differ_are_told() -> None:
    ds = read("a.png,640,48,Classification,c,,\na.png,641,48,Classification,c,,\n")
    assert (ds[0].width, len(ds[0].annotations)) == (640, 2)
    assert [issue.code for issue in ds.issues] == ["size-mismatch"]


def test_task_types_of_others_are_told_and_kept(tmp_path: Path) -> None:
    ds = read(HEAD + "Counting,c,,\n")
    assert [(issue.code, issue.examples) for issue in ds.issues] == [("odd-value", ("Counting",))]
    annokit.write(ds, tmp_path / "o.csv", "csv", on_loss="raise")
    assert "Counting" in (tmp_path / "o.csv").read_text()


def test_headers(tmp_path: Path) -> None:
    ds = read(HEAD + "Classification,c,,\n")
    annokit.write(ds, tmp_path / "o.csv", "csv", header="columns")
    first, *_ = (tmp_path / "o.csv").read_text().splitlines()
    assert first == '"image","width","height","task","class","points","rotation"'
    with pytest.raises(UsageError):
        annokit.write(ds, tmp_path / "p.csv", "csv", header=True)


def test_turned_boxes_of_others_are_written_by_corners(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=100, height=50)
    builder.add_annotation(item, "c", annokit.RotatedBox(0.5, 0.5, 0.2, 0.2, 90))
    annokit.write(builder.build(), tmp_path / "o.csv", "csv", on_loss="allow")
    back = annokit.read(tmp_path / "o.csv", "csv")
    (found,) = back[0].annotations
    assert found.shape.angle % 180 == pytest.approx(90)
    assert float(back._annotations.sparse("rotated").dense().to_list()[0]["angle"]) == pytest.approx(math.pi / 2)


def test_pictures_go_along(tmp_path: Path) -> None:
    Image.new("RGB", (640, 48)).save(tmp_path / "a.png")
    text = tmp_path / "a.csv"
    text.write_text(HEAD + "Classification,c,,\n")
    ds = annokit.read(text, images=tmp_path)
    annokit.write(ds, tmp_path / "out", "csv", media="copy")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == ["a.png", "out.csv"]
    assert annokit.read(tmp_path / "out", images=tmp_path / "out") == ds


def test_long_fields_and_many_lines(tmp_path: Path) -> None:
    ring = [[x / 4, x] for x in range(40_000)]
    ds = read(HEAD + f'Instance Segmentation,c,"{ring}",\n' + (HEAD + "Classification,k,,\n") * 30_000)
    assert len(ds.annotations.item) == 30_001
    assert ds.annotations.points.tolist() == ring
    annokit.write(ds, tmp_path / "o.csv", "csv")
    assert annokit.read(tmp_path / "o.csv", "csv") == ds


def test_nothing_at_all(tmp_path: Path) -> None:
    assert len(read("")) == 0
    annokit.write(annokit.DatasetBuilder().build(), tmp_path / "o.csv", "csv")
    assert len(annokit.read(tmp_path / "o.csv", "csv")) == 0


def test_recognised_by_its_own_marks(tmp_path: Path) -> None:
    for text, found in (
        (HEAD + "Classification,c,,\n", ["csv"]),
        ("a,b,c\n1,2,3\n", []),
        ("a.png,1,2,3,4,cat,9\n", []),
    ):
        (tmp_path / "x.csv").write_text(text)
        assert [match.format for match in annokit.detect(tmp_path / "x.csv")] == found


def test_columns_that_the_header_names_are_kept_and_listed(tmp_path: Path) -> None:
    lines = [
        "image,width,height,task,class,points,rotation,reviewer,task,",
        'a.png,10,20,Object Detection,cat,"[[1,2],[3,4]]",,"Ann, B.",x,',
        'a.png,10,20,Object Detection,cat,"[[1,2],[3,5]]",,,,y',
        "a.png,10,20,Object Detection,dog,[[1,2],[3,6]],,Bo,,",
        "b.png,10,20,,,,,,,",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    ds = annokit.read(path)
    assert [issue.field for issue in ds.issues.of("unread-key")] == ["reviewer", "column 9", "column 10"]
    assert [a.extras.get("csv/reviewer") for a in ds[0].annotations] == ["Ann, B.", None, "Bo"]
    report = annokit.write(ds, tmp_path / "b.csv", "csv", on_loss="raise")
    assert not report
    again = annokit.read(tmp_path / "b.csv")
    assert again == ds
    assert (tmp_path / "b.csv").read_text().splitlines()[1].endswith('"Ann, B.","x",""')
    assert annokit.plan(ds, "csv", header="none").of("dropped").issues


def test_columns_without_a_header_make_a_line_bad(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a.png,10,20,Object Detection,cat,"[[1,2],[3,4]]",0,extra\n')
    with pytest.raises(annokit.FormatError, match=r"line 1.*8 fields"):
        annokit.read(path, "csv")


def test_images_of_one_name_in_two_folders_are_two(tmp_path: Path) -> None:
    line = 'a.png,10,20,Object Detection,{},"[[1,2],[3,4]]",\n'
    for folder, label in (("one", "cat"), ("two", "dog"), ("two", "owl")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{label}.csv").write_text(line.format(label))
    ds = annokit.read(tmp_path, "csv")
    assert ds.names == ("a.png", "a.png")
    assert [[a.label.name for a in item.annotations] for item in ds] == [["cat"], ["dog", "owl"]]
    assert [(issue.code, issue.examples) for issue in ds.issues] == [("assumed", ("a.png",))]


@pytest.mark.parametrize("end", ["", ",", ",,"])
def test_a_name_with_a_comma_in_the_first_line_is_no_header(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"a,b.png,640,480,Classification,cat{end}\nc.png,640,480,Classification,dog,,\n")
    ds = annokit.read(path, "csv")
    assert [(item.name, item.width, item.annotations[0].label.name) for item in ds] == [
        ("a,b.png", 640, "cat"),
        ("c.png", 640, "dog"),
    ]
