"""COCO on video as Innotescus exports it: a file per video, image ids are frame numbers."""

import json

import pytest
from hypothesis import given, settings

import annokit
from tests.formats.laws import check_laws
from tests.strategies import datasets


@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
@settings(max_examples=40)
@given(datasets())
def test_laws(tmp_path_factory, dataset):
    check_laws(dataset, "coco:innotescus-video", tmp_path_factory.mktemp("laws", numbered=True), name="out")


def document(frames, annotations, **further):
    return {
        "info": {"description": "boats", "date_created": "2022-03-01T10:00:00Z"},
        "images": frames,
        "categories": [{"supercategory": "", "id": 3, "name": "boat"}],
        "annotations": annotations,
        **further,
    }


def frame(number, name):
    return {"license": 0, "file_name": name, "width": 40, "height": 30, "id": number}


def box(image, ident, x):
    return {"image_id": image, "id": ident, "category_id": 3, "bbox": [x, 2, 10, 6], "area": 60, "iscrowd": 0}


def written(folder, **documents):
    folder.mkdir()
    for name, made in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(made), encoding="utf-8")
    return folder


def test_ids_restart_in_every_file(tmp_path):
    made = {
        "b": document([frame(0, "b_0.png"), frame(2, "b_2.png")], [box(2, 1, 5), box(0, 2, 6)]),
        "a": document([frame(0, "a#0")], [box(0, 1, 7)]),
    }
    path = written(tmp_path / "in", **made)
    assert [match.format for match in annokit.detect(path)] == ["coco:innotescus-video"]
    ds = annokit.read(path)
    assert annokit.read(path, "coco:innotescus") == ds
    assert ds.names == ("a#0", "b#0", "b#2")
    assert [(item.kind, item.frame, item.sequence.name, item.uri) for item in ds] == [
        ("frame", 0, "a", None), ("frame", 0, "b", "b_0.png"), ("frame", 2, "b", "b_2.png"),
    ]  # fmt: skip
    assert [a.box.to_pixels(40, 30).xmin for item in ds for a in item.annotations] == [7, 6, 5]
    report = annokit.write(ds, tmp_path / "out", "coco:innotescus-video", on_loss="raise")
    assert not report
    for name, wanted in made.items():
        assert json.loads((tmp_path / "out" / f"{name}.json").read_text()) == wanted
    assert annokit.read(tmp_path / "out") == ds


@pytest.mark.parametrize("images", [None, [], [{**frame(4, "x#4"), "width": 64, "height": 48}]])
def test_frames_are_made_on_demand(tmp_path, images):
    made = document(images, [box(9, 1, 5), box(0, 2, 6)])
    if images is None:
        del made["images"]
    ds = annokit.read(written(tmp_path / "in", x=made), "coco:innotescus-video")
    assert sorted(ds.names) == sorted(["x#9", "x#0", *(["x#4"] if images else [])])
    assert len(ds["x#9"].annotations) == 1
    assert ds["x#9"].width == (64 if images else None)
    assert not ds.issues.of("dangling-reference")
    back = tmp_path / "back"
    report = annokit.write(ds, back, "coco:innotescus-video", on_loss="raise")
    assert not [issue for issue in report if issue.severity != "info"]
    assert annokit.read(back, "coco:innotescus-video") == ds


def test_a_reference_that_is_no_number_is_told(tmp_path):
    ds = annokit.read(written(tmp_path / "in", x=document([], [box("first", 1, 5)])), "coco:innotescus-video")
    assert len(ds) == 0
    assert ds.issues.of("dangling-reference")


def test_key_frames_are_expanded(tmp_path):
    builder = annokit.DatasetBuilder()
    video = builder.add_sequence(name="clip.mp4", fps=25)
    for number, left in ((0, 0.0), (4, 0.4)):
        item = builder.add_item(f"clip.mp4#{number}", kind="frame", sequence=video, frame=number, width=100, height=50)
        builder.add_annotation(
            item, "boat", annokit.Box(left, 0.2, left + 0.2, 0.6), track="t", keyframe=True,
            interpolation="linear" if number == 0 else None,
        )  # fmt: skip
    report = annokit.write(builder.build(), tmp_path / "out", "coco:innotescus-video", on_loss="allow")
    assert [issue.count for issue in report.of("expanded")] == [1]
    back = annokit.read(tmp_path / "out")
    assert sorted(back.names) == [f"clip.mp4#{number}" for number in range(5)]
    lefts = {item.frame: item.annotations[0].box.to_pixels(100, 50).xmin for item in back}
    assert lefts == {number: pytest.approx(10 * number) for number in range(5)}
    assert {item.annotations[0].track for item in back} == {"t"}


@pytest.mark.parametrize("names", [["a/b", "A", "a", "con", "x.json", "猫", "a:b"]])
def test_names_of_videos_come_back(tmp_path, names):
    builder = annokit.DatasetBuilder()
    for name in names:
        video = builder.add_sequence(name=name)
        builder.add_item(f"{name}#1", kind="frame", sequence=video, frame=1, width=4, height=3)
    for target in (tmp_path / "out", tmp_path / "out.zip"):
        annokit.write(builder.build(), target, "coco:innotescus-video", on_loss="allow")
        back = annokit.read(target)
        assert sorted(sequence.name for sequence in back.sequences) == sorted(names)


def test_a_single_file_of_a_video_is_known_by_its_frames(tmp_path):
    path = written(tmp_path / "in", x=document([frame(3, "x#3")], [box(3, 1, 5)]))
    assert [match.format for match in annokit.detect(path)] == ["coco:innotescus-video"]
    assert [match.format for match in annokit.detect(path / "x.json")] == ["coco:innotescus-video"]


def test_official_files_side_by_side_are_not_taken(tmp_path):
    made = document([frame(0, "a.jpg")], [box(0, 1, 7)])
    made["info"]["year"] = 2017
    assert annokit.detect(written(tmp_path / "in", a=made, b=made)) == []


def test_a_file_path_is_refused(tmp_path):
    ds = annokit.DatasetBuilder().build()
    with pytest.raises(annokit.UsageError, match="folder"):
        annokit.write(ds, tmp_path / "a.json", "coco:innotescus-video", on_loss="allow")
