"""PNGs of objects and of classes, read and written with the palette of Pascal VOC."""

import io

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.codecs.palette import voc_palette
from annokit.geometry import Box, Polygon
from annokit.geometry.mask import Mask
from tests.formats.voc.samples import an_object, annotation, tree

H, W = 30, 40


def bitmap(**drawn):
    """A bitmap of 40 by 30: `v3=(x0, y0, x1, y1)` draws value 3 into a rectangle."""
    found = np.zeros((H, W), np.uint8)
    for value, (x0, y0, x1, y1) in drawn.items():
        found[y0:y1, x0:x1] = int(value[1:])
    return found


def rows(ds, item=0):
    """Label, kind of shape and number of pixels of each annotation."""
    return [
        (
            None if a.label is None else a.label.name,
            type(a.shape).__name__,
            int(a.shape.decode().sum()) if isinstance(a.shape, Mask) else 0,
        )
        for a in ds[item].annotations
    ]


TWO = an_object("cat", (1, 1, 11, 11)) + an_object("person", (20, 5, 30, 25))


def test_the_nth_value_is_the_nth_object(tmp_path):
    objects = bitmap(v2=(20, 5, 30, 25), v1=(0, 0, 10, 10), v255=(10, 0, 12, 10))
    files = {
        "Annotations/a.xml": annotation(objects=TWO),
        "SegmentationObject/a.png": objects,
        "SegmentationClass/a.png": bitmap(v8=(0, 0, 10, 10), v15=(20, 5, 30, 25)),
    }
    ds = annokit.read(tree(tmp_path, files), "voc:standard")
    assert rows(ds) == [("cat", "Mask", 100), ("person", "Mask", 200)]
    first, second = ds.annotations
    np.testing.assert_array_equal(first.shape.decode(), objects == 1)
    np.testing.assert_array_equal(second.shape.decode(), objects == 2)
    # the box is the XML's own, not that of the pixels
    assert ds[0].boxes(unit="pixel").tolist() == [[0, 0, 11, 11], [19, 4, 30, 25]]
    void = ds._items.value("extras/voc/void", 0)
    assert void["size"] == [H, W]
    np.testing.assert_array_equal(Mask((H, W), void["counts"].encode()).decode(), objects == 255)
    assert not annokit.read(tmp_path, "voc:standard", masks=False)._annotations.sparse("mask")


def test_objects_that_no_xml_states_have_the_class_of_most_of_their_pixels(tmp_path):
    objects = bitmap(v1=(0, 0, 10, 10), v2=(20, 5, 30, 25), v3=(0, 20, 4, 24), v4=(30, 0, 34, 4))
    classes = bitmap(v8=(0, 0, 10, 10), v15=(20, 5, 30, 25), v255=(30, 0, 34, 4))
    classes[20:24, 0:4] = 12
    classes[20, 0:4] = 8
    classes[5, 20:30] = 255
    files = {
        "Annotations/a.xml": annotation(objects=an_object("cat")),
        "SegmentationObject/a.png": objects,
        "SegmentationClass/a.png": classes,
    }
    ds = annokit.read(tree(tmp_path, files), "voc:standard")
    assert rows(ds) == [("cat", "Mask", 100), ("person", "Mask", 200), ("dog", "Mask", 16)]
    told = {issue.code: issue for issue in ds.issues}
    assert told["mask-without-annotation"].examples == ("a.jpg: object 4 of 1",)
    assert told["assumed"].count == 2


def test_pngs_alone_are_items(tmp_path):
    files = {
        "SegmentationObject/a.png": bitmap(v1=(0, 0, 10, 10), v2=(20, 5, 30, 25)),
        "SegmentationClass/a.png": bitmap(v8=(0, 0, 10, 10), v15=(20, 5, 30, 25)),
        "SegmentationClass/s/b.png": bitmap(v1=(0, 0, 1, 1)),
        "JPEGImages/a.jpg": None,
        "ImageSets/Segmentation/train.txt": "a\ns/b\n",
    }
    ds = annokit.read(tree(tmp_path, files), "voc", classes="voc")
    assert [(item.name, item.width, item.height, item.split) for item in ds] == [
        ("a.jpg", W, H, "train"),
        ("s/b", W, H, "train"),
    ]
    assert rows(ds) == [("cat", "Mask", 100), ("person", "Mask", 200)]
    assert rows(ds, 1) == [("aeroplane", "Mask", 1)]
    assert ds.labels[14].name == "person"
    assert ds.labels[14].source_id == 15


