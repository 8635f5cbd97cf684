"""The table for users of the SDK, line by line."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit.media.bitmap import encode_label_bitmap
from tests.formats.segments.documents import masks, release, sample
from tests.formats.segments.exports import EXPORTS
from tests.formats.segments.serving import served

README = Path(__file__).parents[3] / "README.md"
HEAD = "| Segments.ai SDK | annokit |"
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in README.read_text("utf-8").partition(HEAD)[2].partition("\n\n")[0].splitlines()[2:]
]

BITMAP = np.zeros((12, 20), np.uint32)
BITMAP[1:6, 1:8] = 1
BITMAP[8:11, 2:19] = 70000


def photo():
    file = io.BytesIO()
    Image.new("RGB", (20, 12)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def host():
    with served({"/a.png": photo(), "/b.png": encode_label_bitmap(BITMAP)}) as address:
        yield address


@pytest.fixture
def names(host, tmp_path, monkeypatch):
    """Return the names that the lines speak of, in a folder with a release."""
    pairs = [{"id": 1, "category_id": 3, "attributes": {"occluded": True}}, {"id": 70000, "category_id": 7}]
    label = masks(pairs, f"{host}/b.png", image_attributes={"weather": "sunny"})
    one = {**sample("a.png", label), "attributes": {"image": {"url": f"{host}/a.png"}}, "metadata": {"city": "Gent"}}
    (tmp_path / "release.json").write_text(json.dumps(release([one, {**one, "name": "b.png", "uuid": "b"}])))
    monkeypatch.chdir(tmp_path)
    ds = annokit.fetch(annokit.read("release.json"), "segments", progress=False).dataset
    item = ds[0]
    annotation = item.annotations[1]
    bitmap, annotations = item["segmentation_bitmap"], item["annotations"]
    return {
        "annokit": annokit, "ds": ds, "item": item, "annotation": annotation, "bitmap": bitmap, "annotations": annotations
    }  # fmt: skip


def code_of(cell):
    (code,) = re.fullmatch("`([^`]+)`", cell).groups()
    return code


@pytest.mark.parametrize(("theirs", "ours"), LINES, ids=[ours for _, ours in LINES])
@pytest.mark.filterwarnings("ignore::annokit.LossWarning")
def test_every_line_runs(names, theirs, ours):
    exec(code_of(ours), names)
    assert len(names["ds"]) == 2
    written = re.search(r'annokit\.write\(ds, "([^"]+)"', ours)
    assert written is None or Path(written[1]).exists()


VALUES = {
    "annotation.id, annotation.label.source_id, annotation.attributes": (70000, 7, {}),
    "item.attributes": {"weather": "sunny"},
    "ds.labels[0].name": "background",
}


@pytest.mark.parametrize("code", VALUES)
def test_what_lines_give(names, code):
    assert code in [code_of(ours) for _, ours in LINES]
    found = eval(code, names)
    assert ((*found[:2], dict(found[2])) if isinstance(found, tuple) else found) == VALUES[code]


def test_pixels_of_lines(names):
    np.testing.assert_array_equal(eval("annotation.shape.decode()", names), BITMAP == 70000)
    found = eval("annokit.semantic_bitmap(bitmap, annotations, id_offset=1)", names)
    np.testing.assert_array_equal(found, np.select([BITMAP == 1, BITMAP > 1], [4, 8], 0))


def test_every_kind_of_export_has_a_line():
    kinds = [
        found[1] for theirs, _ in LINES if (found := re.search(r'export_dataset\(dataset, "out", "([^"]+)"', theirs))
    ]
    assert sorted(kinds) == sorted(EXPORTS)
