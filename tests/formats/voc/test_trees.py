"""Trees: which picture belongs to an annotation, sizes, splits, several years, what a loader of the devkit finds."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import annokit
from annokit.geometry import Box
from tests.formats.voc.samples import an_object, annotation, tree


def listed(ds):
    """Name, size and file of each item."""
    return [(item.name, item.width, item.height, item.path and Path(item.path).name) for item in ds]


# pictures -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"Annotations/a.xml": "a.jpg", "JPEGImages/a.jpg": None}, ("a.jpg", "a.jpg")),
        ({"a.xml": "a.jpg", "a.jpg": None}, ("a.jpg", "a.jpg")),
        ({"Annotations/a.xml": "a", "JPEGImages/a.png": None}, ("a.png", "a.png")),
        ({"Annotations/a.xml": "", "JPEGImages/a.png": None}, ("a.png", "a.png")),
        ({"Annotations/a.xml": "b.png", "JPEGImages/a.jpg": None, "JPEGImages/b.png": None}, ("a.jpg", "a.jpg")),
        ({"Annotations/a.xml": "other.png", "JPEGImages/other.png": None}, ("a.png", "other.png")),
        ({"Annotations/a.xml": "a.jpg", "JPEGImages/a.jpg": None, "JPEGImages/a.png": None}, ("a.jpg", "a.jpg")),
        ({"Annotations/a.xml": "C:\\x\\a.jpg", "JPEGImages/a.jpg": None}, ("a.jpg", "a.jpg")),
        ({"Annotations/a.b c@1.xml": "a.b c@1.jpg", "JPEGImages/a.b c@1.jpg": None}, ("a.b c@1.jpg", "a.b c@1.jpg")),
        ({"Annotations/путь.xml": "путь.jpg", "JPEGImages/путь.jpg": None}, ("путь.jpg", "путь.jpg")),
        ({"Annotations/a.xml": "a.jpg"}, ("a.jpg", None)),
        ({"Annotations/a.xml": "../../etc/passwd"}, ("a", None)),
    ],
)
def test_pictures_are_found_by_the_xml_then_by_the_name(tmp_path, files, expected):
    made = {name: held if held is None else annotation(held) for name, held in files.items()}
    ds = annokit.read(tree(tmp_path, made), "voc")
    assert [(item.name, item.path and Path(item.path).name) for item in ds] == [expected]


def test_one_stem_in_two_folders_and_with_two_extensions(tmp_path):
    names = ("a/img.jpg", "b/img.jpg", "b/img.png", "img.jpg")
    builder = annokit.DatasetBuilder()
    for place, name in enumerate(names):
        builder.add_annotation(builder.add_item(name, width=40, height=30), name, Box(0, 0, (place + 1) / 40, 1))
    ds = builder.build()
    report = annokit.write(ds, tmp_path / "out", "voc", on_loss="allow")
    files = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.xml"))
    assert len(files) == 4
    assert files[0] == "Annotations/a/img.xml"
    assert not [issue for issue in report if issue.code == "dropped"]
    back = annokit.read(tmp_path / "out")
    assert {item.name: (str(a.label), round(a.box.xmax * 40)) for item in back for a in item.annotations} == {
        name: (name, place + 1) for place, name in enumerate(names)
    }


@pytest.mark.parametrize("media", ["copy", "link"])
def test_pictures_go_where_the_devkit_has_them(tmp_path, media):
    files = {
        "Annotations/s/a.xml": annotation("a.jpg", an_object()),
        "JPEGImages/s/a.jpg": None,
        "Annotations/b.xml": annotation("b.jpg"),
        "JPEGImages/b.jpg": None,
    }
    ds = annokit.read(tree(tmp_path / "in", files), "voc:standard")
    for dialect, folder in (("voc:standard", "JPEGImages/"), ("voc:dataloop", "items/"), ("voc:innotescus", "")):
        annokit.write(ds, tmp_path / dialect, dialect, media=media, on_loss="allow")
        assert len(list((tmp_path / dialect).rglob("*.jpg"))) == 2
        back = annokit.read(tmp_path / dialect)
        assert listed(back) == [("b.jpg", 40, 30, "b.jpg"), ("s/a.jpg", 40, 30, "a.jpg")]
        assert [str(Path(item.path).relative_to(tmp_path / dialect)) for item in back] == [
            folder + "b.jpg",
            folder + "s/a.jpg",
        ]


# sizes --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, (0, 0), ("", ""), (-1, 30), (40, 0), ("40.0", 30), (1 << 40, 30)])
def test_sizes_that_are_none_come_from_the_picture(tmp_path, size):
    files = {"Annotations/a.xml": annotation("a.jpg", an_object(), size=size)}
    ds = annokit.read(tree(tmp_path / "in", files), "voc")
    assert listed(ds) == [("a.jpg", None, None, None)]
    with pytest.raises(annokit.MissingSizeError, match=r"a\.jpg"):
        ds[0].boxes()
    assert ds[0].boxes(unit="pixel").tolist() == [[1, 2, 30, 20]]
    odd = [] if size in (None, (0, 0)) else [("a.jpg", f"size: width {size[0]}, height {size[1]}, depth 3")]
    assert [(row.item, row.detail) for row in ds.issues.of("odd-value").rows()] == odd
    annokit.write(ds, tmp_path / "out", "voc", on_loss="raise")
    assert annokit.read(tmp_path / "out", "voc") == ds
    assert listed(annokit.read(tree(tmp_path / "in", {"JPEGImages/a.jpg": None}), "voc")) == [
        ("a.jpg", 40, 30, "a.jpg")
    ]
    assert annokit.read(tmp_path / "out", "voc", sizes={"a.jpg": (40, 30)})[0].boxes()[0].tolist() == [
        1 / 40,
        2 / 30,
        30 / 40,
        20 / 30,
    ]


def test_sizes_that_are_stated_need_no_picture(tmp_path, monkeypatch):
    files = {"Annotations/a.xml": annotation("a.jpg", size=(400, 300)), "JPEGImages/a.jpg": b"no picture"}
    ds = annokit.read(tree(tmp_path, files), "voc")
    assert listed(ds) == [("a.jpg", 400, 300, "a.jpg")]
    assert not ds.issues.of("bad-media")


def test_pictures_that_cannot_be_read_are_told(tmp_path):
    files = {"Annotations/a.xml": annotation("a.jpg", size=None), "JPEGImages/a.jpg": b"no picture"}
    ds = annokit.read(tree(tmp_path, files), "voc")
    assert listed(ds) == [("a.jpg", None, None, "a.jpg")]
    assert [row.item for row in ds.issues.of("bad-media").rows()] == ["a.jpg"]


def turned() -> bytes:
    """A photo of 40 by 30 pixels that is shown as 30 by 40."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "jpeg", exif=exif)
    return out.getvalue()


