import json
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annokit
from annokit.formats.encord import bulk
from annokit.model.compare import differences
from tests.formats.encord.test_encord import ENTRY, RANGED, thing, video

NUMBER = st.floats(-2, 2) | st.integers(-9, 9) | st.sampled_from([1e-9, 1e300, 1 << 53, 1 << 70])
MORE = st.fixed_dictionaries({}, optional={
    "extra": st.sampled_from([None, {"boundingBox": {"x": 1}}, '"boundingBox":{}', [1.0]]),
    "confidence": st.sampled_from([1, 1.0, 0.5, None]), "lastEditedAt": st.sampled_from(["a", None]),
    "isDeleted": st.booleans(), "shape": st.sampled_from(["bounding_box", "polygon"]),
})  # fmt: skip
ACTIONS = {"b": {"objectHash": "b", "actions": [
    {"name": "Moving", "featureHash": "m", "range": [[2, 3], [9, 9]], "answers": [{"name": "A", "value": "a", "featureHash": "x"}]},
    {"name": "Moving", "featureHash": "m", "range": [[3, 5]], "answers": [{"name": "B", "value": "b", "featureHash": "y"}]}]}}  # fmt: skip
STATIC = {"a": {"objectHash": "a", "classifications": [{"name": "n", "featureHash": "q", "answers": 3}]}}


QUESTIONS = st.lists(st.sampled_from([
    {**ENTRY}, {**ENTRY, "classificationHash": "d", "featureHash": "cl2", "note": 1}, {**ENTRY, "confidence": 0.5},
    {"name": "Car", "featureHash": None},
]), max_size=2)  # fmt: skip


@st.composite
def rows(draw, plain):
    order = draw(st.permutations(["x", "y", "w", "h"]))
    frames = {}
    for key in draw(st.lists(st.integers(0, 12), unique=True, min_size=1)):
        objects = []
        for track in draw(st.lists(st.sampled_from("abc"), max_size=3)):
            box = {name: draw(st.floats(-1, 1) | st.integers(0, 1) if plain else NUMBER) for name in order}
            more = {} if plain else draw(MORE)
            objects.append({**thing("bounding_box", "boundingBox", box, objectHash=track), **more})
        frames[str(key)] = draw(
            st.sampled_from([{"objects": objects}, {"objects": objects, "classifications": draw(QUESTIONS)}])
        )
    return video(frames, object_actions=ACTIONS, object_answers=STATIC, classification_answers=RANGED)


def read_twice(record, text=None):
    data = json.dumps([record] if text is None else text, separators=(",", ":")).encode() if text is None else text
    found = []
    for least in (1, 1 << 60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bulk, "LEAST", least)
            found.append(annokit.read(BytesIO(data), "encord"))
    assert list(differences(*found)) == []
    assert found[0].issues == found[1].issues
    return data


@settings(max_examples=150, deadline=None)
@given(rows(plain=False))
def test_bulk_and_single_records_say_the_same(record):
    read_twice(record)


def stamped(count, **more):
    """Return a row whose objects were edited at a time of their own on every frame."""
    frames = {
        str(f): {"objects": [thing("bounding_box", "boundingBox", {"x": f / 999, "y": 0, "w": 1, "h": 1}, objectHash=track,
                 **({} if f % 7 == 0 and track == "b" else {"lastEditedAt": f"Fri, 10 Feb 2023 ü{f}"}), **more) for track in "abc"]}
        for f in range(count)
    }  # fmt: skip
    return video(frames, object_actions=ACTIONS, object_answers=STATIC)


def test_times_that_differ_from_frame_to_frame_are_columns(monkeypatch):
    data = json.dumps([stamped(90)], separators=(",", ":"), ensure_ascii=False).encode()
    read_twice(None, data)
    monkeypatch.setattr(bulk, "LEAST", 1)
    _, boxes = bulk.opened(data[1:-1])
    assert len(boxes.wordings) == 4
    assert boxes.stamps["updated"][:2] == ["Fri, 10 Feb 2023 ü0", None]


@pytest.mark.parametrize(
    "more", [{"note": {"lastEditedAt": "x"}}, {"note": '"lastEditedAt":"x"'}, {"createdAt": 'q"q'}, {"createdAt": ""}]
)
def test_times_that_stand_elsewhere_too_are_left_to_single_records(more):
    read_twice(None, json.dumps([stamped(90, **more)], separators=(",", ":")).encode())


@settings(max_examples=100, deadline=None)
@given(rows(plain=True))
def test_plain_rows_are_taken_in_bulk(record):
    data = read_twice(record)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "LEAST", 1)
        assert (bulk.opened(data[1:-1]) is not None) == any(
            frame["objects"] for frame in record["data_units"]["v1"]["labels"].values()
        )


@pytest.mark.parametrize("box", ['{"x":1,"y":2,"w":3,"h":4,"t":5}', '{"x1":1,"y":2,"w":3,"h":4}', '{"x":"1","y":2,"w":3,"h":4}',
                                 '{"x":null,"y":2,"w":3,"h":4}', "{}", "[]", "null", '{"x":1,"x":2,"w":3,"h":4}', '{"x-":1,"y":2,"w":3,"h":4}'])  # fmt: skip
def test_boxes_of_other_shapes_are_left_to_single_records(box):
    record = video({"3": {"objects": [thing("bounding_box", "boundingBox", 7)]}})
    text = (
        json.dumps([record], separators=(",", ":"))
        .encode()
        .replace(b'"boundingBox":7', b'"boundingBox":' + box.encode())
    )
    assert bulk.opened(text[1:-1]) is None
    read_twice(None, text)
