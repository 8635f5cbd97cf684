"""Trees as they are found: how pictures, labels, splits and classes are told apart, and what is told about the rest."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from annokit.errors import FormatError, UsageError
from annokit.formats.io import read
from annokit.model.dataset import Dataset

ROW = "0 0.5 0.5 0.25 0.25\n"


def tree(root: Path, files: dict[str, str | bytes | None]) -> Path:
    """Make a tree of texts and, where None stands, pictures of 8 by 6 pixels."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            Image.new("RGB", (8, 6)).save(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def codes(ds: Dataset) -> dict[str, int]:
    return {issue.code: issue.count for issue in ds.issues if issue.severity != "info"}


SPLIT_FIRST = {
    "data.yaml": "train: train/images\nval: valid/images\nnames: [cat]\n",
    "train/images/a.jpg": None,
    "train/labels/a.txt": ROW,
    "valid/images/sub/b.jpg": None,
    "valid/labels/sub/b.txt": ROW,
}
KIND_FIRST = {
    "data.yaml": "path: .\ntrain: images/train\nval: images/valid\nnames:\n  0: cat\n",
    "images/train/a.jpg": None,
    "labels/train/a.txt": ROW,
    "images/valid/sub/b.jpg": None,
    "labels/valid/sub/b.txt": ROW,
}
ROBOFLOW = {
    **{f"{name}": content for name, content in SPLIT_FIRST.items() if name != "data.yaml"},
    "data.yaml": "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['cat']\nroboflow:\n  version: 2\n",
}
ELSEWHERE = {**KIND_FIRST, "data.yaml": "path: /home/me/coco\ntrain: images/train\nval: images/valid\nnames: [cat]\n"}
LISTS = {
    **{name: content for name, content in KIND_FIRST.items() if name != "data.yaml"},
    "data.yaml": "train: train.txt\nval: [val.txt]\nnames: [cat]\n",
    "train.txt": "./images/train/a.jpg\n",
    "val.txt": "/content/data/images/valid/sub/b.jpg\n\n",
}
DEEP = {f"export/v1/{name}": content for name, content in KIND_FIRST.items()}
NO_PICTURES = {name: content for name, content in KIND_FIRST.items() if content is not None}


@pytest.mark.parametrize("files", [SPLIT_FIRST, KIND_FIRST, ROBOFLOW, ELSEWHERE, LISTS, DEEP])
def test_splits_in_every_layout(tmp_path: Path, files: dict[str, Any]) -> None:
    ds = read(tree(tmp_path, files))
    assert [(item.name, item.split, item.status) for item in ds] == [
        ("a.jpg", "train", "labelled"), ("sub/b.jpg", "val", "labelled")
    ]  # fmt: skip
    assert ds["a.jpg"].boxes("cxcywh").tolist() == [[0.5, 0.5, 0.25, 0.25]]
    assert (ds["a.jpg"].width, ds["a.jpg"].height) == (8, 6)
    assert Path(str(ds["a.jpg"].path)).is_file()
    assert ds.labels.names == ("cat",)
    assert not codes(ds)


def test_labels_without_pictures(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**NO_PICTURES, "labels/train/x.y Z.txt": ""}))
    assert [(item.name, item.split, len(item.annotations)) for item in ds] == [
        ("a", "train", 1), ("x.y Z", "train", 0), ("sub/b", "val", 1)
    ]  # fmt: skip
    assert ds["a"].width is None
    with pytest.raises(Exception, match="no known size"):
        ds["a"].boxes(unit="pixel")


def test_pictures_that_lie_elsewhere_are_found_by_their_stems(tmp_path: Path) -> None:
    labels = tree(tmp_path / "x", {name: content for name, content in NO_PICTURES.items() if name != "data.yaml"})
    media = tree(tmp_path / "media", {"a.png": None, "deep/sub/b.jpg": None, "other.jpg": None})
    ds = read(labels, images=media)
    assert [(item.name, item.width) for item in ds] == [("a.png", 8), ("sub/b.jpg", 8)]
    assert str(ds["sub/b.jpg"].path).endswith("deep/sub/b.jpg")