def test_labels_live_in_the_picture_as_it_is_shown(tmp_path):
    files = {
        "Annotations/a.xml": annotation("a.jpg", an_object(box=(3, 4, 30, 40)), size=None),
        "JPEGImages/a.jpg": turned(),
    }
    ds = annokit.read(tree(tmp_path, files), "voc")
    assert (ds[0].width, ds[0].height) == (30, 40)
    assert ds[0].boxes().tolist() == [[0.1, 0.1, 1, 1]]
    assert ds[0].image.size == (30, 40)


def test_pictures_of_an_archive_are_measured_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a", "b"):
            archive.writestr(f"VOC/Annotations/{name}.xml", annotation(f"{name}.jpg", an_object(), size=None))
        archive.writestr("VOC/JPEGImages/a.jpg", turned())
        archive.writestr("VOC/JPEGImages/b.jpg", b"no picture")
    ds = annokit.read(tmp_path / "a.zip", "voc")
    assert listed(ds) == [("a.jpg", 30, 40, None), ("b.jpg", None, None, None)]
    assert [row.item for row in ds.issues.of("bad-media").rows()] == ["b.jpg"]


def test_a_size_before_turning_is_told(tmp_path):
    root = tree(tmp_path, {"Annotations/a.xml": annotation("a.jpg", an_object()), "pictures/a.jpg": turned()})
    ds = annokit.read(root, "voc", images=root / "pictures")
    assert (ds[0].width, ds[0].height) == (40, 30)
    assert [row.item for row in ds.issues.of("size-mismatch").rows()] == ["a.jpg"]


