"""Damaged and wrong files: an error that names file and place, or an issue; never silence."""

import json
from io import BytesIO

import pytest

import annokit
from annokit.errors import FormatError
from annokit.formats.io import read

IMAGE = {"id": 1, "file_name": "a.png", "width": 8, "height": 6}
BOX = {"id": 1, "image_id": 1, "category_id": 0, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
CATEGORY = {"id": 0, "name": "cat"}


def document(*annotations, **lists):
    made = {"images": [IMAGE], "annotations": list(annotations) or [BOX], "categories": [CATEGORY], **lists}
    return json.dumps(made).encode()


GOOD = document()


@pytest.mark.parametrize(
    ("data", "pointer", "words"),
    [
        (b"", None, "empty"),
        (b"   \n", None, "empty"),
        (b"\x00\x01\x02\xff" * 50, None, "wrong kind"),
        (b'"text"', None, "wrong kind"),
        (b"{}", None, "no COCO file.*found an empty object"),
        (b'{"sequences": [{"rootId": "r"}]}', None, 'no COCO file.*found an object with "sequences"'),
        (
            b'{"info": {}, "licenses": []}',
            None,
            "no COCO file.*expected images, annotations of them",
        ),
        (GOOD.replace(b'"cat"', rb'"\ud83d"'), "/categories/0/name", "no low surrogate"),
        (GOOD.replace(b'"a.png"', rb'"\udc00.png"'), "/images/0/file_name", "invalid high surrogate"),
        (GOOD.replace(b'"area"', rb'"\ud83d"'), "/annotations/0", "no low surrogate"),
        (GOOD.decode().encode("utf-16"), None, "UTF-16"),
        (GOOD.replace(b'"', "“".encode()), None, "not JSON .found '“'"),
        (GOOD.replace(b"}]}", b"},]}"), "/categories/1", "not JSON"),
        (GOOD + GOOD, None, "follows the document"),
        (GOOD.replace(b"12", b"1" * 5000), None, "an integer is too long"),
        (b"17", None, "wrong kind"),
        (GOOD[:-1], None, "cut off"),
        (GOOD[:60], "/images/0", "cut off"),
        (GOOD[: GOOD.index(b"bbox") + 12], "/annotations/0/bbox", "cut off"),
        (GOOD + b"]", None, "follows the document"),
        (GOOD.replace(b"12", b"NaN"), "/annotations/0/area", "found 'NaN'"),
        (GOOD.replace(b"[1, 2", b"[-Infinity, 2"), "/annotations/0/bbox", "found '-Infinity'"),
        (GOOD.replace(b'"cat"', "“cat”".encode()), "/categories/0/name", "not JSON"),
        (GOOD.replace(b'"bbox"', "“bbox”".encode()), "/annotations/0", "a key in double quotes"),
        (GOOD.replace(b"[1, 2", b"[" * 100_000 + b"1, 2"), "/annotations/0/bbox", "nested"),
        (document(images=5), "/images", "not a list of records"),
        (document(annotations={"1": BOX}), "/annotations", "not a list of records"),
        (document(categories={"id": 1}), "/categories", "not a list of categories"),
        (document(BOX, [1, 2]), "/annotations/1", "not a record"),
        (document(images=[IMAGE, None]), "/images/1", "not a record"),
        (document(categories=[CATEGORY, "dog"]), "/categories/1", "not a record"),
        (b"[1, 2]", "/0", "not a record"),
        (GOOD.replace(b'"categories"', b'"images"'), "/images", "occurs twice"),
        (GOOD.replace(b'"cat"', b'"\xff\xfe"'), "/categories", "UTF-8"),
    ],
)
def test_what_is_no_coco_file_is_an_error_with_its_place(tmp_path, data, pointer, words):
    path = tmp_path / "broken.json"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=words) as caught:
        read(path, "coco")
    assert caught.value.path == str(path) or "records" in str(caught.value)
    assert "broken.json" in str(caught.value)
    if pointer is not None:
        assert pointer in str(caught.value)


