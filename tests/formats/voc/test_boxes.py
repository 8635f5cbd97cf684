"""Corners: which pixels they mean, and what is told of those that mean none."""

import pytest

import annokit
from annokit.errors import UsageError
from tests.formats.voc.samples import an_object, annotation, tree


def one(tmp_path, box, fmt="voc", size=(40, 30), **options):
    """What is read of one box."""
    return annokit.read(
        tree(tmp_path, {"Annotations/a.xml": annotation(objects=an_object(box=box), size=size)}), fmt, **options
    )


def told(ds, code):
    return [(issue.field, issue.count, issue.message) for issue in ds.issues.of(code)]


# the rectangle of the devkit: the first pixel is 1, the last one belongs to the object; a box over all of a picture of
# 40 x 30 is 1, 1, 40, 30, and plain corners of it are 0, 0, 40, 30
@pytest.mark.parametrize(
    ("fmt", "options", "box", "pixels"),
    [
        ("voc", {}, (1, 1, 40, 30), [1, 1, 40, 30]),
        ("voc", {"origin": "corners"}, (1, 1, 40, 30), [1, 1, 40, 30]),
        ("voc", {"origin": "inclusive"}, (1, 1, 40, 30), [0, 0, 40, 30]),
        ("voc:standard", {}, (1, 1, 40, 30), [0, 0, 40, 30]),
        ("voc:standard", {}, (5, 7, 5, 7), [4, 6, 5, 7]),  # one pixel
        ("voc:standard", {"origin": "corners"}, (1, 1, 40, 30), [1, 1, 40, 30]),
        ("voc:dataloop", {}, (0.5, 1.25, 40, 30), [0.5, 1.25, 40, 30]),
        ("voc:innotescus", {}, (1, 1, 40, 30), [1, 1, 40, 30]),
    ],
)
def test_which_pixels_corners_mean(tmp_path, fmt, options, box, pixels):
    ds = one(tmp_path, box, fmt, **options)
    assert ds[0].boxes(unit="pixel").tolist() == [pixels]
    # the numbers themselves stay as they are written, integers as integers
    assert ds._annotations.columns["box"].values.tolist() == [list(map(float, box))]
    form = "xyxy1" if pixels[0] == box[0] - 1 else "xyxy"
    assert ds._items.value("form", 0) == annokit.geometry.boxes.FORMS.index(form)


def test_an_origin_that_nobody_told_is_an_assumption(tmp_path):
    assert told(one(tmp_path / "a", (0, 1, 9, 9)), "assumed") == [
        ("box", 1, "coordinates are taken for plain corners; voc:standard, or origin=, counts pixels from 1")
    ]
    likely = told(one(tmp_path / "b", (1, 1, 40, 9)), "assumed")[0][2]
    assert likely.endswith("no corner is 0 and some reach the last pixel, as where pixels are counted from 1")
    for fmt, options in (("voc:standard", {}), ("voc", {"origin": "corners"}), ("voc:innotescus", {})):
        assert told(one(tmp_path / "c", (1, 1, 40, 9), fmt, **options), "assumed") == []


@pytest.mark.parametrize("dialect", ["voc", "voc:standard", "voc:dataloop"])
@pytest.mark.parametrize("origin", ["corners", "inclusive", None])
def test_the_origin_is_recorded_and_found_again(tmp_path, dialect, origin):
    ds = one(tmp_path / "a", (1, 1, 40, 30), "voc:standard")
    given = {} if origin is None else {"origin": origin}
    annokit.write(ds, tmp_path / "out", dialect, on_loss="allow", **given)
    inclusive = origin == "inclusive" or (origin is None and dialect == "voc:standard")
    corner = "1" if inclusive else "0"
    assert f"<xmin>{corner}</xmin>" in (
        tmp_path / "out" / ("Annotations" if dialect != "voc:dataloop" else "annotations") / "a.xml"
    ).read_text().replace(".0<", "<")
    record = (tmp_path / "out/annokit-voc.txt").read_text()
    assert (
        record
        == f"# annokit {dialect if ':' in dialect else 'voc:'}\norigin = {'inclusive' if inclusive else 'corners'}\n"
    )
    back = annokit.read(tmp_path / "out")
    assert back[0].boxes(unit="pixel").tolist() == [[0, 0, 40, 30]]
    assert not back.issues.of("assumed")


def test_an_origin_against_the_record_is_told(tmp_path):
    annokit.write(one(tmp_path / "a", (1, 1, 40, 30), "voc:standard"), tmp_path / "out", "voc:standard")
    ds = annokit.read(tmp_path / "out", "voc", origin="corners")
    assert ds[0].boxes(unit="pixel").tolist() == [[1, 1, 40, 30]]
    issue = ds.issues.of("assumed").issues[0]
    assert (issue.severity, issue.message) == (
        "warning", "the tree was written with origin 'inclusive', and is read with origin 'corners' as asked"
    )  # fmt: skip


def test_one_origin_becomes_the_other(tmp_path):
    ds = one(tmp_path / "a", (2, 3, 10, 11), "voc:standard")
    report = annokit.write(ds, tmp_path / "out", "voc")
    assert [(i.field, i.fate, i.severity) for i in report] == [("shape", "restated", "info")]
    text = (tmp_path / "out/Annotations/a.xml").read_text()
    assert "<xmin>1</xmin>\n\t\t\t<ymin>2</ymin>\n\t\t\t<xmax>10</xmax>\n\t\t\t<ymax>11</ymax>" in text.replace(
        ".0<", "<"
    )