def test_missing_pictures_are_told_where_pictures_were_given(tmp_path):
    files = {
        "Annotations/a.xml": annotation("a.jpg"),
        "Annotations/b.xml": annotation("b.jpg"),
        "elsewhere/a.jpg": None,
    }
    root = tree(tmp_path, files)
    ds = annokit.read(root / "Annotations", "voc", images=root / "elsewhere")
    assert listed(ds) == [("a.jpg", 40, 30, "a.jpg"), ("b.jpg", 40, 30, None)]
    assert [row.item for row in ds.issues.of("missing-media").rows()] == ["b.jpg"]
    assert not annokit.read(root / "Annotations", "voc").issues.of("missing-media")
    with pytest.raises(FileNotFoundError):
        annokit.read(root, "voc", images=root / "nowhere")


# archives and streams -----------------------------------------------------------------------------------------------------


def test_an_archive_a_file_and_a_stream_are_read_alike(tmp_path):
    root = tree(
        tmp_path / "in",
        {"VOC2012/Annotations/a.xml": annotation("a.jpg", an_object()), "VOC2012/ImageSets/Main/train.txt": "a\n"},
    )
    ds = annokit.read(root, "voc:standard")
    assert [(item.name, item.split) for item in ds] == [("a.jpg", "train")]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in root.rglob("*.*"):
            archive.write(path, path.relative_to(root))
    assert annokit.read(tmp_path / "a.zip", "voc:standard") == ds
    one = annokit.read(root / "VOC2012/Annotations/a.xml", "voc:standard")
    assert one.names == ("a.jpg",)
    assert one[0].boxes("xyxy", "pixel").tolist() == ds[0].boxes("xyxy", "pixel").tolist()
    assert (
        annokit.read(io.BytesIO(annotation("a.jpg", an_object()).encode()), "voc:standard")[0].boxes().tolist()
        == ds[0].boxes().tolist()
    )
    annokit.write(ds, tmp_path / "b.zip", "voc:standard")
    assert annokit.read(tmp_path / "b.zip") == ds


# splits -------------------------------------------------------------------------------------------------------------------


def splits(tmp_path, lists, names=("a", "b", "c", "d/e")):
    files = {f"Annotations/{name}.xml": annotation(f"{name.rpartition('/')[2]}.jpg") for name in names}
    ds = annokit.read(
        tree(tmp_path, {**files, **{f"ImageSets/{name}.txt": text for name, text in lists.items()}}), "voc"
    )
    return {item.name.removesuffix(".jpg"): item.split for item in ds if item.split is not None}, ds


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"Main/train": "a\nd/e\n", "Main/val": "b\r\nc"}, {"a": "train", "d/e": "train", "b": "val", "c": "val"}),
        (
            {"Main/train": "a\n", "Main/val": "b\n", "Main/trainval": "a\nb\nc\n"},
            {"a": "train", "b": "val", "c": "trainval"},
        ),
        ({"Main/train": "a  1\nb -1\n"}, {}),
        ({"Main/train": "a\n", "Main/cat_train": "a  1\nb  0\n", "Main/cat_val": "c -1\n"}, {"a": "train"}),
        ({"Segmentation/train": "a\n"}, {"a": "train"}),
        ({"Main/train": "a\n", "Segmentation/val": "a\n"}, {"a": "train"}),
        ({"Layout/train": "a 1\na 2\n", "Main/val": "b\n"}, {"b": "val"}),
        ({"Main/train": "a.jpg\n\n b \n"}, {"a": "train", "b": "train"}),
        ({"Main/train": "\ufeffa\n"}, {"a": "train"}),
        ({"Main/train": ""}, {}),
    ],
)
def test_lists_tell_splits(tmp_path, lists, expected):
    found, _ = splits(tmp_path, lists)
    assert found == expected


def test_what_two_lists_name_has_no_split_and_strangers_are_told(tmp_path):
    found, ds = splits(tmp_path, {"Main/train": "a\nb\n", "Main/val": "b\nx\n"})
    assert found == {"a": "train"}
    told = {(issue.code, issue.field): issue.examples for issue in ds.issues if issue.field == "split"}
    assert told == {("assumed", "split"): ("b: train, val",), ("skipped-record", "split"): ("x",)}


def test_splits_are_written_as_lists(tmp_path):
    _, ds = splits(tmp_path / "in", {"Main/train": "a\nd/e\n", "Main/val": "b\n"})
    annokit.write(ds, tmp_path / "out", "voc", on_loss="raise")
    assert (tmp_path / "out/ImageSets/Main/train.txt").read_bytes() == b"a\nd/e\n"
    assert (tmp_path / "out/ImageSets/Main/val.txt").read_bytes() == b"b\n"
    assert annokit.read(tmp_path / "out") == ds


