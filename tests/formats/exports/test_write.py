"""Export trees: what lies where, what is chosen, what is told, and that nothing is left of what fails."""

import errno
import json
import re

import pytest

import annokit
from annokit.formats.exports import write as module
from tests.formats.exports.samples import NAMES, clips, harbour, rows

pytestmark = pytest.mark.filterwarnings("ignore::annokit.LossWarning")


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_pictures_and_annotations_lie_by_dataset(tmp_path):
    ds = harbour(tmp_path / "in", 3)
    report = annokit.export(ds, tmp_path / "out", "csv")
    assert files(tmp_path / "out") == [
        "annokit-export.json",
        "annotations/harbour/annotations.csv",
        "annotations/Öresund_east/annotations.csv",
        "datasets/harbour/im 0.png",
        "datasets/harbour/im 1.png",
        "datasets/Öresund_east/im 2.png",
    ]
    assert not report.of("missing-media")
    back = annokit.read(tmp_path / "out")
    assert rows(back) == rows(ds)
    assert [item.image.size for item in back] == [(40, 30), (41, 30), (42, 30)]


@pytest.mark.parametrize(("contents", "wanted"), [("annotations", 1), ("datasets", 3)])
def test_contents(tmp_path, contents, wanted):
    ds = harbour(tmp_path / "in", 2)
    annokit.export(ds, tmp_path / "out", "csv", contents=contents)
    found = files(tmp_path / "out")
    assert len(found) == (2 if contents == "annotations" else 3)
    assert all(name.startswith((contents, "annokit-export.json")) for name in found)
    back = annokit.read(tmp_path / "out")
    assert len(back) == 2
    assert len(back.annotations) == (3 if contents == "annotations" else 0)
    assert (back[0].path is None) == (contents == "annotations")
    assert back[0].dataset == "harbour"


def test_pictures_that_are_not_there_are_told(tmp_path):
    report = annokit.export(harbour(), tmp_path / "out", "csv")
    assert [issue.count for issue in report.of("missing-media")] == [12]
    with pytest.raises(annokit.MediaError, match="images="):
        annokit.export(harbour(), tmp_path / "other", "csv", contents="datasets")
    assert not (tmp_path / "other").exists()


def test_subsets_are_exact_and_come_back(tmp_path):
    ds = harbour(tmp_path / "in")
    annokit.export(ds, tmp_path / "out", "coco", split={"train": 0.5, "val": 0.25, "te/st": 0.25}, seed=3)
    assert {name.split("/")[0] for name in files(tmp_path / "out")} == {"annokit-export.json", "train", "val", "te_st"}
    back = annokit.read(tmp_path / "out")
    counts = {name: sum(item.split == name for item in back) for name in ("train", "val", "te/st")}
    assert counts == {"train": 6, "val": 3, "te/st": 3}
    assert rows(back) == rows(ds)
    annokit.export(ds, tmp_path / "again", "coco", split={"train": 0.5, "val": 0.25, "te/st": 0.25}, seed=3)
    assert files(tmp_path / "again") == files(tmp_path / "out")
    parts = ds.split({"train": 0.5, "val": 0.25, "te/st": 0.25}, seed=3)
    assert {item.name for item in back if item.split == "val"} == set(parts["val"].names)


@pytest.mark.parametrize("by", ["video", "sequence", lambda item: item.sequence.name])
def test_frames_of_one_video_never_leak(tmp_path, by):
    annokit.export(clips(), tmp_path / "out", "coco:innotescus-video", split={"a": 0.5, "b": 0.5}, by=by)
    back = annokit.read(tmp_path / "out")
    assert len(back) == 20
    where = {}
    for item in back:
        where.setdefault(item.name.partition("#")[0], set()).add(item.split)
    assert all(len(found) == 1 for found in where.values())
    assert {split for found in where.values() for split in found} == {"a", "b"}


def test_frames_without_sequence_are_grouped_by_name(tmp_path):
    builder = annokit.DatasetBuilder()
    for number in range(12):
        builder.add_item(f"v{number // 4}#{number % 4}", kind="frame", width=4, height=4)
    annokit.export(builder.build(), tmp_path / "out", "coco", split={"a": 0.5, "b": 0.5}, by="video")
    back = annokit.read(tmp_path / "out")
    assert len({(item.name[:2], item.split) for item in back}) == 3


def test_by_without_split_is_wrong_use(tmp_path):
    with pytest.raises(annokit.UsageError, match="split="):
        annokit.export(harbour(), tmp_path / "out", "csv", by="video")


