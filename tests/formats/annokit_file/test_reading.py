"""Files, archives, folders and streams; what is told apart; and the files of every version."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import annokit
from annokit.codecs.source import open_source
from annokit.columns import Fixed
from annokit.formats.annokit import FORMAT
from annokit.formats.detect import Probe
from annokit.formats.io import plan, read, write
from annokit.formats.table import FormatTable, _info
from annokit.geometry.boxes import FORMS
from annokit.model import schema
from tests.formats.annokit_file.samples import TRIANGLE, sample, stored

DATA = stored(sample())


def test_path_stream_gzip_archive_and_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.annokit").write_bytes(DATA)
    (tmp_path / "folder" / "README").write_text("no data")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(DATA))
    write(sample(), tmp_path / "archive.zip", "annokit")
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        assert archive.namelist() == ["archive.annokit"]
    for name in ("folder", "folder/one.annokit", "packed.gz", "archive.zip"):
        assert read(tmp_path / name, "annokit") == sample()
        assert read(tmp_path / name, "annokit", mapped=False, verify=True) == sample()
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(DATA)
    with os.fdopen(reader, "rb") as file:
        assert read(file, "annokit") == sample()
    file = io.BytesIO(b"head" + DATA)
    file.seek(4)
    assert read(file, "annokit") == sample()


def test_a_folder_of_two(tmp_path: Path) -> None:
    for name in ("a.annokit", "b.annokit"):
        (tmp_path / name).write_bytes(DATA)
    with pytest.raises(annokit.FormatError, match=r"2 that end in \.annokit"):
        read(tmp_path, "annokit")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.annokit", DATA, "a file that ends in .annokit"),
        ("a.ANNOKIT", b"", "a file that ends in .annokit"),
        ("a.bin", DATA, "a header with annokit's version"),
        ("a.safetensors", b"\x10" + bytes(7) + b'{"__metadata__":{"format":"np"}}', None),
        ("a.json", b'{"annokit":"1"}', None),
    ],
)
def test_detection(name: str, data: bytes, reason: str | None, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with open_source(tmp_path / name) as source:
        assert FORMAT.detect(Probe(source)) == ({} if reason is None else {"": reason})


def test_the_report_is_always_empty_and_the_table_says_so() -> None:
    assert not plan(sample(), "annokit")
    row = _info(FORMAT, "")
    assert (row.reads, row.writes, row.name) == (True, True, "annokit")
    assert row.holds["kinds"] == dict.fromkeys(row.holds["kinds"], "kept")
    assert str(FormatTable([row])).count("yes") == 2


def test_annotations_of_no_item_and_in_any_order_are_kept() -> None:
    builder = annokit.DatasetBuilder()
    builder.add_item("a")
    builder.add_item("b")
    for number in range(3):
        builder.add_annotation(0, "x", id=number)
    ds = builder.build()
    column = Fixed(np.array([1, -1, 0]))
    ds = ds._with(annotations=ds._annotations.replace({"item": column}))
    back = read(io.BytesIO(stored(ds)), "annokit")
    assert back == ds
    assert back._annotations.array("item").tolist() == [1, -1, 0]


def test_paths_and_issues_are_held() -> None:
    back = read(io.BytesIO(DATA), "annokit")
    assert back["a/猫.png"].path == Path("/data/猫.png")
    assert back.issues == sample().issues
    assert list(back.issues.rows()) == list(sample().issues.rows())
    assert back.issues.issues[0].examples[0] == "a/猫.png annotation 3: odd"


def test_one_layer() -> None:
    assert read(io.BytesIO(DATA), "annokit", layer="all") == sample()
    ds = read(io.BytesIO(DATA), "annokit", layer="second")
    assert [annotation.layer for annotation in ds.annotations] == ["second"]
    assert len(ds) == 3
    assert [(issue.code, issue.count) for issue in ds.issues] == [("odd-value", 2), ("layer-not-read", 4)]
    with pytest.raises(annokit.UsageError, match="layer 'third'; layers: second"):
        read(io.BytesIO(DATA), "annokit", layer="third")


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    written: list[tuple[int, int | None]] = []
    write(sample(), tmp_path / "a.annokit", "annokit", progress=lambda done, total: written.append((done, total)))
    assert written == sorted(written)
    assert written[-1][0] == written[-1][1]
    seen: list[tuple[int, int | None]] = []
    read(tmp_path / "a.annokit", "annokit", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == written[-1]


def test_unknown_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(annokit.UsageError, match="its options are: mapped, verify"):
        read(io.BytesIO(DATA), "annokit", check=True)
    with pytest.raises(annokit.UsageError, match="it has no options"):
        write(sample(), tmp_path / "a.annokit", "annokit", compress=True)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    ds = sample()
    odd = Fixed(np.zeros(len(ds), "datetime64[s]"))
    ds = ds._with(items=ds._items.replace({"attributes/when": odd}))
    with pytest.raises(annokit.UsageError, match=r"attributes/when:values' holds datetime64\[s\]"):
        write(ds, tmp_path / "a.annokit", "annokit")
    assert not list(tmp_path.iterdir())


def test_codes_keep_their_meaning() -> None:
    """Files hold positions in these tuples: words are only ever added at their ends."""
    assert schema.KINDS[:10] == (
        "none", "box", "rotated_box", "ellipse", "polygon", "polyline", "point", "keypoints", "mask", "cuboid",
    )  # fmt: skip
    assert schema.ITEM_KINDS[:7] == ("image", "frame", "video", "volume", "pointcloud", "audio", "text")
    assert schema.STATUSES[:7] == (None, "unlabelled", "in_progress", "labelled", "reviewed", "rejected", "skipped")
    assert schema.UNITS[:2] == ("unit", "pixel")
    assert schema.TIME_UNITS[:2] == ("s", "ms")
    assert schema.ROTATED_FORMS[:4] == ("degrees", "radians", "corners", "centre")
    assert schema.ELLIPSE_FORMS[:2] == ("axes", "circle")
    assert schema.MASK_ENCODINGS[:4] == ("rle", "runs", "bitmap", "void")
    assert FORMS[:4] == ("xyxy", "xywh", "cxcywh", "xyxy1")


def test_a_file_of_version_1() -> None:
    path = Path(__file__).parents[2] / "data" / "annokit-1.annokit"
    ds = read(path, "annokit", verify=True)
    assert [(item.name, item.id, item.width, item.height) for item in ds] == [
        ("vidéo#7", "f7", 640, 360),
        ("a/猫.png", 12, 30, 50),
        ("empty.png", None, None, None),
    ]
    assert ds[0].sequence is not None
    assert (ds[0].sequence.id, ds[0].sequence.name, ds[0].sequence.fps) == ("v-1", "vidéo", 25)
    cat, animal = ds.labels
    assert (cat.name, cat.source_id, cat.color, cat.parent is animal) == ("cat", 2**70, (1, 2, 3), True)
    assert cat.attributes[0].options[0].source_id == 7
    assert cat.skeleton is not None
    assert (cat.skeleton.joints, cat.skeleton.edges) == (("nose", "tail"), ((0, 1),))
    assert animal.extras == {"coco/supercategory": None}
    polygon, box, span, mask, points = ds.annotations
    assert isinstance(polygon.shape, annokit.Polygon)
    np.testing.assert_allclose(polygon.shape.parts[0][0], TRIANGLE, rtol=1e-12)
    assert [len(part) for part in polygon.shape.parts] == [2, 1]
    assert (polygon.id, polygon.track, polygon.score) == (1, 5, 1)
    assert (box.parent, dict(box.attributes)) == (0, {"pose": "lying"})
    assert span.span == annokit.TimeSpan(0.5, None)
    assert dict(span.extras) == {"coco/x": {"a": [1, None]}}
    assert isinstance(mask.shape, annokit.Mask)
    assert (mask.shape.decode() == np.eye(50, 30, dtype=bool)).all()
    assert (mask.layer, points.author, points.label) == ("second", "me", None)
    assert isinstance(points.shape, annokit.Keypoints)
    assert ds.info == {"year": 2026, "ünï": [1.5, 2**70, None]}
    assert ds._extras == {"coco/licenses": b'[ {"id": 0} ]'}
    assert [issue.code for issue in ds.issues] == ["odd-value"]
