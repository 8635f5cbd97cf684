"""Export trees of others: layouts, archives, passwords, and what is refused."""

import io
import json
import shutil
import stat
import subprocess
import zipfile

import pytest

import annokit
from annokit.limits import Limits
from tests.formats.exports.samples import harbour, picture, rows

pytestmark = pytest.mark.filterwarnings("ignore::annokit.LossWarning")

BOX = '"a.png","40","30","Object Detection","cat","[[10,20],[30,25]]",""\r\n'

LABEL = "1 0.1 0.2 0.3 0.4\n"


def tree(folder, **files):
    """Write files, ``__`` standing for a slash and the last ``_`` for a dot."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__"))
        path = path.with_name(".".join(path.name.rsplit("_", 1)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_layout_of_one_task(tmp_path):
    out = tree(tmp_path / "out", annotations__one__a_csv=BOX, annotations__two__a_csv=BOX)
    picture(out / "datasets" / "one" / "a.png", 40, 30)
    picture(out / "datasets" / "two" / "a.png", 40, 30)
    assert [match.format for match in annokit.detect(out)] == ["csv"]
    ds = annokit.read(out)
    assert [(item.dataset, item.name, item.split, item.path.parent.name) for item in ds] == [
        ("one", "a.png", None, "one"), ("two", "a.png", None, "two"),
    ]  # fmt: skip
    assert annokit.read(out, "csv") == ds
    rows_of = [(*tuple(row)[:2], row.detail) for row in ds.issues.of("duplicate-name").rows()]
    assert rows_of == [("a.png", None, "in dataset one"), ("a.png", None, "in dataset two")]


def test_pictures_elsewhere_lie_by_dataset_too(tmp_path):
    out = tree(tmp_path / "out", annotations__one__a_csv=BOX, annotations__two__a_csv=BOX)
    picture(out / "datasets" / "one" / "b.png", 4, 3)
    for name in ("one", "two"):
        picture(tmp_path / "images" / name / "a.png", 40, 30)
    ds = annokit.read(out, images=tmp_path / "images")
    assert [item.path.parent.name for item in ds] == ["one", "two"]


def test_the_layout_of_several_tasks(tmp_path):
    out = tree(tmp_path / "out", annotations__boats__one__a_csv=BOX, annotations__sails__one__a_csv=BOX)
    picture(out / "datasets" / "one" / "a.png", 40, 30)
    ds = annokit.read(out)
    assert len(ds) == 1
    assert [a.layer for a in ds[0].annotations] == ["boats", "sails"]
    assert [a.layer for a in annokit.read(out, layer="boats")[0].annotations] == ["boats"]


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize(
    "format",
    [
        "coco:innotescus", "csv", "innotescus", "kitti", "voc:innotescus", "yolo:innotescus", "yolo:keras",
        "masks:innotescus-semantic", "masks:innotescus-instance", "masks:innotescus-individual",
    ],
)  # fmt: skip
def test_trees_without_anything_of_ours(tmp_path, format, archive):
    ds = harbour(tmp_path / "in", 6)
    out = tmp_path / "out"
    annokit.export(ds, out, format, split={"train": 0.5, "val": 0.5})
    for path in [*out.rglob("annokit-*")]:
        path.unlink()
    if archive:
        shutil.make_archive(str(tmp_path / "made"), "zip", out)
    source = tmp_path / "made.zip" if archive else out
    if format.startswith("masks"):
        with pytest.raises(annokit.AmbiguousFormatError):
            annokit.read(source)
    back = annokit.read(source, format if format.startswith("masks") else None)
    assert sorted((item.dataset.replace("_", "/"), item.name, item.width) for item in back) == sorted(
        (item.dataset, item.name, item.width) for item in ds
    )
    assert {item.split for item in back} == {"train", "val"}
    assert len(back.annotations) == len(ds.annotations)


def test_subsets_lie_at_any_depth(tmp_path):
    out = tmp_path / "out"
    for subset in ("train", "val"):
        root = out / "export" / subset
        tree(root, annotations__one__a_csv=BOX)
        picture(root / "datasets" / "one" / "a.png", 40, 30)
    ds = annokit.read(out)
    assert [(item.split, item.dataset) for item in ds] == [("train", "one"), ("val", "one")]


def test_annotations_alone(tmp_path):
    text = '{"info": {"description": "", "date_created": ""}, "images": [{"id": 1, "file_name": "a.png"}], "categories": [], "annotations": []}'
    out = tree(tmp_path / "out", annotations__one__a_json=text, annotations__two__b_json=text)
    ds = annokit.read(out)
    assert [(item.dataset, item.name) for item in ds] == [("one", "a.png"), ("two", "a.png")]


@pytest.mark.parametrize("format", ["yolo:dataloop", "yolo:dataloop-1", "voc:dataloop"])
def test_folders_of_formats_that_are_called_annotations(tmp_path, format):
    builder = annokit.DatasetBuilder()
    for name in ("dir/a.png", "dir/b.png"):
        item = builder.add_item(name, kind="image", width=40, height=30)
        builder.add_annotation(item, "cat", annokit.Box(0.25, 0.5, 0.75, 1))
    annokit.write(builder.build(), tmp_path / "out", format, on_loss="allow")
    for path in (tmp_path / "out").rglob("annokit-*"):
        path.unlink()
    ds = annokit.read(tmp_path / "out", format)
    assert [item.dataset for item in ds] == [None, None]
    assert {item.name.rpartition("/")[0] for item in ds} == {"dir"}


def test_labels_for_all_datasets_lie_above_them(tmp_path):
    out = tree(
        tmp_path / "out",
        annotations__darknet_labels="boat\n",
        annotations__one__a_txt=LABEL,
        annotations__two__b_txt=LABEL,
    )
    picture(out / "datasets" / "one" / "a.png", 100, 50)
    picture(out / "datasets" / "two" / "b.png", 100, 50)
    ds = annokit.read(out, "yolo:innotescus")
    found = [(item.dataset, item.width, item.boxes(unit="pixel").tolist()) for item in ds]
    wanted = [[pytest.approx([10, 10, 40, 30])]]
    assert found == [("one", 100, *wanted), ("two", 100, *wanted)]


@pytest.mark.parametrize(
    "names",
    [("annotations/a.json",), ("annotations/sub/a.txt", "labels.txt"), ("labels/train/a.txt", "images/train/a.png")],
)
def test_trees_of_formats_are_no_exports(tmp_path, names):
    from annokit.codecs.source import open_source
    from annokit.formats.exports.read import tree_matches

    for name in names:
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    with open_source(tmp_path / "out") as source:
        assert not list(tree_matches(source))


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"places": 3}', '{"places": [{"folder": 3}]}', '{"places": [{"files": {"a": 1}}]}']
)
def test_a_damaged_manifest_is_told(tmp_path, text):
    out = tree(tmp_path / "out", annotations__one__a_csv=BOX)
    (out / "annokit-export.json").write_text(text)
    with pytest.raises(annokit.FormatError, match=r"annokit-export\.json.*damaged"):
        annokit.read(out)


def test_an_export_that_lost_its_files_is_told(tmp_path):
    annokit.export(harbour(), tmp_path / "out", "csv")
    shutil.rmtree(tmp_path / "out" / "annotations")
    assert len(annokit.read(tmp_path / "out")) == 0


def test_bad_records_are_told_once_with_their_files(tmp_path):
    bad = BOX.replace("cat", "").replace("40", "forty")
    out = tree(tmp_path / "out", annotations__one__a_csv=BOX + bad, annotations__two__a_csv=BOX + bad)
    picture(out / "datasets" / "one" / "a.png", 40, 30)
    picture(out / "datasets" / "two" / "a.png", 40, 30)
    with pytest.raises(annokit.FormatError) as caught:
        annokit.read(out)
    assert "one" in str(caught.value)
    assert "two" in str(caught.value)
    ds = annokit.read(out, on_bad="collect")
    assert [issue.count for issue in ds.issues.of("bad-record")] == [2]


# archives ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "format", ["coco", "csv", "kitti", "yolo:innotescus", "voc:innotescus", "masks:innotescus-instance"]
)
def test_archives_come_back_with_sizes(tmp_path, format):
    ds = harbour(tmp_path / "in", 4)
    annokit.export(ds, tmp_path / "out.zip", format, split={"a": 0.5, "b": 0.5})
    annokit.export(ds, tmp_path / "out", format, split={"a": 0.5, "b": 0.5})
    zipped, plain = annokit.read(tmp_path / "out.zip"), annokit.read(tmp_path / "out")
    assert zipped == plain
    assert sorted(item.width for item in zipped) == [40, 41, 42, 43]
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("datasets/harbour/im 3.png")]
        assert archive.read(name) == (tmp_path / "in" / "im 3.png").read_bytes()


def zipped(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, data in members:
            archive.writestr(member, data)
    return io.BytesIO(out.getvalue())


def test_entries_that_leave_the_folder_are_refused():
    for name in ("../annotations/one/a.csv", "/etc/annotations/one/a.csv", "annotations/../../one/a.csv"):
        with pytest.raises(annokit.FormatError, match="leave the folder"):
            annokit.read(zipped(("annotations/one/a.csv", BOX), (name, BOX)))


@pytest.mark.parametrize(
    "place",
    [
        {"folder": "../secret"},
        {"folder": "annotations/one", "pictures": "/etc"},
        {"folder": "annotations/one", "pictures": "datasets/one", "files": {"a.png": "../../../secret/a.png"}},
    ],
)
def test_a_manifest_leads_nowhere_outside(tmp_path, place):
    out = tree(tmp_path / "out", annotations__one__a_csv=BOX)
    picture(out / "datasets" / "one" / "a.png", 40, 30)
    (out / "annokit-export.json").write_text(json.dumps({"places": [{"dataset": "x", **place}]}))
    with pytest.raises(annokit.FormatError, match="damaged"):
        annokit.read(out)


def test_links_and_bombs_are_refused():
    link = zipfile.ZipInfo("annotations/one/b.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(annokit.FormatError, match="symbolic link"):
        annokit.read(zipped(("annotations/one/a.csv", BOX), (link, "/etc/passwd")))
    with pytest.raises(annokit.FormatError, match="too many bytes"):
        annokit.read(zipped(("annotations/one/a.csv", BOX * 100)), limits=Limits(archive_bytes=1000))


def test_the_old_cipher_is_read():
    from tests.codecs.test_archive import crypted

    data = crypted("annotations/one/a.csv", BOX.encode(), b"S3cr3t!")
    assert len(annokit.read(io.BytesIO(data), "csv", password="S3cr3t!")) == 1
    for password in (None, "wrong"):
        with pytest.raises(annokit.AnnokitError, match="password") as caught:
            annokit.read(io.BytesIO(data), "csv", password=password)
        assert "wrong'" not in str(caught.value)
        assert "S3cr3t!" not in str(caught.value)


def protected(tmp_path, password="Pässwort 7"):
    pytest.importorskip("pyzipper")
    ds = harbour(tmp_path / "in", 6)
    path = tmp_path / "out.zip"
    annokit.export(ds, path, "coco", split={"a": 0.5, "b": 0.5}, options=annokit.ExportOptions(password=password))
    return ds, path


def test_a_protected_archive_comes_back(tmp_path):
    ds, path = protected(tmp_path)
    assert rows(annokit.read(path, password="Pässwort 7")) == rows(ds)
    for password in (None, "", "Passwort 7"):
        with pytest.raises(annokit.AnnokitError, match="password") as caught:
            annokit.read(path, password=password)
        assert "wort 7" not in str(caught.value)
    assert b"boat" not in path.read_bytes()


def test_a_protected_export_gets_its_name(tmp_path):
    pytest.importorskip("pyzipper")
    options = annokit.ExportOptions(password="p", name="mine")
    annokit.export(harbour(), tmp_path / "exports", "csv", options=options)
    assert [path.name for path in (tmp_path / "exports").iterdir()] == ["mine.zip"]


def test_a_folder_has_no_password(tmp_path):
    with pytest.raises(annokit.UsageError, match=r"\.zip"):
        annokit.export(harbour(), tmp_path / "out", "csv", options=annokit.ExportOptions(password="p"))
    assert not (tmp_path / "out").exists()


def test_a_password_needs_the_extra(tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyzipper", None)
    with pytest.raises(annokit.MissingExtraError, match="zip"):
        annokit.export(harbour(), tmp_path / "out.zip", "csv", options=annokit.ExportOptions(password="p"))
    assert list(tmp_path.iterdir()) == []


def seven_zip():
    found = shutil.which("7z") or shutil.which("7zz") or shutil.which("7za")
    if found is None:
        pytest.skip("7-Zip is not installed")
    return found


def test_seven_zip_opens_it(tmp_path):
    program = seven_zip()
    _, path = protected(tmp_path, "secret7")
    out = tmp_path / "unpacked"
    subprocess.run([program, "x", "-psecret7", f"-o{out}", str(path)], check=True, capture_output=True)
    assert annokit.read(out) == annokit.read(path, password="secret7")
    wrong = subprocess.run([program, "t", "-pwrong", str(path)], check=False, capture_output=True)
    assert wrong.returncode != 0


@pytest.mark.parametrize("method", ["ZipCrypto", "AES256"])
def test_archives_of_seven_zip_are_read(tmp_path, method):
    program = seven_zip()
    if method == "AES256":
        pytest.importorskip("pyzipper")
    ds = harbour(tmp_path / "in", 4)
    annokit.export(ds, tmp_path / "out", "csv")
    made = [program, "a", "-tzip", f"-mem={method}", "-pS3cr3t", str(tmp_path / "made.zip"), "."]
    subprocess.run(made, check=True, capture_output=True, cwd=tmp_path / "out")
    assert rows(annokit.read(tmp_path / "made.zip", password="S3cr3t")) == rows(ds)