def test_one_dataset(tmp_path):
    ds = harbour()
    report = annokit.export(ds, tmp_path / "out", "csv", options=annokit.ExportOptions(datasets="harbour"))
    back = annokit.read(tmp_path / "out")
    assert {item.dataset for item in back} == {"harbour"}
    assert len(back) == 8
    told = [row for issue in report.of("left-out") for row in issue.rows()]
    assert [row.item for row in told] == [item.name for item in ds if item.dataset == NAMES[1]]
    with pytest.raises(annokit.UsageError, match="no dataset 'lake'; there are: harbour, Öresund/east"):
        annokit.export(ds, tmp_path / "no", "csv", options=annokit.ExportOptions(datasets=["harbour", "lake"]))


def test_a_task_by_name_and_by_kind(tmp_path):
    ds = harbour(layers=True)
    for task, kinds, count in (
        ("outlines", {"Polygon"}, 6),
        ("Object Detection", {"Box"}, 12),
        ("instance", {"Polygon"}, 6),
    ):
        out = tmp_path / task
        report = annokit.export(ds, out, "csv", options=annokit.ExportOptions(task=task))
        back = annokit.read(out)
        assert {type(a.shape).__name__ for item in back for a in item.annotations} == kinds
        assert len(back.annotations) == count
        assert len(back) == 12
        assert sum(issue.count for issue in report.of("left-out")) == 18 - count
    with pytest.raises(annokit.UsageError, match="no task 'depth'; there are: boxes, classification"):
        annokit.export(ds, tmp_path / "no", "csv", options=annokit.ExportOptions(task="depth"))


def test_a_tree_for_every_task(tmp_path):
    ds = harbour(tmp_path / "in", layers=True)
    annokit.export(ds, tmp_path / "out", "csv", options=annokit.ExportOptions(task=("boxes", "outlines")))
    found = [name for name in files(tmp_path / "out") if name.endswith(".csv")]
    assert found == [
        f"annotations/{task}/{name}/annotations.csv"
        for task in ("boxes", "outlines")
        for name in ("harbour", "Öresund_east")
    ]
    back = annokit.read(tmp_path / "out")
    assert len(back) == 12
    assert rows(back) == rows(ds)
    assert {a.layer for item in back for a in item.annotations} == {"boxes", "outlines"}
    one = annokit.read(tmp_path / "out", layer="outlines")
    assert len(one.annotations) == 6
    with pytest.raises(annokit.UsageError, match="no task"):
        annokit.read(tmp_path / "out", layer="masks")


def test_tasks_of_sequences_get_trees(tmp_path):
    annokit.export(clips(), tmp_path / "out", "coco:innotescus-video")
    assert {name.split("/")[1] for name in files(tmp_path / "out") if "/" in name} == {"find boats", "outline boats"}
    assert len(annokit.read(tmp_path / "out")) == 20


def test_dates(tmp_path):
    ds = harbour()
    options = annokit.ExportOptions(since="2026-03-01", until="2026-04-05")
    annokit.export(ds, tmp_path / "out", "coco", options=options)
    back = annokit.read(tmp_path / "out")
    assert sorted(a.id for item in back for a in item.annotations) == [21, 31, 111]
    assert len(back) == 3
    with pytest.raises(annokit.UsageError, match="no annotation states one"):
        annokit.export(clips(), tmp_path / "no", "coco", options=options)
    with pytest.raises(annokit.UsageError, match="nothing fits"):
        annokit.export(ds, tmp_path / "no", "coco", options=annokit.ExportOptions(since="2030-01-01"))
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"since": "yesterday"}, "no date"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "before since"),
        ({"name": "a/b"}, "without slashes"),
        ({"password": ""}, "password"),
        ({"datasets": []}, "a name or several"),
        ({"since": 3}, "text, a date"),
    ],
)
def test_options_that_make_no_sense(wrong, told):
    with pytest.raises(annokit.UsageError, match=told):
        annokit.ExportOptions(**wrong)


def test_a_password_is_never_shown():
    assert "secret" not in repr(annokit.ExportOptions(password="secret"))


