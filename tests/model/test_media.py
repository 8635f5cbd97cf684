"""Paths and sizes of what items name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annokit.errors import UsageError
from annokit.geometry import Box
from annokit.model.builder import DatasetBuilder
from annokit.model.dataset import Dataset
from annokit.model.media import with_images, with_paths, with_sizes
from tests.model.samples import zoo


def picture(path: Path, width: int, height: int, orientation: int | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Image.new("RGB", (width, height))
    exif = made.getexif()
    if orientation is not None:
        exif[0x0112] = orientation
    made.save(path, exif=exif)
    return path


def items(*names: str, **fields: object) -> Dataset:
    builder = DatasetBuilder()
    for name in names:
        builder.add_item(name, **fields)
    return builder.build()


def told(ds: Dataset) -> list[tuple[str, str | None, int, tuple[str, ...]]]:
    return [(issue.code, issue.field, issue.count, issue.examples) for issue in ds.issues]


def test_paths_are_set_by_position(tmp_path: Path) -> None:
    ds = with_paths(items("a", "b"), [tmp_path / "x.png", None])
    assert [item.path for item in ds] == [tmp_path / "x.png", None]
    assert ds == items("a", "b")
    with pytest.raises(UsageError, match="1 path given for 2 items"):
        with_paths(ds, [None])
    assert [i.path for i in ds.map_media(lambda item: f"/m/{item.name}")] == [Path("/m/a"), Path("/m/b")]


def test_sizes_by_name_fill_what_is_unknown() -> None:
    ds = with_sizes(zoo(), {"b.jpg": (20, 40), "other": (1, 1)})
    assert [item.size for item in ds] == [(200, 100), (30, 60), (20, 40)]
    assert ds[2].annotations[0].box == Box(0.4, 0.175, 0.6, 0.325)
    assert told(ds) == [("size-mismatch", "width", 1, ("b.jpg: stated 30x60, given 20x40",))]


def test_sizes_by_position() -> None:
    ds = with_sizes(items("a", "b", "c"), np.array([[3, 4], [-1, -1], [5, 6]]))
    assert [(item.width, item.height) for item in ds] == [(3, 4), (None, None), (5, 6)]
    assert not ds.issues
    with pytest.raises(UsageError, match=r"shape \(2,\), expected integers of \(3, 2\)"):
        with_sizes(ds, np.array([3, 4]))


@pytest.mark.parametrize("size", [(0, 3), (3,), "ab", (3, -1), None, (1.5, "x")])
def test_a_wrong_size_is_refused(size: object) -> None:
    with pytest.raises(UsageError, match="two whole numbers above 0"):
        with_sizes(items("a"), {"a": size})  # type: ignore[dict-item] # the point


def test_sizes_that_name_no_item_are_a_mistake() -> None:
    with pytest.raises(UsageError, match="sizes name no item of this dataset; they begin with 'A', items with 'a'"):
        with_sizes(items("a"), {"A": (1, 1)})
    assert with_sizes(items(), {"A": (1, 1)}) == items()


def test_files_are_found_and_measured(tmp_path: Path) -> None:
    wide = picture(tmp_path / "deep" / "ä.png", 7, 3)
    turned = picture(tmp_path / "t.jpg", 7, 3, orientation=6)
    ds = with_images(items("deep/ä.png", "x/t.jpg"), tmp_path)
    assert [item.path for item in ds] == [wide, turned]
    assert [item.size for item in ds] == [(7, 3), (3, 7)]
    assert ds[1].image.size == (3, 7)
    assert not ds.issues


def test_a_url_and_an_uri_find_their_file(tmp_path: Path) -> None:
    picture(tmp_path / "a b.png", 2, 1)
    builder = DatasetBuilder()
    builder.add_item("5f3e", uri="https://host/bucket/a%20b.png?sig=1")
    assert with_images(builder.build(), [tmp_path])[0].size == (2, 1)


def test_what_is_missing_ambiguous_or_broken_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "1" / "same.png", 2, 1)
    picture(tmp_path / "2" / "same.png", 2, 1)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    ds = with_images(items("gone.png", "same.png", "broken.png", "1/same.png"), tmp_path)
    assert [item.path and item.path.name for item in ds] == [None, None, "broken.png", "same.png"]
    assert [(item.width, item.height) for item in ds] == [(None, None)] * 3 + [(2, 1)]
    codes = told(ds)
    assert [(code, field, count) for code, field, count, _ in codes] == [
        ("missing-media", "path", 1),
        ("ambiguous-media", "path", 1),
        ("bad-media", "path", 1),
    ]
    assert codes[0][3] == ("gone.png",)
    assert codes[1][3][0].startswith("same.png: ")
    assert codes[2][3][0].startswith("broken.png: ")


def test_a_stated_size_that_differs_is_told_and_kept(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 4, 3)
    ds = with_images(items("a.png", width=3, height=4), tmp_path)
    assert ds[0].size == (3, 4)
    assert told(ds) == [("size-mismatch", "width", 1, ("a.png: stated 3x4, the file has 4x3",))]


def test_a_known_path_stays_and_is_not_missing(tmp_path: Path) -> None:
    ds = with_images(with_paths(items("a", "b"), ["/x/a.png", None]), tmp_path)
    assert [item.path for item in ds] == [Path("/x/a.png"), None]
    assert told(ds) == [("missing-media", "path", 1, ("b",))]


def test_frames_find_their_video(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"video")
    still = picture(tmp_path / "clip.mp4#7.png", 5, 4)
    builder = DatasetBuilder()
    row = builder.add_sequence("s", name="clip.mp4")
    for name in ("clip.mp4#3", "clip.mp4#7.png", "other.mp4#3", "clip.mp4#x"):
        builder.add_item(name, kind="frame", sequence=row)
    builder.add_item("clip.mp4", kind="video", sequence=row)
    ds = with_images(builder.build(), tmp_path)
    video = tmp_path / "clip.mp4"
    assert [item.path for item in ds] == [video, still, None, None, video]
    assert [item.width for item in ds] == [None, 5, None, None, None]
    assert told(ds)[:1] == [("missing-media", "path", 2, ("other.mp4#3", "clip.mp4#x"))]
    assert {issue.code for issue in ds.issues} <= {
        "missing-media",
        "bad-media",
    }  # the video is none, where that can be told
    assert ds.sequences[0].path == video


def test_bitmaps_are_found_apart(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 3, 2)
    ids = np.zeros((2, 3), np.uint8)
    ids[0, 1:] = 9
    (tmp_path / "masks").mkdir()
    Image.fromarray(ids).save(tmp_path / "masks" / "m.png")
    builder = DatasetBuilder()
    item = builder.add_item("a.png", bitmap={"name": "https://host/m.png?x"})
    builder.add_item("a.png", bitmap={"name": "gone.png"})
    builder.add_annotation(item, kind="mask", mask=((2, 3), "bitmap", b"9"))
    ds = with_images(builder.build(), tmp_path)
    assert told(ds) == [("missing-media", "bitmap", 1, ("a.png",))]
    mask = ds[0].annotations[0].shape
    assert mask is not None
    np.testing.assert_array_equal(mask.decode(), ids == 9)  # type: ignore[union-attr] # a mask
    assert ds[0].annotations[0].box == Box(1 / 3, 0, 1, 0.5)
    np.testing.assert_array_equal(ds[0].segmentation_bitmap, ids)
    assert builder.build()[0].annotations[0].shape is None


def test_a_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        with_images(items("a"), tmp_path / "none")


def test_an_address_tells_files_of_one_name_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        picture(tmp_path / folder / "x.png", 4, 3)
    builder = DatasetBuilder()
    builder.add_item("x.png", uri="b/x.png")
    found = with_images(builder.build(), tmp_path)
    assert found[0].path == tmp_path / "b" / "x.png"
    assert not found.issues


def test_a_whole_video_is_found_without_the_ending_of_its_file(tmp_path: Path) -> None:
    for name in ("clip.mp4", "dir/other.MOV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"film")
    builder = DatasetBuilder()
    for name in ("clip", "other", "lost"):
        builder.add_item(name, kind="video", width=4, height=3, sequence=builder.add_sequence(id=name, name=name))
    builder.add_item("clip#3", kind="frame", frame=3, width=4, height=3)
    builder.add_item("clip", kind="image", width=4, height=3)
    found = with_images(builder.build(), tmp_path)
    clip, other = tmp_path / "clip.mp4", tmp_path / "dir" / "other.MOV"
    assert [item.path for item in found] == [clip, other, None, clip, None]
    assert [sequence.path for sequence in found.sequences] == [clip, other, None]
    (missing,) = found.issues.of("missing-media")
    assert [row.item for row in missing.rows()] == ["lost", "clip"]