def test_an_unknown_origin_is_refused(tmp_path):
    ds = one(tmp_path / "a", (1, 2, 3, 4))
    with pytest.raises(UsageError, match="expected one of corners, inclusive"):
        annokit.read(tmp_path / "a", "voc", origin="top-left")
    with pytest.raises(UsageError, match="expected one of corners, inclusive"):
        annokit.write(ds, tmp_path / "out", "voc", origin=1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["45.70000076293945", "1e2", "-3", "007", "+5", ".5", "5."])
def test_numbers_are_the_nearest_doubles_and_come_back(tmp_path, text):
    ds = one(tmp_path / "a", (text, 2, 90, 20))
    assert ds[0].boxes(unit="pixel")[0].tolist() == [float(text), 2, 90, 20]
    annokit.write(ds, tmp_path / "out", "voc")
    assert annokit.read(tmp_path / "out", "voc") == ds


def test_integers_stay_integers_and_floats_floats(tmp_path):
    ds = one(tmp_path / "a", (1, "2.0", 30, "20.5"))
    annokit.write(ds, tmp_path / "out", "voc")
    text = (tmp_path / "out/Annotations/a.xml").read_text()
    assert [
        f"<{n}>{v}</{n}>" in text for n, v in (("xmin", "1"), ("ymin", "2.0"), ("xmax", "30"), ("ymax", "20.5"))
    ] == [True] * 4


REVERSED = "the last corner lies before the first; both are kept as they are"
BEYOND = "corners lie beyond the picture; they are kept"


@pytest.mark.parametrize(
    ("fmt", "box", "message"),
    [
        ("voc", (30, 20, 1, 2), REVERSED),
        ("voc", (1, 20, 30, 2), REVERSED),
        ("voc", (-1, 2, 30, 20), BEYOND),
        ("voc", (1, 2, 41, 20), BEYOND),
        ("voc", (1, 2, 30, 30.5), BEYOND),
        ("voc:standard", (0, 2, 30, 20), "corners lie beyond the picture, where 1 is the first pixel; they are kept"),
        ("voc", (0, 0, 40, 30), None),
        ("voc", (3, 3, 3, 3), None),
        ("voc:standard", (1, 1, 40, 30), None),
    ],
)
def test_boxes_that_no_picture_has_are_kept_and_told(tmp_path, fmt, box, message):
    ds = one(tmp_path / "a", box, fmt)
    assert told(ds, "odd-value") == ([] if message is None else [("box", 1, message)])
    if message is not None:
        assert [(row.item, row.annotation) for row in ds.issues.of("odd-value").rows()] == [("a.jpg", 0)]
    report = annokit.write(ds, tmp_path / "out", fmt)
    assert not report
    assert annokit.read(tmp_path / "out", fmt) == ds


def test_a_picture_of_unknown_size_has_no_border(tmp_path):
    assert told(one(tmp_path, (1, 2, 4000, 20), size=None), "odd-value") == []


@pytest.mark.parametrize(
    "box",
    [
        ("nan", 2, 3, 4),
        (1, "inf", 3, 4),
        ("", 2, 3, 4),
        ("one", 2, 3, 4),
        ("1 2", 2, 3, 4),
        ("1,5", 2, 3, 4),
        ("0x1", 2, 3, 4),
        ("1_0", 2, 3, 4),
    ],
)
def test_corners_that_are_no_numbers_are_kept_as_text(tmp_path, box):
    ds = one(tmp_path / "a", box)
    annotation = ds.annotations[0]
    assert (annotation.shape, annotation.box) == (None, None)
    assert ds._annotations.value("extras/voc/bndbox", 0) == dict(
        zip(("xmin", "ymin", "xmax", "ymax"), map(str, box), strict=True)
    )
    assert [row.detail for row in ds.issues.of("odd-value").rows()] == [f"bndbox: {', '.join(map(str, box))}"]
    annokit.write(ds, tmp_path / "out", "voc")
    assert annokit.read(tmp_path / "out", "voc") == ds
    assert f"<xmin>{box[0]}</xmin>" in (tmp_path / "out/Annotations/a.xml").read_text().replace(
        "<xmin/>", "<xmin></xmin>"
    )


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "<bndbox><xmin>1</xmin></bndbox>",
        "<bndbox>1 2 3 4</bndbox>",
        "<bndbox/>",
        "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax><z>1</z></bndbox>",
    ],
)
def test_objects_without_four_corners_stay_objects(tmp_path, inner):
    text = annotation(objects=f"<object><name>cat</name>{inner}</object>")
    ds = annokit.read(tree(tmp_path / "a", {"Annotations/a.xml": text}), "voc")
    assert [(str(a.label), a.shape) for a in ds.annotations] == [("cat", None)]
    assert told(ds, "odd-value")[0][1] == 1
    annokit.write(ds, tmp_path / "out", "voc", on_loss="raise")
    assert annokit.read(tmp_path / "out", "voc") == ds


def test_corners_in_any_order(tmp_path):
    text = "<annotation><object><bndbox><ymax>4</ymax><xmax>3</xmax><ymin>2</ymin><xmin>1</xmin></bndbox><name>a</name></object></annotation>"
    ds = annokit.read(tree(tmp_path, {"a.xml": text}), "voc:standard")
    assert ds[0].boxes(unit="pixel").tolist() == [[0, 1, 3, 4]]