def test_names(tmp_path):
    ds = harbour(layers=True)[[0, 1]]
    annokit.export(ds, f"{tmp_path}/exports/", "csv", options=annokit.ExportOptions(task="boxes"))
    (made,) = (tmp_path / "exports").iterdir()
    assert re.fullmatch(r"harbour-boxes-\d{4}-\d\d-\d\d", made.name)
    assert json.loads((made / "annokit-export.json").read_text())["name"] == made.name
    annokit.export(ds, tmp_path / "exports", "csv", options=annokit.ExportOptions(name="mine.zip"))
    assert len(annokit.read(tmp_path / "exports" / "mine.zip")) == 2
    annokit.export(ds, tmp_path / "exports", "csv", options=annokit.ExportOptions(name="mine"))
    assert (tmp_path / "exports" / "mine" / "annotations").is_dir()
    with pytest.raises(annokit.UsageError, match="exists already"):
        annokit.export(ds, tmp_path / "exports", "csv", options=annokit.ExportOptions(name="mine"))


def test_a_dataset_without_name_is_called_dataset(tmp_path):
    builder = annokit.DatasetBuilder()
    builder.add_item("a.png", width=4, height=3)
    annokit.export(builder.build(), tmp_path / "out", "coco")
    assert (tmp_path / "out" / "annotations" / "dataset" / "annotations.json").is_file()
    assert annokit.read(tmp_path / "out")[0].dataset == "dataset"


