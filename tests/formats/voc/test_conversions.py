"""What VOC can't hold: each change named, with its numbers, and names that no file system takes."""

import numpy as np
import pytest

import annokit
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox

W, H = 40, 30
SQUARE = np.array([[0.1, 0.1], [0.5, 0.1], [0.5, 0.9], [0.1, 0.9]])
RING = np.zeros((H, W), bool)
RING[5:25, 5:25] = True
RING[10:20, 10:20] = False


def one(shape=None, name="a.jpg", label="cat", **fields):
    builder = annokit.DatasetBuilder()
    item = builder.add_item(name, width=W, height=H)
    builder.add_annotation(item, label, shape, **fields)
    return builder.build()


def turned(w, h, angle):
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    x, y = (abs(w * c) + abs(h * s)) / 2, (abs(w * s) + abs(h * c)) / 2
    return [20 - x, 15 - y, 20 + x, 15 + y]


@pytest.mark.parametrize(
    ("shape", "box", "message"),
    [
        (Box(0.1, 0.1, 0.5, 0.9), [4, 3, 20, 27], None),
        (RotatedBox(0.5, 0.5, 0.5, 0.25, 30), turned(20, 7.5, 30), "rotated_box becomes box: its upright bounds"),
        (Ellipse(0.5, 0.5, 0.25, 0.25, 0), [10, 7.5, 30, 22.5], "ellipse becomes box: its upright bounds"),
        (
            Polygon(((SQUARE,), (SQUARE * 0.5 + 0.4,))),
            [4, 3, 26, 27],
            "polygon becomes box: its stated box, else its bounds",
        ),
        (Polyline(SQUARE[:3]), [4, 3, 20, 27], "polyline becomes box: its stated box, else its bounds"),
        (Mask.encode(RING), [5, 5, 25, 25], "mask becomes box: its stated box, else its tight bounds"),
        (
            Keypoints.of([[0.25, 0.2], [0.75, 0.5]], [2, 1]),
            [10, 6, 30, 15],
            "keypoints becomes box: its stated box, else the bounds of its labelled joints",
        ),
    ],
)
@pytest.mark.parametrize("dialect", ["voc", "voc:standard", "voc:dataloop", "voc:innotescus"])
def test_every_shape_becomes_its_box_and_that_is_told(tmp_path, dialect, shape, box, message):
    ds = one(shape)
    report = annokit.write(ds, tmp_path / "out", dialect, on_loss="allow")
    assert report == annokit.plan(ds, dialect)
    found = annokit.read(tmp_path / "out")[0].boxes(unit="pixel")
    expected = np.rint(box) if dialect == "voc:innotescus" else box
    np.testing.assert_allclose(found, [expected], atol=1e-9)
    converted = [(i.message, [row.annotation for row in i.rows()]) for i in report if i.code == "converted"]
    assert converted == ([] if message is None else [(message, [0])])
    rounded = [i.field for i in report if i.code == "rounded"]
    assert rounded == (["shape"] if dialect == "voc:innotescus" and list(expected) != list(box) else [])


def test_a_point_is_refused(tmp_path):
    ds = one(Point(0.5, 0.5))
    report = annokit.write(ds, tmp_path / "out", "voc", on_loss="allow")
    assert [(row.annotation, row.fate) for row in report.rows() if row.field == "shape" and row.fate == "refused"] == [
        (0, "refused")
    ]
    assert not annokit.read(tmp_path / "out").annotations
    with pytest.raises(annokit.LossError):
        annokit.write(ds, tmp_path / "no", "voc", on_loss="raise")


@pytest.mark.parametrize("dialect", ["voc", "voc:standard"])
def test_crowds_classes_and_scores(tmp_path, dialect):
    builder = annokit.DatasetBuilder()
    for name in ("unused", "cat"):
        builder.add_label(name)
    item = builder.add_item("a.jpg", width=W, height=H)
    builder.add_annotation(item, 1, Box(0, 0, 1, 1), score=0.5, track=3, attributes={"iscrowd": 1, "occluded": True})
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "out", dialect, on_loss="allow")
    told = {(issue.field, issue.fate) for issue in report}
    assert {
        ("score", "dropped"),
        ("track", "dropped"),
        ("label", "dropped"),
        ("attributes.occluded", "restated"),
    } <= told
    back = annokit.read(tmp_path / "out")
    assert dict(back.annotations[0].attributes) == {
        "iscrowd": 1,
        "occluded": 1,
        "pose": "Unspecified",
        "truncated": 0,
        "difficult": 0,
    }
    assert back.labels.names == ("cat",)
    text = (tmp_path / "out/Annotations/a.xml").read_text()
    assert "<occluded>1</occluded>" in text
    assert "<name>iscrowd</name>" in text


