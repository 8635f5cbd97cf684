"""PNGs beside the documents, and the items themselves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import DatasetBuilder, Mask
from annokit.model.dataset import Dataset
from annokit.model.label import Label
from tests.formats.dataloop.documents import item, note, p, save, written, z

SYSTEM = {"width": 16, "height": 12}


def square(size: tuple[int, int] = (12, 16)) -> np.ndarray:
    """A square of 4 x 4 pixels."""
    mask = np.zeros(size, bool)
    mask[2:6, 3:7] = True
    return mask


def png(path: Path, mask: np.ndarray, mode: str = "RGBA") -> None:
    """Write a picture of a mask."""
    pixels = np.zeros((*mask.shape, 4), np.uint8)
    pixels[mask] = (0, 0, 0, 255)
    image = Image.fromarray(pixels, "RGBA") if mode == "RGBA" else Image.fromarray(mask.astype(np.uint8) * 255)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _bare(*labels: str, name: str = "/d/a.jpg", **rest: Any) -> dict[str, Any]:
    return item(*(note("binary", label) for label in labels), name=name, system=SYSTEM, **rest)


@pytest.mark.parametrize(
    "file",
    [
        "semantic/d/a/animal.dog.png", "semantic/d/a_animal.dog.png", "d/a.jpg_dog.png", "masks/d/dog/a.png",
        "d/a-dog.PNG", "a/dog.png", "dog a.png", "64a1/dog.png", "json/d/a.dog.png",
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["RGBA", "L"])
def test_a_picture_is_found_by_the_names_of_item_and_label(tmp_path: Path, file: str, mode: str) -> None:
    folder = save(tmp_path, _bare("animal.dog", "cat", id="64a1"))
    png(folder / file, square(), mode)
    ds = annokit.read(folder, "dataloop")
    dog, cat = ds[0].annotations
    assert isinstance(dog.shape, Mask)
    assert (dog.shape.decode() == square()).all()
    assert cat.shape is None
    assert not [issue for issue in ds.issues if issue.severity != "info"]
    left = annokit.read(folder, "dataloop", masks=False)
    assert left[0].annotations[0].shape is None


def test_a_mask_from_a_picture_is_written_as_one(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog"))
    png(folder / "a_dog.png", square())
    (document,) = written(annokit.read(folder), tmp_path).values()
    (found,) = document["annotations"]
    assert found["type"] == "binary"
    assert found["coordinates"].startswith("data:image/png;base64,")


def test_where_an_item_states_a_shape_the_picture_tells_nothing_more(tmp_path: Path) -> None:
    drawn = note("segment", "dog", [[p(0, 0), p(5, 0), p(5, 5)]])
    folder = save(tmp_path, item(drawn, note("class", "cat"), name="/a.jpg", system=SYSTEM))
    before = annokit.read(folder)
    png(folder / "mask/a.png", square())
    png(folder / "semantic/a/dog.png", square())
    assert annokit.read(folder) == before
    png(folder / "semantic/a/cat.png", square())
    after = annokit.read(folder)
    assert [annotation.label.name for annotation in after[0].annotations] == ["dog", "cat", "cat"]
    assert isinstance(after[0].annotations[2].shape, Mask)


def test_new_annotations_stand_with_those_of_their_item(tmp_path: Path) -> None:
    documents = [item(note("class", "dog"), name=f"/{name}.jpg", system=SYSTEM) for name in "abc"]
    folder = save(tmp_path, *documents)
    for name in "ca":
        png(folder / f"{name}_dog.png", square())
    ds = annokit.read(folder)
    assert [len(entry.annotations) for entry in ds] == [2, 1, 2]
    assert [entry.masks().any(axis=(1, 2)).tolist() for entry in ds] == [[False, True], [False], [False, True]]


def test_the_folder_tells_items_of_one_name_apart(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog", name="/x/a.jpg"), _bare("dog", name="/y/a.jpg"), _bare("dog", name="/b.jpg"))
    png(folder / "semantic/y/a_dog.png", square())
    ds = annokit.read(folder)
    assert [entry.annotations[0].shape is None for entry in ds] == [True, True, False]


def test_what_fits_several_or_nothing_is_told(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog", name="/x/a.jpg"), _bare("dog", "a.cat", "b.cat", name="/y/a.jpg"))
    for file in ("a_dog.png", "y/a_cat.png", "other_dog.png", "a_bird.png"):
        png(folder / file, square())
    ds = annokit.read(folder)
    assert all(annotation.shape is None for entry in ds for annotation in entry.annotations)
    (several,) = ds.issues.of("ambiguous-media")
    assert [line.split(":")[0].split(" ")[-1] for line in several.examples] == ["a_dog.png", "y/a_cat.png"]
    (nothing,) = ds.issues.of("mask-without-annotation")
    assert nothing.count == 2


def test_pictures_that_are_none_and_several_of_one_label(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog", "cat", name="/a.jpg"))
    (folder / "a_dog.png").write_bytes(b"nothing")
    png(folder / "a_cat.png", square())
    png(folder / "cat/a.png", square())
    ds = annokit.read(folder)
    assert all(annotation.shape is None for annotation in ds[0].annotations)
    assert ds.issues.of("bad-media").issues[0].count == 1
    assert "cat/a.png" in ds.issues.of("ambiguous-media").issues[0].examples[0]


def test_a_picture_of_another_size_is_told(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog", name="/a.jpg"))
    png(folder / "a_dog.png", square((20, 30)))
    ds = annokit.read(folder)
    assert ds[0].annotations[0].shape.size == (20, 30)
    assert ds.issues.of("size-mismatch").issues[0].count == 1


def _dataset(tmp_path: Path) -> Dataset:
    builder = DatasetBuilder(unit="pixel")
    for name in ("d/a.jpg", "d/a.png", "b.png"):
        path = tmp_path / "own" / name.replace("/", "_")
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 12)).save(path)
        builder.add_item(name, width=16, height=12, path=str(path))
    builder.add_label(Label("dog", color=(10, 20, 30)))
    builder.add_label(Label("a/b", color=(1, 2, 3)))
    builder.add_annotation(
        0, "dog", kind="polygon", points=[[[[0, 0], [8, 0], [8, 8], [0, 8]], [[2, 2], [4, 2], [4, 4]]]]
    )
    builder.add_annotation(0, "dog", kind="box", box=(8, 8, 12, 10))
    builder.add_annotation(0, "a/b", kind="box", box=(0, 0, 2, 2))
    builder.add_annotation(1, "dog", kind="point", points=[[[[1, 1]]]])
    builder.add_annotation(2, None, kind="box", box=(0, 0, 2, 2))
    return builder.build()


def _pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(path.read_bytes())))


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_pictures_and_items_go_along(tmp_path: Path, target: str) -> None:
    ds = _dataset(tmp_path)
    annokit.write(ds, tmp_path / target, "dataloop", pictures="both", media="copy")
    if target == "out":
        names = sorted(
            f.relative_to(tmp_path / "out").as_posix() for f in (tmp_path / "out").rglob("*.*") if f.is_file()
        )
        assert names == [
            "items/b.png", "items/d/a.jpg", "items/d/a.png", "json/b.png.json", "json/d/a.jpg.json",
            "json/d/a.png.json", "mask/b.png.png", "mask/d/a.jpg.png", "ontology.json",
            "semantic/d/a.jpg/a_b.png", "semantic/d/a.jpg/dog.png",
        ]  # fmt: skip
        dog = _pixels(tmp_path / "out/semantic/d/a.jpg/dog.png")
        assert dog[1, 1].tolist() == dog[9, 9].tolist() == [10, 20, 30, 255]
        assert dog[2, 3].tolist() == dog[11, 15].tolist() == [0, 0, 0, 0]
        both = _pixels(tmp_path / "out/mask/d/a.jpg.png")
        assert (both[1, 1].tolist(), both[5, 5].tolist()) == ([1, 2, 3, 255], [10, 20, 30, 255])
    back = annokit.read(tmp_path / target)
    annokit.write(ds, tmp_path / "plain", "dataloop")
    assert back == annokit.read(tmp_path / "plain")
    assert [Path(entry.path).is_file() for entry in back if entry.path is not None] == [True] * 3 * (target == "out")
    assert not [issue for issue in back.issues if issue.severity != "info"]


@pytest.mark.parametrize(("pictures", "folders"), [("labels", {"json", "semantic"}), ("combined", {"json", "mask"})])
def test_either_kind_of_pictures(tmp_path: Path, pictures: str, folders: set[str]) -> None:
    annokit.write(_dataset(tmp_path), tmp_path / "out", "dataloop", pictures=pictures)
    assert {entry.name for entry in (tmp_path / "out").iterdir() if entry.is_dir()} == folders
    with pytest.raises(annokit.UsageError, match="pictures='all'; expected one of both, combined, labels, none"):
        annokit.write(_dataset(tmp_path), tmp_path / "out2", "dataloop", pictures="all")


def test_a_mask_of_another_size_is_painted_as_far_as_it_reaches(tmp_path: Path) -> None:
    folder = save(tmp_path, _bare("dog", name="/a.jpg"))
    png(folder / "a_dog.png", square((5, 30)))
    annokit.write(annokit.read(folder), tmp_path / "out", "dataloop", pictures="labels")
    assert (_pixels(tmp_path / "out/semantic/a.jpg/dog.png")[..., 3] > 0).sum() == 12


def test_items_without_their_folders_are_matched_by_name(tmp_path: Path) -> None:
    folder = save(
        tmp_path,
        *(item(name=f"/{name}", system={"width": ..., "height": ...}) for name in ("x/a.jpg", "y/a.jpg", "y/b.jpg")),
    )
    (folder / "items").mkdir()
    for name, size in (("a.jpg", (16, 12)), ("b.jpg", (30, 20))):
        Image.new("RGB", size).save(folder / "items" / name)
    flat = annokit.read(folder)
    assert (flat["y/b.jpg"].width, flat["y/b.jpg"].height) == (30, 20)
    assert flat["x/a.jpg"].path == flat["y/a.jpg"].path
    (folder / "items/x").mkdir()
    (folder / "items/z").mkdir()
    for name in ("x", "z"):
        Image.new("RGB", (8, 8)).save(folder / f"items/{name}/a.jpg")
    (folder / "items/a.jpg").unlink()
    several = annokit.read(folder)
    assert Path(several["x/a.jpg"].path).parent.name == "x"
    assert several["y/a.jpg"].path is None
    (issue,) = several.issues.of("ambiguous-media")
    assert "y/a.jpg" in issue.examples[0]


def test_a_box_is_no_picture(tmp_path: Path) -> None:
    folder = save(tmp_path, item(note("box", "dog", [z(0, 0), z(4, 4)]), name="/a.png", system=SYSTEM))
    png(folder / "items/a.png", square())
    ds = annokit.read(folder)
    assert len(ds[0].annotations) == 1
    assert ds[0].path == folder / "items/a.png"
    assert not [issue for issue in ds.issues if issue.severity != "info"]