def test_what_is_there_is_refused(tmp_path):
    ds = harbour()[[0]]
    annokit.export(ds, tmp_path / "out", "csv")
    annokit.export(ds, tmp_path / "out.zip", "csv")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "keep.txt").write_text("x")
    for name in ("out", "out.zip", "mine"):
        before = (tmp_path / name).stat().st_mtime_ns
        with pytest.raises(annokit.UsageError, match="exists already"):
            annokit.export(ds, tmp_path / name, "csv")
        assert (tmp_path / name).stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["out", "out.zip"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_nothing_is_left_of_an_export_that_fails(tmp_path, monkeypatch, name, error):
    ds = harbour(tmp_path / "in", 4)
    seen = []

    def fails(output, picture):
        seen.append(picture)
        if len(seen) == 3:
            raise error
        output.copy(picture.file, picture.path)

    monkeypatch.setattr(module, "_copy", fails)
    wanted = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else annokit.AnnokitError
    with pytest.raises(wanted):
        annokit.export(ds, tmp_path / "deep" / name, "csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_task_names_a_dataset_that_states_none(tmp_path):
    report = annokit.export(harbour(), tmp_path / "out", "csv", options=annokit.ExportOptions(task="find boats"))
    assert [(issue.field, issue.examples) for issue in report.of("assumed")] == [("task", ("find boats",))]
    name = json.loads((tmp_path / "out" / "annokit-export.json").read_text())["name"]
    assert name.startswith("harbour+Öresund_east-find boats-")
    assert len(annokit.read(tmp_path / "out").annotations) == 18


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_a_picture_that_is_a_folder_is_told(tmp_path, name):
    ds = harbour(tmp_path / "in", 2)
    (tmp_path / "in" / "im 1.png").unlink()
    (tmp_path / "in" / "im 1.png").mkdir()
    with pytest.raises(annokit.MediaError, match="im 1"):
        annokit.export(ds, tmp_path / name, "csv")
    assert not (tmp_path / name).exists()


def test_a_picture_that_goes_away_is_told(tmp_path):
    ds = harbour(tmp_path / "in", 2)
    (tmp_path / "in" / "im 1.png").unlink()
    with pytest.raises(annokit.MediaError, match="im 1"):
        annokit.export(ds, tmp_path / "out", "csv")
    assert not (tmp_path / "out").exists()


def test_loss_is_told_by_rows_of_the_dataset(tmp_path):
    ds = harbour()
    report = annokit.export(ds, tmp_path / "out", "voc:innotescus", split={"a": 0.5, "b": 0.5}, on_loss="allow")
    converted = [row for row in report.rows() if row.fate == "converted"]
    assert sorted(row.annotation for row in converted) == [
        row for row, a in enumerate(a for item in ds for a in item.annotations) if isinstance(a.shape, annokit.Polygon)
    ]
    for row in converted:
        assert row.item in {item.name for item in ds}
    with pytest.raises(annokit.LossError):
        annokit.export(ds, tmp_path / "no", "voc:innotescus", on_loss="raise")
    assert not (tmp_path / "no").exists()
    with pytest.warns(annokit.LossWarning):
        annokit.export(ds, tmp_path / "warned", "voc:innotescus")


def test_annotations_of_no_item_are_told(tmp_path):
    builder = annokit.DatasetBuilder()
    builder.add_item("a.png", width=4, height=3)
    builder.add_annotation(-1, "lost")
    report = annokit.export(builder.build(), tmp_path / "out", "coco", on_loss="allow")
    assert [issue.field for issue in report.of("refused")] == ["item"]


def test_an_empty_dataset(tmp_path):
    annokit.export(annokit.DatasetBuilder().build(), tmp_path / "out", "coco")
    assert len(annokit.read(tmp_path / "out")) == 0


def test_names_of_pictures_that_are_no_file_names(tmp_path):
    from tests.formats.exports.samples import picture

    builder = annokit.DatasetBuilder()
    for number, name in enumerate(("a:b.png", "../up.png", "no ending", "same.png", "same.png", "dir/same.png")):
        path = picture(tmp_path / "in" / f"{number}.png", 10 + number, 9)
        builder.add_item(name, width=10 + number, height=9, path=path)
    ds = builder.build()
    annokit.export(ds, tmp_path / "out", "coco")
    assert len([name for name in files(tmp_path / "out") if name.startswith("datasets/")]) == 6
    back = annokit.read(tmp_path / "out")
    assert back.names == ds.names
    sizes = [None if item.path is None else item.image.size for item in back]
    assert sizes == [(10, 9), (11, 9), (12, 9), None, None, (15, 9)]


def test_frames_share_their_video(tmp_path):
    clip = tmp_path / "in" / "clip0.mp4"
    clip.parent.mkdir()
    clip.write_bytes(b"no real video")
    ds = clips(1)
    ds = ds.map_media(lambda item: str(clip))
    annokit.export(ds, tmp_path / "out", "coco:innotescus-video")
    assert "datasets/sea/clip0.mp4" in files(tmp_path / "out")
    back = annokit.read(tmp_path / "out")
    assert {item.path for item in back} == {tmp_path / "out" / "datasets" / "sea" / "clip0.mp4"}


def test_options_of_the_format(tmp_path):
    annokit.export(harbour(), tmp_path / "out", "csv", header="columns")
    text = (tmp_path / "out" / "annotations" / "harbour" / "annotations.csv").read_text()
    assert "40" not in text.splitlines()[0]
    with pytest.raises(annokit.UsageError, match="no option 'colour'"):
        annokit.export(harbour(), tmp_path / "no", "csv", colour=1)
    for wrong in ({"contents": "all"}, {"on_loss": "ignore"}):
        with pytest.raises(annokit.UsageError, match="expected one of"):
            annokit.export(harbour(), tmp_path / "no", "csv", **wrong)


def test_progress_counts_files(tmp_path):
    seen = []
    annokit.export(
        harbour(tmp_path / "in", 4), tmp_path / "out", "csv", progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (6, 6)
    assert [done for done, _ in seen] == list(range(7))


def test_streams(tmp_path):
    import io

    stream = io.BytesIO()
    annokit.export(harbour(tmp_path / "in", 3), stream, "coco")
    assert len(annokit.read(io.BytesIO(stream.getvalue()))) == 3


def test_frames_lie_beside_their_masks(tmp_path):
    from tests.formats.exports.samples import picture

    ds = clips(2, 3)
    folder = tmp_path / "in"
    ds = ds.map_media(lambda item: picture(folder / f"{item.name}.png", 64, 48))
    options = annokit.ExportOptions(datasets="sea")
    annokit.export(ds, tmp_path / "out", "masks:innotescus-instance", options=options)
    found = files(tmp_path / "out")
    assert "annotations/find boats/sea/clip1.mp4/frames/2.png" in found
    assert "annotations/find boats/sea/clip1.mp4/masks/2.png" in found
    assert not [name for name in found if name.startswith("datasets/")]
    back = annokit.read(tmp_path / "out")
    assert back["clip1.mp4#2"].path == tmp_path / "out/annotations/find boats/sea/clip1.mp4/frames/2.png"
    assert back["clip1.mp4#2"].dataset == "sea"


def test_a_dataset_may_be_called_as_files_of_annokit(tmp_path):
    builder = annokit.DatasetBuilder()
    for name in ("annokit-demo", ".annokit", "annotations", "datasets"):
        builder.add_item("a.png", width=4, height=3, dataset=name)
    for format in ("coco", "csv", "innotescus", "yolo:keras"):
        annokit.export(builder.build(), tmp_path / format, format)
        back = annokit.read(tmp_path / format)
        assert sorted(item.dataset for item in back) == [".annokit", "annokit-demo", "annotations", "datasets"]
