"""Writing trees where the disk is full, and reading what may not be read: located errors, and nothing half-written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annokit
from annokit.geometry import Box, Mask
from tests.disks import folder_for_all, ordinary_user, short_files, small_disk

TARGETS: list[tuple[str, dict[str, Any]]] = [
    ("yolo:ultralytics-detect", {}),
    ("yolo:keras", {}),
    ("voc:standard", {"masks": True}),
]


def scene(count: int, boxes: int = 3) -> annokit.Dataset:
    """Pictures with boxes and a mask each."""
    builder = annokit.DatasetBuilder()
    pixels, random = Mask.encode(np.eye(30, 40)), np.random.default_rng(7)
    for number in range(count):
        item = builder.add_item(f"d{number % 3}/{number:04}.jpg", width=40, height=30)
        for x, y in random.random((boxes, 2)).tolist():
            builder.add_annotation(item, "cat", Box(0, 0, x, y))
        builder.add_annotation(item, "dog", pixels)
    return builder.build()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("target", "options"), TARGETS)
@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, target: str, options: dict[str, Any], name: str) -> None:
    ds = scene(100, boxes=20)
    with small_disk(tmp_path / "disk", "32k") as disk:
        with pytest.raises(annokit.AnnokitError, match=r"No space left|full") as caught:
            annokit.write(ds, disk / name, target, on_loss="allow", **options)
        assert str(disk / name) in str(caught.value)
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_what_lay_there_stays_where_the_new_tree_does_not_fit(
    tmp_path: Path, target: str, options: dict[str, Any]
) -> None:
    with small_disk(tmp_path / "disk", "96k") as disk:
        annokit.write(scene(2), disk / "out", target, on_loss="allow", **options)
        before = everything(disk)
        with pytest.raises(annokit.AnnokitError, match=r"No space left|full"):
            annokit.write(scene(200, boxes=20), disk / "out", target, on_loss="allow", overwrite=True, **options)
        assert everything(disk) == before


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_files_that_may_not_grow_leave_nothing(tmp_path: Path, target: str, options: dict[str, Any]) -> None:
    ds = scene(1, boxes=400)
    with short_files(4096), pytest.raises(annokit.AnnokitError, match="File too large"):
        annokit.write(ds, tmp_path / "out", target, on_loss="allow", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("target", "options"), TARGETS)
def test_folders_that_may_not_be_written_to(target: str, options: dict[str, Any]) -> None:
    with folder_for_all() as folder:
        annokit.write(scene(1), folder / "in", target, on_loss="allow", **options)
        with ordinary_user(), pytest.raises(annokit.AnnokitError, match="Permission denied"):
            annokit.write(scene(1), folder / "out", target, on_loss="allow", **options)
        assert [path.name for path in folder.iterdir()] == ["in"]


FILES = {
    "yolo:ultralytics-detect": "labels/train/d1/0001.txt",
    "yolo:dataloop": "annotations/d1/0001.txt",
    "voc:standard": "Annotations/d1/0001.xml",
}


@pytest.mark.parametrize("target", FILES)
def test_files_that_may_not_be_read_are_located(target: str) -> None:
    with folder_for_all() as folder:
        annokit.write(scene(4), folder / "out", target, on_loss="allow")
        secret = next(path for path in (folder / "out").rglob("0001.*") if path.is_file())
        annokit.read(folder / "out")  # what has to be imported is, as long as it may be
        secret.chmod(0)
        with ordinary_user():
            with pytest.raises(annokit.FormatError, match="Permission denied") as caught:
                annokit.read(folder / "out")
            assert Path(str(caught.value.path)) == secret
            ds = annokit.read(folder / "out", on_bad="collect")
        told = ds.issues.of("bad-record").issues[0]
        assert (told.count, str(secret) in told.examples[0]) == (1, True)
        assert sum(len(item.annotations) for item in ds) == 12
        assert ["0001" in item.name for item in ds if item.annotations] == [False] * 3


@pytest.mark.parametrize("target", FILES)
def test_folders_that_may_not_be_listed_are_located(target: str) -> None:
    with folder_for_all() as folder:
        annokit.write(scene(4), folder / "out", target, on_loss="allow")
        secret = next(path for path in (folder / "out").rglob("0001.*") if path.is_file()).parent
        annokit.read(folder / "out")
        secret.chmod(0)
        with ordinary_user(), pytest.raises(annokit.AnnokitError, match="Permission denied") as caught:
            annokit.read(folder / "out")
        assert str(secret) in str(caught.value)
        secret.chmod(0o755)
