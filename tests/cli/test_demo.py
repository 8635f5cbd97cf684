from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.cli.demo import CLIPS, COUNT, MARKER, Paths, make_export, run, script
from annokit.cli.main import main
from annokit.cli.scene import Scene, inside
from annokit.errors import UsageError
from annokit.media.fetched import MANIFEST
from tests.cli.samples import annokit as process

FILES = {"contact-sheet.png", "coco.json", "export.annokit", "export.json", "frames", MARKER}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("demo") / "annokit-demo"
    said: list[str] = []
    assert run(folder, lambda text: said.append(str(text))) == 0
    return folder, said


def test_it_writes_what_it_tells(made: tuple[Path, list[str]]) -> None:
    folder, said = made
    assert {path.name for path in folder.iterdir()} == FILES
    text = "\n".join(said)
    for name in ("export.json", "coco.json", "export.annokit", "contact-sheet.png"):
        assert f"{folder.as_posix()}/{name}" in text
    assert " 12  fetched" in text
    assert "a whole video" in text
    assert "  converted: polyline" in text
    assert "Traceback" not in text


def test_the_export_has_both_batches_and_every_shape(made: tuple[Path, list[str]]) -> None:
    ds = annokit.read(made[0] / "export.json", images=made[0] / "frames")
    assert {item.kind for item in ds} == {"frame", "video"}
    shapes = {type(annotation.shape).__name__ for item in ds for annotation in item.annotations}
    assert shapes == {"Polygon", "Box", "Polyline", "Point", "NoneType"}
    assert all(item.path is not None and item.width != item.height for item in ds if item.kind == "frame")
    for item in ds:
        for annotation in item.annotations:
            if annotation.box is not None:
                assert 0 <= annotation.box.xmin <= annotation.box.xmax <= 1
                assert 0 <= annotation.box.ymin <= annotation.box.ymax <= 1


def test_everything_written_can_be_read(made: tuple[Path, list[str]]) -> None:
    folder, _ = made
    own = annokit.read(folder / "export.annokit")
    assert len(own) == len(CLIPS) * COUNT + 1
    assert own == annokit.read(folder / "export.json", images=folder / "frames")
    coco = annokit.read(folder / "coco.json", images=folder / "frames")
    assert [item.size for item in coco[:12]] == [item.size for item in own[:12]]
    assert [item.path for item in coco[:12]] == [item.path for item in own[:12]]
    with Image.open(folder / "contact-sheet.png") as sheet:
        assert sheet.width > 1000
        assert len(np.unique(np.asarray(sheet.convert("L")))) > 100


def test_the_python_that_it_prints_does_the_same(made: tuple[Path, list[str]]) -> None:
    folder, said = made
    lines = script(Paths(folder)).splitlines()
    assert len(lines) == 4
    assert lines == [line.strip() for line in said[-1].splitlines()]
    before = (folder / "coco.json").read_bytes()
    (folder / "coco.json").unlink()
    with pytest.warns(annokit.LossWarning):
        exec("\n".join(lines), {})
    assert (folder / "coco.json").read_bytes() == before


def test_it_may_run_again_and_then_fetches_nothing(
    made: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = made
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "mine.txt").write_text("mine")
    assert main(["demo", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert "complete already" in out
    assert "12/12" in err
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "mine.txt").unlink()
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after.keys() == before.keys()
    assert [path.name for path in before if before[path] != after[path]] in ([], ["export.annokit"])


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something already"):
        run(tmp_path, print)
    with pytest.raises(UsageError, match="this is a file"):
        run(tmp_path / "mine.txt", print)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert run(tmp_path, lambda text: None) == 0
    assert (tmp_path / "frames" / MANIFEST).exists()


def test_as_a_process_in_plain_ascii(tmp_path: Path) -> None:
    done = process("demo", cwd=tmp_path, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"annokit-demo/export.json" in done.stdout
    assert done.stdout.isascii()
    assert b"12/12" in done.stderr


def test_frames_are_always_the_same(tmp_path: Path) -> None:
    assert make_export(tmp_path / "a.json") == make_export(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_labels_lie_where_things_are_drawn() -> None:
    """The picture with the instrument differs from the one without it inside its polygon, hardly outside of it."""
    size = (320, 180)
    bare, full = (
        np.asarray(Image.open(io.BytesIO(Scene(size, 3, 0.5, parts).png())), float) for parts in ((), ("grasper",))
    )
    (label, tip) = Scene(size, 3, 0.5, ("grasper",)).labels()
    (shape,) = label["shapes"]
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=size[0], height=size[1])
    points = np.array([(point["x"], point["y"]) for point in shape["points"]])
    builder.add_annotation(item, label["code"], annokit.Polygon(((points,),)))
    mask = builder.build()[0].masks()[0]
    changed = abs(full - bare).max(axis=2) > 25
    assert changed[mask].mean() > 0.7
    assert changed[~mask].mean() < 0.1
    assert len(tip["shapes"][0]["points"]) == 1
    json.dumps(label)


def test_an_outline_is_cut_at_the_edge() -> None:
    square = np.array([(-5.0, 2.0), (5.0, 2.0), (5.0, 12.0), (-5.0, 12.0)])
    found = inside(square, (8, 10))
    assert sorted(map(tuple, found.tolist())) == [(0.0, 2.0), (0.0, 10.0), (5.0, 2.0), (5.0, 10.0)]
    assert inside(square + 100, (8, 10)).shape == (0, 2)