def issues(*annotations, **lists):
    dataset = read(BytesIO(document(*annotations, **lists)), "coco")
    return [(i.code, i.severity, i.field, i.count) for i in dataset.issues if i.severity != "info"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image_id": 7}, ("dangling-reference", "error", "image_id", 1)),
        ({"category_id": 7}, ("dangling-reference", "error", "category_id", 1)),
        ({"category_id": "0"}, ("dangling-reference", "error", "category_id", 1)),
        ({"image_id": None}, ("dangling-reference", "error", "image_id", 1)),
        ({"image_id": 1.5}, ("odd-value", "warning", "image_id", 1)),
        ({"id": [1]}, ("odd-value", "warning", "id", 1)),
        ({"bbox": [1, 2, 3]}, ("odd-value", "warning", "bbox", 1)),
        ({"bbox": [1, 2, 3, "4"]}, ("odd-value", "warning", "bbox", 1)),
        ({"bbox": [1, 2, 3, 1e999]}, ("odd-value", "warning", "bbox", 1)),
        ({"area": "12"}, ("odd-value", "warning", "area", 1)),
        ({"iscrowd": "no"}, ("odd-value", "warning", "iscrowd", 1)),
        ({"iscrowd": True}, ("odd-value", "warning", "iscrowd", 1)),
        ({"caption": 5}, ("odd-value", "warning", "caption", 1)),
        ({"score": "high"}, ("odd-value", "warning", "score", 1)),
        ({"attributes": [1]}, ("odd-value", "warning", "attributes", 1)),
        ({"keypoints": [1, 2]}, ("odd-value", "warning", "keypoints", 1)),
        ({"keypoints": [1, 2, 0.5]}, ("odd-value", "warning", "keypoints", 1)),
        ({"segmentation": [[1, 2, 3, 4]]}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": [1, 2, 3, 4, 5, 6]}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": {"size": [6, 8], "counts": [40]}}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": {"size": [6, 8], "counts": [1 << 70]}}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": {"size": [6, 8], "counts": [-1 << 70, 48]}}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": {"size": [6, 8], "counts": "1"}}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": {"size": [3, 4], "counts": [12]}}, ("size-mismatch", "warning", "shape", 1)),
        ({"segmentation": {"size": [6, 8]}}, ("odd-value", "warning", "segmentation", 1)),
        ({"segmentation": "x"}, ("odd-value", "warning", "segmentation", 1)),
    ],
)
def test_trouble_in_a_record_is_told(change, expected):
    annotation = {**BOX, **change}
    if "e999" in repr(change) or change.get("bbox", [0])[-1] == float("inf"):
        text = document(annotation).replace(b"Infinity", b"1e999")
        dataset = read(BytesIO(text), "coco")
        found = [(i.code, i.severity, i.field, i.count) for i in dataset.issues if i.severity != "info"]
    else:
        found = issues(annotation)
    assert found == [expected]


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        ({"images": [IMAGE, IMAGE]}, ("duplicate-id", "warning", "id", 1)),
        ({"images": [{**IMAGE, "width": "8"}]}, ("odd-value", "warning", "width", 1)),
        ({"images": [{**IMAGE, "height": -1}]}, ("odd-value", "warning", "height", 1)),
        ({"images": [{**IMAGE, "file_name": 3}]}, ("odd-value", "warning", "file_name", 1)),
        ({"categories": [CATEGORY, {**CATEGORY, "name": "dog"}]}, ("duplicate-id", "warning", "id", 1)),
        ({"categories": [{**CATEGORY, "name": 3}]}, ("odd-value", "warning", "name", 1)),
        ({"categories": [{**CATEGORY, "color": "red"}]}, ("odd-value", "warning", "color", 1)),
        (
            {"categories": [{**CATEGORY, "keypoints": ["a"], "skeleton": [[1, 2]]}]},
            ("odd-value", "warning", "skeleton", 1),
        ),
        ({"info": 3}, ("odd-value", "warning", "info", 1)),
        ({"annotations": [BOX, BOX]}, ("duplicate-id", "warning", "id", 1)),
    ],
)
def test_trouble_in_other_lists_is_told(lists, expected):
    assert issues(**lists) == [expected]


def test_an_annotation_without_an_image_is_told():
    stray = {key: value for key, value in BOX.items() if key != "image_id"}
    dataset = read(BytesIO(document(BOX, {**stray, "id": 2}, {**BOX, "id": 3, "image_id": 9})), "coco")
    missing, unknown = sorted(dataset.issues.of("dangling-reference"), key=lambda issue: issue.message)
    assert [(row.item, row.annotation, row.detail) for row in missing.rows()] == [(None, 1, "/annotations/1")]
    assert [row.annotation for row in unknown.rows()] == [2]


def test_null_and_empty_say_that_there_is_nothing():
    none = {"segmentation": [], "bbox": None, "area": None, "keypoints": [], "score": None}
    assert issues({**BOX, **none}) == []


def test_collected_records_leave_the_others_where_they_are(tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(document(BOX, None, {**BOX, "id": 2}, 5, {**BOX, "id": 3, "image_id": 9}))
    dataset = read(path, "coco", on_bad="collect")
    assert dataset.annotations.id.tolist() == [1, 2, 3]
    (bad,) = dataset.issues.of("bad-record")
    assert (bad.count, bad.severity) == (2, "error")
    assert "/annotations/3" in bad.examples[1]
    (lost,) = dataset.issues.of("dangling-reference")
    assert [(row.annotation, row.detail) for row in lost.rows()] == [(2, "/annotations/4/image_id: 9")]


def test_errors_are_annokit_errors_for_every_cut():
    for stop in range(len(GOOD) - 1):
        with pytest.raises(annokit.AnnokitError):
            read(BytesIO(GOOD[:stop]), "coco")