def test_an_archive_is_a_tree(tmp_path: Path) -> None:
    root = tree(tmp_path / "x", KIND_FIRST)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(root.rglob("*.*")):
            archive.write(path, str(path.relative_to(root)))
    ds = read(io.BytesIO(file.getvalue()))
    assert ds.names == ("a.jpg", "sub/b.jpg")
    assert ds == read(root)


def test_the_yaml_alone_leads_to_its_tree(tmp_path: Path) -> None:
    root = tree(tmp_path, KIND_FIRST)
    assert read(root / "data.yaml", "yolo") == read(root)


def test_the_yaml_may_lie_elsewhere(tmp_path: Path) -> None:
    files = {name: content for name, content in KIND_FIRST.items() if name != "data.yaml"}
    tree(tmp_path / "data/coco", files)
    yaml = "path: ../data/coco\ntrain: images/train\nval: images/valid\nnames: [cat]\n"
    tree(tmp_path / "conf", {"coco.yaml": yaml})
    ds = read(tmp_path / "conf/coco.yaml", "yolo")
    assert [(item.name, item.split) for item in ds] == [("a.jpg", "train"), ("sub/b.jpg", "val")]


def test_without_a_yaml_folders_tell_splits_and_numbers_tell_classes(tmp_path: Path) -> None:
    files = {name: content for name, content in SPLIT_FIRST.items() if name != "data.yaml"}
    ds = read(tree(tmp_path, files))
    assert [(item.name, item.split) for item in ds] == [("a.jpg", "train"), ("sub/b.jpg", "val")]
    assert ds.labels.names == ("class_0",)
    assert codes(ds) == {"odd-value": 1}
    named = read(tmp_path, "yolo", classes=["dog"])
    assert named.labels.names == ("dog",)


def test_labels_beside_pictures_as_label_studio_and_others_write_them(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {"classes.txt": "cat\ndog\n", "a.jpg": None, "a.txt": "1 0.5 0.5 1 1\n", "b.jpg": None}))
    assert [(item.name, item.status) for item in ds] == [("a.jpg", "labelled"), ("b.jpg", "unlabelled")]
    assert [str(a.label) for a in ds["a.jpg"].annotations] == ["dog"]


def test_an_empty_file_is_background_and_no_file_is_not_labelled(tmp_path: Path) -> None:
    files = {**KIND_FIRST, "images/train/c.jpg": None, "labels/train/c.txt": "\n \n", "images/train/d.jpg": None}
    ds = read(tree(tmp_path, files))
    assert (ds["c.jpg"].status, ds["d.jpg"].status) == ("labelled", "unlabelled")
    assert not ds["c.jpg"].annotations
    assert not ds["d.jpg"].annotations


def test_a_list_of_both_splits_gives_none(tmp_path: Path) -> None:
    files = {"data.yaml": "train: images\nval: images\nnames: [cat]\n", "images/a.jpg": None, "labels/a.txt": ROW}
    ds = read(tree(tmp_path, files))
    assert ds["a.jpg"].split is None
    assert [issue.code for issue in ds.issues] == ["assumed"]


def test_what_no_split_names_is_told(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**KIND_FIRST, "images/test/c.jpg": None, "labels/test/c.txt": ROW}))
    assert len(ds) == 2
    assert codes(ds) == {"skipped-record": 1}


def test_a_split_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    yaml = "train: images/train\nval: images/valid\ntest: images/test\nextra: images/valid\nnames: [cat]\n"
    ds = read(tree(tmp_path, {**KIND_FIRST, "data.yaml": yaml}))
    assert codes(ds) == {"dangling-reference": 1}
    assert [item.split for item in ds] == ["train", "val"]


@pytest.mark.parametrize(
    "text", [ROW, "\ufeff" + ROW, ROW.replace("\n", "\r\n"), f"\n\n{ROW}\n", ROW.strip(), ROW.replace(" ", "\t ")]
)
def test_texts_of_every_kind(tmp_path: Path, text: str) -> None:
    ds = read(
        tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": text, "data.yaml": "\ufeff" + str(KIND_FIRST["data.yaml"])})
    )
    assert ds["a.jpg"].boxes("cxcywh").tolist() == [[0.5, 0.5, 0.25, 0.25]]


