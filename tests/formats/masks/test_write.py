"""What is written, and what is told of it."""

import json

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder, Label, Mask, Point, Polygon
from annokit.codecs.palette import voc_colors, voc_palette


def two_boxes():
    """A cat under a dog, a second cat, and an empty picture."""
    builder = DatasetBuilder()
    builder.add_label(Label("cat", 4, color=(10, 20, 30)))
    builder.add_label(Label("dog", 9))
    item = builder.add_item("sub/ä b.jpg", width=10, height=4)
    builder.add_annotation(item, 0, Box(0, 0, 0.5, 1))
    builder.add_annotation(item, 1, Box(0.4, 0, 0.8, 0.5))
    builder.add_annotation(item, 0, Box(0.9, 0, 1, 1))
    builder.add_item("empty.jpg", width=3, height=5)
    builder.add_item("unknown.jpg")
    return builder.build()


def pixels(path):
    return np.asarray(Image.open(path))


def rows(report, message):
    return [row.annotation for issue in report if message in issue.message for row in issue.rows()]


SEMANTIC = np.array([[4, 4, 4, 4, 9, 9, 9, 9, 0, 4]] * 2 + [[4, 4, 4, 4, 4, 0, 0, 0, 0, 4]] * 2)


def test_semantic(tmp_path):
    report = annokit.write(two_boxes(), tmp_path / "out", "masks:semantic", on_loss="allow")
    with Image.open(tmp_path / "out/masks/sub/ä b.png") as mask:
        assert mask.mode == "L"
        assert (np.asarray(mask) == SEMANTIC).all()
    assert (pixels(tmp_path / "out/masks/empty.png") == np.zeros((5, 3))).all()
    assert not (tmp_path / "out/masks/unknown.png").exists()
    document = json.loads((tmp_path / "out/classes.json").read_text())
    assert document["classes"] == [
        {"value": 4, "name": "cat", "color": [10, 20, 30]},
        {"value": 9, "name": "dog"},
    ]
    assert rows(report, "one label in a picture is one annotation") == [0, 2]
    assert rows(report, "later annotations cover") == [0, 2]


def test_the_semantic_bitmap_of_the_model_is_the_same_up_to_values(tmp_path):
    ds = two_boxes()
    annokit.write(ds, tmp_path / "out", "masks:semantic", on_loss="allow")
    stored = pixels(tmp_path / "out/masks/sub/ä b.png")
    assert (np.array([0, 4, 9])[ds[0].semantic_bitmap()] == stored).all()


def test_palette_and_preview(tmp_path):
    annokit.write(two_boxes(), tmp_path / "out", "masks:semantic", on_loss="allow", pixels="palette", preview=True)
    with Image.open(tmp_path / "out/masks/sub/ä b.png") as mask:
        assert mask.mode == "P"
        assert (np.asarray(mask) == SEMANTIC).all()
        assert mask.getpalette()[12:15] == [10, 20, 30]
        assert mask.getpalette()[27:30] == voc_palette()[9].tolist()
    preview = pixels(tmp_path / "out/previews/sub/ä b.png")
    assert preview[0, 0].tolist() == [10, 20, 30, 255]
    assert preview[0, 5].tolist() == [*voc_palette()[9].tolist(), 255]
    assert preview[0, 8].tolist() == [0, 0, 0, 0]
    back = annokit.read(tmp_path / "out")
    assert back.names == ("sub/ä b.jpg", "empty.jpg", "unknown.jpg")


def test_a_palette_holds_256_values_and_no_more(tmp_path):
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=2, height=1)
    builder.add_annotation(item, "x", Box(0, 0, 1, 1), id=256)
    annokit.write(builder.build(), tmp_path / "out", "masks:instance", on_loss="allow", pixels="palette")
    assert pixels(tmp_path / "out/masks/a.png").tolist() == [[256, 256]]


@pytest.mark.parametrize(
    ("top", "mode"), [(255, "L"), (256, "I;16"), (65535, "I;16"), (65536, "RGBA"), (16777215, "RGBA")]
)
def test_the_fewest_bits_that_hold_all_ids(tmp_path, top, mode):
    builder = DatasetBuilder()
    for name, ident in (("a.png", 1), ("b.png", top)):
        item = builder.add_item(name, width=2, height=1)
        builder.add_annotation(item, "x", Box(0, 0, 0.5, 1), id=ident)
    annokit.write(builder.build(), tmp_path / "out", "masks:instance", on_loss="allow")
    for name in "ab":
        with Image.open(tmp_path / f"out/masks/{name}.png") as image:
            assert image.mode == mode
    assert [a.id for item in annokit.read(tmp_path / "out") for a in item.annotations] == [1, top]


def test_instance(tmp_path):
    report = annokit.write(two_boxes(), tmp_path / "out", "masks:instance", on_loss="allow")
    expected = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 0, 3]] * 2 + [[1, 1, 1, 1, 1, 0, 0, 0, 0, 3]] * 2)
    assert (pixels(tmp_path / "out/masks/sub/ä b.png") == expected).all()
    document = json.loads((tmp_path / "out/classes.json").read_text())
    assert document["pictures"] == {"masks/sub/ä b.png": {"1": 4, "2": 9, "3": 4}, "masks/empty.png": {}}
    assert rows(report, "later annotations cover") == [0]