@pytest.mark.parametrize(
    ("options", "files", "expected"),
    [
        ({}, {}, [("cat", 100), (None, 200)]),
        ({"classes": ["cat", "dog"]}, {}, [("cat", 100), ("dog", 200)]),
        ({"classes": {1: "cat", 2: "Hund"}}, {}, [("cat", 100), ("Hund", 200)]),
        ({"classes": "voc"}, {}, [("aeroplane", 100), ("bicycle", 200)]),
        (
            {},
            {
                "labelmap.txt": "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:128,0,0::\r\ndog:0,128,0:head,tail:sit\n"
            },
            [("cat", 100), ("dog", 200)],
        ),
        ({}, {"labelmap.txt": "cat:128,0,0::\ndog:::\n"}, [("cat", 100), ("dog", 200)]),
    ],
)
def test_classes_without_objects_are_a_mask_each(tmp_path, options, files, expected):
    classes = bitmap(v1=(0, 0, 10, 10), v2=(20, 5, 30, 25), v255=(12, 0, 13, 30))
    base = {"Annotations/a.xml": annotation(objects=an_object("x")), "SegmentationClass/a.png": classes}
    if not options and not files:
        expected = [(None, 100), (None, 200)]
    ds = annokit.read(tree(tmp_path, {**base, **files}), "voc:standard", **options)
    assert [(name, count) for name, kind, count in rows(ds)] == [("x", 0), *expected]
    unnamed = [row.detail for row in ds.issues.of("mask-without-annotation").rows()]
    assert unnamed == [f"value {value}" for value, (name, _) in enumerate(expected, 1) if name is None]
    assert [
        ds._annotations.value("extras/voc/#value", 1 + place)
        for place, (name, _) in enumerate(expected)
        if name is None
    ] == [1, 2][: len(unnamed)]


def test_colours_are_classes_in_dataloops_pngs(tmp_path):
    picture = np.zeros((H, W, 4), np.uint8)
    picture[0:10, 0:10] = (255, 0, 0, 255)
    picture[5:25, 20:30] = (7, 7, 7, 255)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "png")
    files = {
        "annotations/a.xml": annotation(objects="<object><name>x</name><attributes/></object>"),
        "segmentation_class/a.png": out.getvalue(),
    }
    root = tree(tmp_path, files)
    assert [row[0::2] for row in rows(annokit.read(root, "voc:dataloop"))] == [("x", 0), (None, 100), (None, 200)]
    ds = annokit.read(root, "voc:dataloop", classes={(255, 0, 0): "red", (7, 7, 7): "grey"})
    assert [row[0::2] for row in rows(ds)] == [("x", 0), ("red", 100), ("grey", 200)]
    assert [label.color for label in ds.labels][:2] == [(255, 0, 0), (7, 7, 7)]


@pytest.mark.parametrize(
    "classes", [5, "cats", {0: "a"}, {"a": 1}, {1: 2}, [1, 2], {(1, 2): "a"}, {(1, 2, 300): "a"}, {True: "a"}]
)
def test_classes_that_make_no_sense(tmp_path, classes):
    with pytest.raises(annokit.UsageError, match="expected names by value or colour"):
        annokit.read(tree(tmp_path, {"a.xml": annotation()}), "voc", classes=classes)


@pytest.mark.parametrize("text", ["cat\n", "cat:1,2::\n", "cat:1,2,300::\n", ":1,2,3::\n"])
def test_broken_label_maps_are_located(tmp_path, text):
    files = {
        "Annotations/a.xml": annotation(),
        "SegmentationClass/a.png": bitmap(),
        "labelmap.txt": "# comment\n" + text,
    }
    with pytest.raises(annokit.FormatError, match="no row of a label map") as caught:
        annokit.read(tree(tmp_path, files), "voc")
    assert caught.value.line == 2


def png(mode, array):
    out = io.BytesIO()
    Image.fromarray(array, mode).save(out, "png")
    return out.getvalue()


def test_grey_and_grey_as_rgb_are_values_too(tmp_path):
    values = bitmap(v1=(0, 0, 10, 10))
    for place, data in enumerate((png("L", values), png("RGB", np.repeat(values[..., None], 3, axis=2)))):
        files = {"Annotations/a.xml": annotation(objects=an_object()), "SegmentationObject/a.png": data}
        assert rows(annokit.read(tree(tmp_path / str(place), files), "voc")) == [("cat", "Mask", 100)]


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (b"no picture", "bad-media"),
        (np.zeros((30, 41), np.uint8), "size-mismatch"),
        (bitmap(v7=(0, 0, 1, 1), v1=(1, 1, 2, 2)), "mask-without-annotation"),
        (bitmap(), "annotation-without-mask"),
    ],
)
def test_pngs_that_do_not_fit_are_told_and_cost_nothing_else(tmp_path, held, code):
    files = {"Annotations/a.xml": annotation(objects=an_object()), "SegmentationObject/a.png": held}
    ds = annokit.read(tree(tmp_path, files), "voc:standard")
    assert [(str(a.label), a.box is not None) for a in ds.annotations] == [("cat", True)]
    assert [(row.item, issue.severity) for issue in ds.issues.of(code) for row in issue.rows()] == [
        ("a.jpg", "warning")
    ]


# writing ------------------------------------------------------------------------------------------------------------------


