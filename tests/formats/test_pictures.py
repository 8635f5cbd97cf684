"""Pictures go along where asked for, and no write takes them away."""

import pytest
from PIL import Image

import annokit
from annokit import Box, DatasetBuilder


@pytest.fixture
def ds(tmp_path):
    folder = tmp_path / "data"
    builder = DatasetBuilder()
    for name, color in (("a/x.jpg", "red"), ("b/x.jpg", "blue"), ("c?.png", "green")):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), color).save(path)
        item = builder.add_item(name, width=40, height=30, path=str(path))
        builder.add_annotation(item, "cat", Box(0.1, 0.2, 0.5, 0.6), id=item)
    return builder.build()


@pytest.mark.parametrize("media", ["copy", "link"])
@pytest.mark.parametrize("name", ["coco", "savant", "yolo", "masks:instance"])
def test_pictures_go_along(ds, tmp_path, name, media):
    annokit.write(ds, tmp_path / "out", name, media=media, on_loss="allow")
    written = {path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {(tmp_path / "data" / "photos" / item.name).read_bytes() for item in ds} <= written


def test_pictures_beside_coco_are_found_again(ds, tmp_path):
    annokit.write(ds, tmp_path / "out", "coco", media="copy", on_loss="allow")
    again = annokit.read(tmp_path / "out", images=tmp_path / "out" / "images")
    assert [item.image.getpixel((0, 0)) for item in again[[0, 1]]] == [
        item.image.getpixel((0, 0)) for item in ds[[0, 1]]
    ]


@pytest.mark.parametrize("name", ["coco", "coco:panoptic", "segments", "csv", "encord", "annokit"])
def test_pictures_whose_names_had_to_change_are_found_again(ds, tmp_path, name):
    annokit.write(ds, tmp_path / "out", name, media="copy", on_loss="allow")
    again = annokit.read(tmp_path / "out", images=tmp_path / "out" / "images")
    colors = {item.name: item.image.getpixel((0, 0)) for item in ds}
    assert not again.issues.of("missing-media", "ambiguous-media")
    assert {item.name.rpartition("/")[2]: item.image.getpixel((0, 0)) for item in again}["c?.png"] == colors["c?.png"]


def test_a_safe_name_is_not_taken_for_another_items(tmp_path):
    builder = DatasetBuilder()
    for name, color in (("c?.png", "green"), ("c_.png", "red")):
        Image.new("RGB", (4, 3), color).save(tmp_path / f"{color}.png")
        builder.add_item(name, width=4, height=3, path=str(tmp_path / f"{color}.png"))
    ds = builder.build()
    annokit.write(ds, tmp_path / "out", "coco", media="copy")
    again = annokit.read(tmp_path / "out", images=tmp_path / "out" / "images")
    assert [item.image.getpixel((0, 0)) for item in again] == [item.image.getpixel((0, 0)) for item in ds]


def test_a_picture_that_is_not_there_is_named(ds, tmp_path):
    (tmp_path / "data/photos/b/x.jpg").unlink()
    with pytest.raises(annokit.MediaError, match=r"x\.jpg"):
        annokit.write(ds, tmp_path / "out", "coco", media="copy", on_loss="allow")
    assert not (tmp_path / "out").exists()


def test_frames_of_a_video_take_it_along_once(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"film")
    builder = DatasetBuilder()
    for frame in (3, 5):
        path = str(tmp_path / "clip.mp4")
        builder.add_item(f"clip.mp4#{frame}", kind="frame", frame=frame, width=4, height=3, path=path)
    annokit.write(builder.build(), tmp_path / "out", "coco", media="copy", on_loss="allow")
    assert [path.name for path in (tmp_path / "out" / "images").iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("known", [True, False], ids=["path", "name"])
def test_a_folder_with_its_pictures_is_not_replaced(ds, tmp_path, known):
    before = sorted((tmp_path / "data").rglob("*"))
    ds = ds if known else ds._with(items=ds._items.without(("path",)))
    with pytest.raises(annokit.UsageError, match="holds pictures of the dataset"):
        annokit.write(ds, tmp_path / "data", "yolo", on_loss="allow", overwrite=True)
    assert sorted((tmp_path / "data").rglob("*")) == before


def test_a_folder_without_them_is_replaced(ds, tmp_path):
    annokit.write(ds, tmp_path / "out", "yolo", media="copy", on_loss="allow")
    (tmp_path / "out" / "note.txt").write_text("old")
    annokit.write(ds, tmp_path / "out", "yolo", media="copy", on_loss="allow", overwrite=True)
    assert not (tmp_path / "out" / "note.txt").exists()