def test_what_is_covered_entirely_stays_without_pixels_or_is_refused(tmp_path):
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=4, height=4)
    builder.add_annotation(item, "under", Box(0, 0, 0.5, 0.5))
    builder.add_annotation(item, "over", Box(0, 0, 1, 1))
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "a", "masks:instance", on_loss="allow")
    assert rows(report, "cover all of its pixels") == [0]
    assert [a.shape is None for a in annokit.read(tmp_path / "a")[0].annotations] == [True, False]
    report = annokit.write(ds, tmp_path / "b", "masks:semantic", on_loss="allow")
    assert rows(report, "cover all of its pixels") == [0]
    assert [a.label.name for a in annokit.read(tmp_path / "b")[0].annotations] == ["over"]
    with pytest.raises(annokit.LossError):
        annokit.write(ds, tmp_path / "c", "masks:instance", on_loss="raise")


def test_individual_masks_may_overlap(tmp_path):
    ds = two_boxes()
    report = annokit.write(ds, tmp_path / "out", "masks:individual", on_loss="allow")
    names = sorted(path.name for path in (tmp_path / "out/masks/sub").iterdir())
    assert names == ["ä b_cat_1.png", "ä b_cat_2.png", "ä b_dog.png"]
    assert pixels(tmp_path / "out/masks/sub/ä b_cat_1.png")[0].tolist() == [255] * 5 + [0] * 5
    assert not rows(report, "later annotations cover")
    assert (annokit.read(tmp_path / "out")[0].masks() == ds[0].masks()).all()


def test_pictures_and_classes_that_share_names_get_files_of_their_own(tmp_path):
    builder = DatasetBuilder()
    for name in ("a.jpg", "a.png", "A.png", "a_x.png"):
        item = builder.add_item(name, width=2, height=2)
        for label in ("x_x", "x", "x/x", "X"):
            builder.add_annotation(item, label, Box(0, 0, 0.5, 0.5))
    ds = builder.build()
    for dialect in ("individual", "innotescus-individual", "dataloop"):
        annokit.write(ds, tmp_path / dialect, f"masks:{dialect}", on_loss="allow")
        back = annokit.read(tmp_path / dialect)
        assert back.names == ds.names
        assert [[a.label.name for a in item.annotations] for item in back] == [["x_x", "x", "x/x", "X"]] * 4


def test_dataloop(tmp_path):
    builder = DatasetBuilder()
    parent = Label("animal")
    builder.add_label(parent)
    builder.add_label(Label("cat", parent=parent, color=(1, 2, 3)))
    builder.add_label(Label("dog"))
    item = builder.add_item("d/a.jpg", width=4, height=2)
    builder.add_annotation(item, 1, Box(0, 0, 0.5, 1))
    builder.add_annotation(item, 2, Box(0.25, 0, 1, 0.5))
    builder.add_annotation(item, 1, Box(0.75, 0.5, 1, 1))
    annokit.write(builder.build(), tmp_path / "out", "masks:dataloop", on_loss="allow")
    assert pixels(tmp_path / "out/semantic/d/a/animal.cat.png").tolist() == [[255, 255, 0, 0], [255, 255, 0, 255]]
    assert pixels(tmp_path / "out/semantic/d/a/dog.png").tolist() == [[0, 255, 255, 255], [0, 0, 0, 0]]
    combined = pixels(tmp_path / "out/mask/d/a.png")
    assert combined[0, :2].tolist() == [[1, 2, 3, 255], [*voc_colors(np.array([3]))[0].tolist(), 255]]
    assert combined[1, 2].tolist() == [0, 0, 0, 0]
    assert [label.name for label in annokit.read(tmp_path / "out").labels] == ["animal", "animal.cat", "dog"]
    for name in ("annokit-masks.json", "classes.json"):
        (tmp_path / "out" / name).unlink()
    assert {a.label.name for a in annokit.read(tmp_path / "out", "masks:dataloop")[0].annotations} == {
        "animal.cat",
        "dog",
    }


def test_dataloop_with_colours_alone(tmp_path):
    folder = tmp_path / "mask" / "d"
    folder.mkdir(parents=True)
    Image.fromarray(np.array([[[0, 0, 0, 0], [1, 2, 3, 255]], [[9, 9, 9, 255], [1, 2, 3, 255]]], np.uint8)).save(
        folder / "a.png"
    )
    ds = annokit.read(tmp_path, "masks:dataloop", classes={(1, 2, 3): "cat"})
    assert ds.names == ("d/a.png",)
    assert [(a.label and a.label.name, a.shape.area) for a in ds[0].annotations] == [("cat", 2), (None, 1)]
    assert [issue.code for issue in ds.issues] == ["mask-without-annotation"]