def masked():
    builder = annokit.DatasetBuilder()
    item = builder.add_item("s/a.jpg", width=W, height=H, split="train")
    ring = np.zeros((H, W), bool)
    ring[2:20, 2:20] = True
    ring[5:10, 5:10] = False
    builder.add_annotation(item, "ring", Mask.encode(ring))
    builder.add_annotation(
        item,
        "two",
        Polygon(
            (
                ((np.array([[25, 1], [30, 1], [30, 6], [25, 6]]) / (W, H)),),
                ((np.array([[32, 10], [38, 10], [38, 20], [32, 20]]) / (W, H)),),
            )
        ),
    )
    builder.add_annotation(item, "box", Box(0, 0, 0.5, 0.5))
    builder.add_item("b.png", width=W, height=H, split="val")
    return builder.build(), ring


def test_masks_are_written_as_objects_and_classes(tmp_path):
    ds, ring = masked()
    report = annokit.write(ds, tmp_path / "out", "voc:standard", masks=True, on_loss="allow")
    files = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert files == [
        "Annotations/b.xml", "Annotations/s/a.xml", "ImageSets/Main/train.txt", "ImageSets/Main/val.txt", "ImageSets/Segmentation/train.txt",
        "SegmentationClass/s/a.png", "SegmentationObject/s/a.png", "annokit-voc.txt", "labelmap.txt",
    ]  # fmt: skip
    objects, classes = (Image.open(tmp_path / f"out/Segmentation{kind}/s/a.png") for kind in ("Object", "Class"))
    assert (objects.mode, classes.mode) == ("P", "P")
    assert np.array(objects.getpalette()).reshape(-1, 3)[:256].tolist() == voc_palette().tolist()
    np.testing.assert_array_equal(np.asarray(objects) == 1, ring)
    assert (np.asarray(objects) == 2).sum() == 25 + 60
    names = [line.partition(":")[0] for line in (tmp_path / "out/labelmap.txt").read_text().splitlines()[1:]]
    assert names == ["background", "ring", "two", "box"]
    assert np.array_equal(np.asarray(classes), np.asarray(objects))
    assert ("shape", "converted") in {(issue.field, issue.fate) for issue in report}
    back = annokit.read(tmp_path / "out")
    item = next(item for item in back if item.name == "s/a.jpg")
    assert [type(a.shape).__name__ for a in item.annotations] == ["Mask", "Mask", "Box"]
    np.testing.assert_array_equal(item.annotations[0].shape.decode(), ring)
    # written again it is the same, pixel by pixel
    assert not annokit.write(back, tmp_path / "again", "voc:standard", masks=True, on_loss="raise")
    for name in files:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_without_masks_a_mask_becomes_its_box_and_that_is_told(tmp_path):
    ds, _ = masked()
    report = annokit.write(ds, tmp_path / "out", "voc", on_loss="allow")
    told = [
        (row.annotation, issue.fate)
        for issue in report
        if issue.field == "shape" and issue.code == "converted"
        for row in issue.rows()
    ]
    assert sorted(told) == [(0, "converted"), (1, "converted")]
    back = annokit.read(tmp_path / "out")
    item = next(item for item in back if item.name == "s/a.jpg")
    assert item.boxes(unit="pixel").tolist() == [[2, 2, 20, 20], [25, 1, 38, 20], [0, 0, 20, 15]]
    with pytest.raises(annokit.LossError):
        annokit.write(ds, tmp_path / "no", "voc", on_loss="raise")
    with pytest.raises(annokit.UsageError, match="only voc and voc:standard"):
        annokit.write(ds, tmp_path / "no", "voc:dataloop", masks=True)
    assert not (tmp_path / "no").exists()


def test_pixels_that_two_objects_share_belong_to_the_later_one_and_that_is_told(tmp_path):
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.jpg", width=W, height=H)
    for x in (0, 5):
        ring = np.array([[x, 0], [x + 10, 0], [x + 10, 10], [x, 10]]) / (W, H)
        builder.add_annotation(item, "cat", Polygon(((ring,),)))
    report = annokit.write(builder.build(), tmp_path / "out", "voc", masks=True, on_loss="allow")
    back = annokit.read(tmp_path / "out")
    assert sorted(int(a.shape.decode().sum()) for a in back.annotations) == [50, 100]
    assert [a.box.xmax * W for a in back.annotations] == [10, 15]
    assert any(issue.field == "shape" and issue.severity == "warning" for issue in report)


def test_more_objects_than_a_png_holds_become_boxes(tmp_path):
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.jpg", width=300, height=2)
    for x in range(260):
        ring = np.array([[x, 0], [x + 1, 0], [x + 1, 2], [x, 2]]) / (300, 2)
        builder.add_annotation(item, "cat", Polygon(((ring,),)))
    report = annokit.write(builder.build(), tmp_path / "out", "voc", masks=True, on_loss="allow")
    back = annokit.read(tmp_path / "out")
    kinds = [type(a.shape).__name__ for a in back.annotations]
    assert kinds == ["Mask"] * 254 + ["Box"] * 6
    late = [issue for issue in report if "254" in issue.message]
    assert [issue.count for issue in late] == [6]