NAMES = [
    "a:b?.jpg",
    "../../evil.jpg",
    "/etc/passwd.jpg",
    "CON.jpg",
    "a\\b.jpg",
    "x" * 300 + ".jpg",
    " .jpg",
    "кот<&>.jpg",
    "a\nb.jpg",
    "A.jpg",
    "a.jpg",
    "a.JPG",
    ".hidden.jpg",
    "no extension",
    "a.xml",
]


@pytest.mark.parametrize("dialect", ["voc", "voc:dataloop", "voc:innotescus"])
def test_names_that_no_file_can_have_come_back(tmp_path, dialect):
    builder = annokit.DatasetBuilder()
    for name in NAMES:
        builder.add_annotation(builder.add_item(name, width=W, height=H), "cat", Box(0, 0, 0.5, 0.5))
    annokit.write(builder.build(), tmp_path / "in" / "out", dialect, on_loss="allow")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["out"]
    files = list((tmp_path / "in/out").rglob("*.xml"))
    assert len({str(path).lower() for path in files}) == len(NAMES)
    back = annokit.read(tmp_path / "in/out")
    assert sorted(back.names) == sorted(NAMES)
    assert all(len(item.annotations) == 1 for item in back)


def test_items_of_unknown_size_are_written_without(tmp_path):
    builder = annokit.DatasetBuilder(unit="pixel")
    builder.add_annotation(builder.add_item("a.jpg"), "cat", kind="box", box=(1, 2, 3, 4))
    ds = builder.build()
    annokit.write(ds, tmp_path / "out", "voc", on_loss="allow")
    assert "<size>" not in (tmp_path / "out/Annotations/a.xml").read_text()
    assert annokit.read(tmp_path / "out")[0].boxes(unit="pixel").tolist() == [[1, 2, 3, 4]]
    fractions = annokit.DatasetBuilder()
    fractions.add_annotation(fractions.add_item("b/a.jpg"), "cat", Box(0, 0, 1, 1))
    with pytest.raises(annokit.MissingSizeError, match=r"b/a\.jpg"):
        annokit.write(fractions.build(), tmp_path / "no", "voc", on_loss="allow")
    assert not (tmp_path / "no").exists()


SHAPES = {
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


@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("voc", {}),
        ("voc", {"masks": True}),
        ("voc:standard", {"masks": True}),
        ("voc:standard", {"origin": "corners"}),
        ("voc:dataloop", {}),
        ("voc:innotescus", {}),
    ],
)
@pytest.mark.parametrize("kind", SHAPES)
def test_the_plan_names_whatever_reading_finds_changed(tmp_path, kind, dialect, options):
    ds = one(SHAPES[kind], score=0.5, track=4, attributes={"occluded": True, "colour": "red"})
    report = annokit.plan(ds, dialect, **options)
    assert annokit.write(ds, tmp_path / "out", dialect, on_loss="allow", **options) == report
    back = annokit.read(tmp_path / "out")
    fates = {(row.field, row.fate) for row in report.rows()}
    if not back.annotations:
        assert ("shape", "refused") in fates
        return
    before, after = ds.annotations[0], back.annotations[0]
    assert (type(after.shape) is not type(before.shape)) == (("shape", "converted") in fates)
    assert {("score", "dropped"), ("track", "dropped")} <= fates
    assert (after.score, after.track) == (None, None)
    for name in {*before.attributes, *after.attributes}:
        own, found = before.attributes.get(name), after.attributes.get(name)
        changed = own != found or type(own) is not type(found)
        told = {fate for field, fate in fates if field == f"attributes.{name}"}
        assert bool(told) == changed, (name, own, found, told)
    if kind != "none":
        np.testing.assert_allclose(
            back[0].boxes(unit="pixel"),
            np.rint(ds[0].boxes(unit="pixel")) if dialect == "voc:innotescus" else ds[0].boxes(unit="pixel"),
            atol=1e-9,
        )