def test_splits_no_list_can_be_called_are_dropped_and_told(tmp_path):
    builder = annokit.DatasetBuilder()
    builder.add_item("a.jpg", split="../evil")
    builder.add_item("b.jpg", split="my_split.1")
    report = annokit.write(builder.build(), tmp_path / "out", "voc", on_loss="allow")
    assert [(row.item, row.fate) for issue in report if issue.field == "split" for row in issue.rows()] == [
        ("a.jpg", "dropped")
    ]
    assert [path.name for path in (tmp_path / "out/ImageSets/Main").iterdir()] == ["my_split.1.txt"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train/a", "valid/b", "test/sub/c"), ["test", "train", "val"]),
        (("train/a", "other/b"), [None, None]),
        (("train/a", "b"), [None, None]),
    ],
)
def test_folders_of_splits_as_roboflow_has_them(tmp_path, names, expected):
    files = {f"{name}.xml": annotation(f"{name.rpartition('/')[2]}.jpg", an_object()) for name in names}
    ds = annokit.read(tree(tmp_path / "in", files), "voc")
    assert sorted((item.split for item in ds), key=str) == expected
    assert [i.field for i in ds.issues.of("assumed") if i.field == "split"] == ["split"] * (None not in expected)
    annokit.write(ds, tmp_path / "out", "voc", on_loss="raise")
    assert annokit.read(tmp_path / "out") == ds


# the devkit ---------------------------------------------------------------------------------------------------------------


def loaded(root: Path, split: str) -> dict[str, tuple[Path, Path]]:
    """What torchvision's VOCDetection finds: picture and annotation of each line of a list."""
    names = [line.strip() for line in (root / f"ImageSets/Main/{split}.txt").read_text().splitlines()]
    return {name: (root / f"JPEGImages/{name}.jpg", root / f"Annotations/{name}.xml") for name in names}


def test_a_tree_loads_as_the_devkit_does(tmp_path):
    files = {f"Annotations/{n}.xml": annotation(f"{n}.jpg", an_object()) for n in "abc"}
    root = tree(tmp_path / "in", {**files, **{f"JPEGImages/{n}.jpg": None for n in "abc"}})
    parts = annokit.read(root, "voc:standard").split({"train": 0.67, "val": 0.33}, seed=0)
    annokit.write(annokit.concat(list(parts.values())), tmp_path / "out", "voc:standard", media="copy")
    found = {split: loaded(tmp_path / "out", split) for split in ("train", "val")}
    assert {split: len(names) for split, names in found.items()} == {"train": 2, "val": 1}
    for names in found.values():
        for picture, xml in names.values():
            assert picture.is_file()
            assert xml.is_file()


def test_several_years_lie_beside_each_other(tmp_path):
    files = {}
    for year, name in (("VOC2007", "000001"), ("VOC2012", "000001"), ("VOC2012", "2012_1")):
        files[f"{year}/Annotations/{name}.xml"] = annotation(f"{name}.jpg", an_object(year))
        files[f"{year}/JPEGImages/{name}.jpg"] = None
    files["VOC2007/ImageSets/Main/train.txt"] = "000001\n"
    files["VOC2012/ImageSets/Main/val.txt"] = "000001\n2012_1\n"
    ds = annokit.read(tree(tmp_path / "VOCdevkit", files), "voc:standard")
    assert [(item.name, item.split, Path(item.path).parts[-3]) for item in ds] == [
        ("VOC2007/000001.jpg", "train", "VOC2007"),
        ("VOC2012/000001.jpg", "val", "VOC2012"),
        ("VOC2012/2012_1.jpg", "val", "VOC2012"),
    ]
    annokit.write(ds, tmp_path / "out", "voc:standard", on_loss="raise")
    assert annokit.read(tmp_path / "out") == ds


def test_progress_counts_files(tmp_path):
    told = []
    files = {f"Annotations/{n}.xml": annotation(f"{n}.jpg") for n in range(3)}
    annokit.read(tree(tmp_path, files), "voc", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (3, 3)
    files = {f"Annotations/{n}.xml": annotation(f"{n}.jpg", size=None) for n in range(3)}
    annokit.read(
        tree(tmp_path, {**files, "JPEGImages/0.jpg": None, "JPEGImages/2.jpg": None}),
        "voc",
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (5, 5)