def test_numbers_keep_their_kind_and_duplicates_stay(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": "0 0 1.0 1 .5\n0.0 0 1.0 1 .5\n"}))
    assert len(ds["a.jpg"].annotations) == 2
    assert ds._annotations.columns["box"].value(0) == [0, 1.0, 1, 0.5]
    assert [type(v) for v in ds._annotations.columns["box"].value(0)] == [int, float, int, float]


BAD = [
    ("0 0.5 0.5 0.25\n", 1, "too many or too few"),
    (f"{ROW}{ROW}x 0.5 0.5 0.25 0.25\n", 3, "can't be read"),
    (f"\n{ROW}0.5 0.5 0.5 0.25 0.25\n", 3, "number of its class"),
    (f"{ROW}\r\n-1 0.5 0.5 0.25 0.25\r\n", 3, "number of its class"),
    (f"{ROW}0 0.5 nan 0.25 0.25\n", 2, "can't be read"),
    (f"{ROW}0 0.5 1e999 0.25 0.25", 2, "can't be read"),
    ("\x00\x00\x00\x00", 1, "can't be read"),
]


@pytest.mark.parametrize(("text", "line", "message"), BAD)
def test_bad_rows_are_located(tmp_path: Path, text: str, line: int, message: str) -> None:
    root = tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": text})
    with pytest.raises(FormatError, match=message) as caught:
        read(root, "yolo:ultralytics-detect")
    assert str(caught.value.path).endswith("labels/train/a.txt")
    assert caught.value.line == line
    ds = read(root, "yolo:ultralytics-detect", on_bad="collect")
    assert len(ds["sub/b.jpg"].annotations) == 1
    assert ds.issues.of("bad-record").issues[0].count == 1


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    files = {f"labels/train/{n:03}.txt": "0 0.5\n" * 3 + ROW for n in range(30)}
    with pytest.raises(FormatError, match="90 records"):
        read(tree(tmp_path, {**KIND_FIRST, **files}))


def test_rows_of_two_tasks_are_errors(tmp_path: Path) -> None:
    text = "0 0.1 0.1 0.2 0.1 0.2 0.2\n" + ROW + "0 0.1 0.1 0.2 0.1 0.2 0.2 0.3 0.3\n"
    with pytest.raises(FormatError, match="another task") as caught:
        read(tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": text, "labels/valid/sub/b.txt": ""}))
    assert caught.value.line == 2
    mixed = read(tmp_path, "yolo:dataloop", classes=["cat"])
    assert len(mixed.annotations) == 3


def test_classes_beyond_the_list_are_kept_and_told(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": ROW + "3" + ROW[1:]}))
    assert ds.labels.names == ("cat", "class_1", "class_2", "class_3")
    assert [str(a.label) for a in ds["a.jpg"].annotations] == ["cat", "class_3"]
    assert ds.issues.of("odd-value").issues[0].examples == ("3",)
    with pytest.raises(FormatError, match="too large"):
        read(tree(tmp_path, {"labels/train/a.txt": "9999999" + ROW[1:]}))


def test_numbers_beyond_the_picture_are_kept_and_told(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": "0 1.5 0.5 0.25 0.25\n0 0.5 0.5 1.005 1\n"}))
    assert ds["a.jpg"].boxes("cxcywh")[0].tolist() == [1.5, 0.5, 0.25, 0.25]
    issue = ds.issues.of("odd-value").issues[0]
    assert (issue.count, [row.annotation for row in issue.rows()]) == (1, [0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.875", ("score", 0.875)), ("7", ("track", 7)), ("1.0", ("score", 1.0)), ("0", ("track", 0))],
)
def test_a_sixth_number_is_a_score_or_a_track(tmp_path: Path, value: str, expected: tuple[str, Any]) -> None:
    root = tree(tmp_path, {**KIND_FIRST, "labels/train/a.txt": f"{ROW.strip()} {value}\n"})
    ds = read(root)
    field, number = expected
    assert getattr(ds["a.jpg"].annotations[0], field) == number
    assert getattr(ds["sub/b.jpg"].annotations[0], field) is None
    assert [issue.field for issue in ds.issues.of("assumed")] == [field]
    other = {"score": "track", "track": "score"}[field]
    assert getattr(read(root, "yolo", sixth=other)["a.jpg"].annotations[0], other) == float(value)
    with pytest.raises(UsageError, match="sixth"):
        read(root, "yolo", sixth="area")


POSE = KIND_FIRST["data.yaml"] + "kpt_shape: [2, 3]\nflip_idx: [1, 0]\nkpt_names:\n  0: [nose, tail]\n"  # type: ignore[operator]


def test_poses(tmp_path: Path) -> None:
    row = ROW.strip() + " 0.1 0.2 2 0 0 0\n"
    ds = read(
        tree(tmp_path, {**KIND_FIRST, "data.yaml": POSE, "labels/train/a.txt": row, "labels/valid/sub/b.txt": ""})
    )
    annotation = ds["a.jpg"].annotations[0]
    assert annotation.keypoints.points.tolist() == [[0.1, 0.2], [0, 0]]
    assert annotation.keypoints.visibility.tolist() == [2, 0]
    assert ds.labels[0].skeleton is not None
    assert ds.labels[0].skeleton.joints == ("nose", "tail")
    assert ds._extras == {"yolo/flip_idx": b"[1,0]"}
    assert ds.issues.of("unread-key").issues[0].examples == ("flip_idx",)


def test_poses_without_visibility(tmp_path: Path) -> None:
    row = ROW.strip() + " 0.1 0.2 -0.005 0.3\n"
    yaml = POSE.replace("[2, 3]", "[2, 2]")
    ds = read(
        tree(tmp_path, {**KIND_FIRST, "data.yaml": yaml, "labels/train/a.txt": row, "labels/valid/sub/b.txt": ""})
    )
    assert ds["a.jpg"].annotations[0].keypoints.visibility.tolist() == [2, 0]


def test_joints_follow_from_the_rows_where_nothing_states_them(tmp_path: Path) -> None:
    rows = {"labels/train/a.txt": ROW.strip() + " 0.1 0.2 2 0.3 0.4 1\n", "labels/valid/sub/b.txt": ""}
    ds = read(tree(tmp_path, {**KIND_FIRST, **rows}), "yolo:ultralytics-pose")
    assert len(ds["a.jpg"].annotations[0].keypoints.points) == 2
    assert "[2, 3]" in ds.issues.of("assumed").issues[0].examples


def test_four_corners_are_a_turned_box_unless_the_tree_says_otherwise(tmp_path: Path) -> None:
    rows = {"labels/train/a.txt": "0 0.5 0 1 0.5 0.5 1 0 0.5\n", "labels/valid/sub/b.txt": ""}
    root = tree(tmp_path, {**KIND_FIRST, **rows})
    ds = read(root)
    assert ds.issues.of("assumed")
    box = ds["a.jpg"].annotations[0].shape
    assert type(box).__name__ == "RotatedBox"
    told = read(tree(tmp_path, {"data.yaml": str(KIND_FIRST["data.yaml"]) + "task: segment\n"}))
    assert type(told["a.jpg"].annotations[0].shape).__name__ == "Polygon"
    assert not told.issues.of("assumed")


def test_corners_need_no_size_to_be_read(tmp_path: Path) -> None:
    files = {"data.yaml": "train: images\nnames: [a]\n", "labels/x.txt": "0 0.5 0 1 0.5 0.5 1 0 0.5\n"}
    ds = read(tree(tmp_path, files), "yolo:ultralytics-obb")
    assert ds._annotations.columns["rotated"].value(0)["numbers"] == [0.5, 0, 1, 0.5, 0.5, 1, 0, 0.5]
    np.testing.assert_allclose(ds[0].boxes() if ds[0].width else [[0, 0, 1, 1]], [[0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("nc: 2\n", ("class_0", "class_1")),
        ("names: {1: b, 0: a}\n", ("a", "b")),
        ("names:\n  '0': no\n  1: 1\n", ("no", "1")),
        ("names:\n- a\n- b: c\n", None),
        ("names: [a, b]\nnc: 3\n", ("a", "b")),
        ("names: {0: a, 2: c}\n", ("a", "class_1", "c")),
        ("names: {x: a}\n", None),
        ("names: [a]\nnc: many\n", None),
    ],
)
def test_names_in_every_form(tmp_path: Path, names: str, expected: tuple[str, ...] | None) -> None:
    root = tree(tmp_path, {**KIND_FIRST, "data.yaml": f"train: images/train\nval: images/valid\n{names}"})
    if expected is None:
        with pytest.raises(FormatError, match=r"data\.yaml"):
            read(root, "yolo")
    else:
        assert read(root, "yolo").labels.names == expected


def test_a_yaml_that_could_run_code_is_refused(tmp_path: Path) -> None:
    root = tree(tmp_path, {**KIND_FIRST, "data.yaml": "names: !!python/object:os.system [ls]\ntrain: images\n"})
    with pytest.raises(FormatError, match="YAML") as caught:
        read(root, "yolo")
    assert caught.value.line == 1


def test_several_yamls_need_a_choice(tmp_path: Path) -> None:
    yaml = str(KIND_FIRST["data.yaml"])
    files = {**KIND_FIRST, "one.yaml": yaml, "two.yaml": yaml.replace("cat", "dog")}
    del files["data.yaml"]
    root = tree(tmp_path, files)
    with pytest.raises(FormatError, match="several files"):
        read(root, "yolo")
    assert read(root, "yolo", data="two.yaml").labels.names == ("dog",)
    with pytest.raises(UsageError, match="no such file"):
        read(root, "yolo", data="three.yaml")


def test_two_pictures_of_one_stem_share_their_label_file_as_the_loader_has_it(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {**KIND_FIRST, "images/train/a.png": None}))
    assert [len(ds[name].annotations) for name in ("a.jpg", "a.png")] == [1, 1]


def test_a_label_file_that_is_a_folder_is_none(tmp_path: Path) -> None:
    ds = read(tree(tmp_path, {"images/a.jpg": None, "labels/a.txt/x": b"", "labels/b.txt": ROW, "images/b.jpg": None}))
    assert ds["a.jpg"].status == "unlabelled"


def test_a_missing_tree_and_a_foreign_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none", "yolo")
    with pytest.raises(FormatError, match="tree of files"):
        read(tree(tmp_path, {"a.txt": ROW}) / "a.txt", "yolo")


def test_many_files_are_read_in_blocks_with_progress(tmp_path: Path) -> None:
    count = 3_000
    files = {f"labels/train/{n:05}.txt": f"{n % 7} 0.5 0.5 0.25 {1 / (n + 1)!r}\n" * 5 for n in range(count)}
    told: list[tuple[int, int | None]] = []
    root = tree(tmp_path, {"data.yaml": "train: images/train\nval: images/train\nnc: 7\n", **files})
    ds = read(root, progress=lambda done, total: told.append((done, total)))
    assert len(ds.annotations) == 5 * count
    assert told[-1] == (count, count)
    assert ds[2_999].boxes("cxcywh")[0].tolist() == [0.5, 0.5, 0.25, 1 / 3_000]


@pytest.mark.parametrize("listed", ["", "\n", "images/a.jpg\n", "\0"])
def test_a_list_that_is_none_of_ours_is_passed_over(tmp_path: Path, listed: str) -> None:
    files = {"data.yaml": "train: images\nnames: [cat]\n", "images/a.jpg": None, "labels/a.txt": ROW}
    expected = read(tree(tmp_path / "plain", files))
    ds = read(tree(tmp_path / "listed", {**files, "annokit-images.lst": listed}))
    assert ds == expected
    assert read(tmp_path / "listed", "yolo:ultralytics-detect") == expected


def test_rows_of_another_length_than_poses_are_located(tmp_path: Path) -> None:
    config = "train: images\nkpt_shape: [0, 3]\nnames: [cat]\n"
    tree(tmp_path, {"data.yaml": config, "images/a.jpg": None, "labels/a.txt": ROW + "0 0.5 0.5\n"})
    with pytest.raises(FormatError, match=r"a\.txt, line 2.*a class, a box and 0 joints of 3 numbers"):
        read(tmp_path, "yolo:ultralytics-pose")