def test_shapes_without_area_are_refused_and_those_without_size_raise(tmp_path):
    builder = DatasetBuilder(unit="pixel")
    item = builder.add_item("a.png", width=4, height=4)
    builder.add_annotation(item, "x", Point(0.5, 0.5))
    report = annokit.plan(builder.build(), "masks:instance")
    assert rows(report, "can't hold a point") == [0]
    item = builder.add_item("b.png")
    builder.add_annotation(item, "x", kind="box", box=[0, 0, 1, 1])
    report = annokit.plan(builder.build(), "masks:instance")
    assert [(i.code, i.severity) for i in report if i.code == "unknown-size"] == [("unknown-size", "error")]
    with pytest.raises(annokit.MissingSizeError, match=r"b\.png"):
        annokit.write(builder.build(), tmp_path / "out", "masks:instance", on_loss="allow")
    assert not (tmp_path / "out").exists()


def test_masks_of_another_size_than_the_picture(tmp_path):
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=4, height=4)
    builder.add_annotation(item, "x", Mask.encode([[1, 0]]))
    builder.add_annotation(item, "x", Box(0, 0, 1, 1))
    loose = builder.add_item("b.png")
    builder.add_annotation(loose, "x", Mask.encode([[1, 0, 1]]))
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "out", "masks:instance", on_loss="allow")
    assert rows(report, "another size") == [0]
    assert [(item.width, item.height) for item in annokit.read(tmp_path / "out")] == [(4, 4), (3, 1)]
    annokit.write(ds, tmp_path / "each", "masks:individual", on_loss="allow")
    assert annokit.read(tmp_path / "each")[0].annotations[0].shape.size == (1, 2)


def test_category_0_and_a_background_of_its_own(tmp_path):
    builder = DatasetBuilder()
    builder.add_label(Label("zero", 0))
    item = builder.add_item("a.png", width=2, height=1)
    builder.add_annotation(item, 0, Box(0, 0, 0.5, 1))
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "a", "masks:semantic", on_loss="allow")
    assert [issue.field for issue in report if issue.code == "derived"] == ["label.source_id"]
    assert pixels(tmp_path / "a/masks/a.png").tolist() == [[1, 0]]
    annokit.write(ds, tmp_path / "b", "masks:semantic", on_loss="allow", background=255)
    assert pixels(tmp_path / "b/masks/a.png").tolist() == [[0, 255]]
    back = annokit.read(tmp_path / "b")
    assert [label.source_id for label in back.labels] == [0]
    assert (back[0].annotations[0].shape.decode() == [[True, False]]).all()


def test_holes_and_parts_are_kept(tmp_path):
    ring = np.array([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]])
    hole = ring * 0.5 + 0.25
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=40, height=30)
    builder.add_annotation(item, "ring", Polygon(((ring, hole),)))
    ds = builder.build()
    annokit.write(ds, tmp_path / "out", "masks:instance", on_loss="allow")
    assert (annokit.read(tmp_path / "out")[0].masks() == ds[0].masks()).all()


def test_the_same_dataset_gives_the_same_bytes(tmp_path):
    for name in ("a.zip", "b.zip"):
        annokit.write(two_boxes(), tmp_path / name, "masks:instance", on_loss="allow", preview=True)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert annokit.read(tmp_path / "a.zip").names == two_boxes().names


def test_options_that_make_no_sense(tmp_path):
    for options, told in [
        ({"pixels": "jpeg"}, "pixels="),
        ({"background": -1}, "background="),
        ({"background": True}, "background="),
        ({"depth": 8}, "no option 'depth'"),
    ]:
        with pytest.raises(annokit.UsageError, match=told):
            annokit.write(two_boxes(), tmp_path / "out", "masks:instance", on_loss="allow", **options)
    with pytest.raises(annokit.UsageError, match="background"):
        annokit.write(two_boxes(), tmp_path / "out", "masks:individual", on_loss="allow", background=5)
    assert not (tmp_path / "out").exists()


def test_pictures_go_along(tmp_path):
    builder = DatasetBuilder()
    video = builder.add_sequence(7)
    Image.new("L", (4, 2)).save(tmp_path / "a.png")
    builder.add_item("sub/a.png", path=tmp_path / "a.png", width=4, height=2)
    builder.add_item("x", path=tmp_path / "a.png", width=4, height=2, kind="frame", frame=3, sequence=video)
    ds = builder.build()
    annokit.write(ds, tmp_path / "out", "masks:innotescus-instance", on_loss="allow", media="copy")
    back = annokit.read(tmp_path / "out")
    assert back.names == ("sub/a.png", "7#3")
    assert [item.path for item in back] == [tmp_path / "out/images/sub/a.png", tmp_path / "out/7/frames/3.png"]
    (tmp_path / "out/annokit-masks.json").unlink()
    again = annokit.read(tmp_path / "out", "masks:innotescus-instance")
    assert sorted(again.names) == ["7#3", "sub/a.png"]
    (tmp_path / "a.png").unlink()
    with pytest.raises(annokit.MediaError, match="no such file"):
        annokit.write(ds, tmp_path / "more", "masks:instance", on_loss="allow", media="link")
    with pytest.raises(annokit.MediaError, match="on this machine"):
        annokit.write(two_boxes(), tmp_path / "more", "masks:instance", on_loss="allow", media="copy")
    assert not (tmp_path / "more").exists()
