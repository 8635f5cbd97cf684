"""What the vendor's own SDK makes of written rows.

Needs a Python with ``encord`` 0.1.211, named by the environment variable ``ANNOKIT_ENCORD_PYTHON``.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

import annokit
from annokit.formats.encord.geometry import visibility
from annokit.formats.encord.ranges import pairs
from tests.formats.encord.test_encord import CLASSIFIED, ENTRY, OBJECTS, RANGED, parsed, row, thing, video
from tests.formats.encord.test_write import LABEL_ROWS, ROOT

PYTHON = os.environ.get("ANNOKIT_ENCORD_PYTHON")
pytestmark = pytest.mark.skipif(PYTHON is None, reason="needs ANNOKIT_ENCORD_PYTHON")

REFUSED = {
    "data_group_two_audio__DATA_GROUP_WITH_TWO_AUDIO_LABELS.json": "KeyError: 'type'",
    "data_group_two_html__DATA_GROUP_WITH_TWO_HTML.json": "KeyError: 'type'",
    "data_group_two_text__DATA_GROUP_WITH_TWO_TEXT_LABELS.json": "KeyError: 'type'",
    "data_group_scene__SCENE_NO_LABELS.json": "Missing 'scene_info'",
}
"""Rows out of the SDK's own tests that the SDK refuses as they are, written by nobody else."""


def written(ds, folder):
    folder.mkdir(parents=True)
    rows, ontology = folder / "rows.json", folder / "ontology.json"
    annokit.write(ds, rows, "encord", on_loss="allow", ontology=ontology)
    return {"rows": json.loads(rows.read_bytes()), "ontology": json.loads(ontology.read_bytes())}


def elsewhere():
    """Return a dataset that never was Encord's."""
    builder = annokit.DatasetBuilder()
    shapes = (annokit.Box(0.1, 0.2, 0.4, 0.6), annokit.RotatedBox(0.5, 0.5, 0.2, 0.3, 30.0), annokit.Point(0.1, 0.2))
    skeleton = annokit.Skeleton(("wrist", "tip"), ((0, 1),))
    hand = builder.add_label(annokit.Label("hand", skeleton=skeleton))
    for name in ("a.png", "b.jpg"):
        item = builder.add_item(name, width=200, height=100)
        for shape in shapes:
            builder.add_annotation(item, "thing", shape, attributes={"pose": "sits", "n": 3, "flags": ["a", "b"]})
        builder.add_annotation(item, "indoor", attributes={"sure": 0.5})
        builder.add_annotation(item, "indoor", attributes={"sure": 0.7, "why": True})
        for label in ("thing", "thing", "other"):
            builder.add_annotation(item, label, shapes[0], track="same")
        builder.add_annotation(item, hand, annokit.Keypoints([[0.1, 0.2], [0.3, 0.4]], [2, 1]))
    sequence = builder.add_sequence("s", name="v.mp4", fps=25, width=64, height=48)
    for frame in (3, 5):
        item = builder.add_item(f"v.mp4#{frame}", kind="frame", frame=frame, sequence=sequence, width=64, height=48)
        builder.add_annotation(item, "thing", shapes[0], track="abcdefgh", attributes={"pose": f"p{frame}", "n": 4})
    return builder.build()


FRAMES = {str(f): {"objects": [thing("bounding_box", "boundingBox", {"x": 0, "y": 0, "w": 1, "h": f / 9}, objectHash="o"),
                               thing("polygon", "polygons", [[[0, 0, 1, 0, 1, f / 9]]], objectHash="p")],
                   "classifications": [ENTRY]} for f in (2, 3, 7)}  # fmt: skip
ACTIONS = {"o": {"objectHash": "o", "actions": [
    {"name": "Moving", "value": "moving", "featureHash": "m", "dynamic": True, "range": [[2, 3]], "manualAnnotation": True,
     "answers": [{"name": "Fast", "value": "fast", "featureHash": "o3"}]}]}}  # fmt: skip
MADE = {
    "every shape": row({"objects": OBJECTS, "classifications": [ENTRY]}, classification_answers=CLASSIFIED),
    "points as a list": row(
        {"objects": [thing("polygon", "polygon", [{"x": 0.1, "y": 0.2}, {"x": 1, "y": 0}, {"x": 0, "y": 1}])]}
    ),
    "frames": video(FRAMES, classification_answers=CLASSIFIED, object_actions=ACTIONS),
    "ranges": video({}, classification_answers=RANGED),
    "both places": video(FRAMES, classification_answers={"c": {**RANGED["c"], "range": [[2, 3], [7, 7]]}}),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Return {name: (rows as they were, rows as written, rows as the SDK writes what it read of those)}."""
    folder = tmp_path_factory.mktemp("judge")
    given = {name: [record] for name, record in MADE.items()}
    sets = {name: parsed(*rows) for name, rows in given.items()}
    for name in LABEL_ROWS:
        document = json.loads((ROOT / name).read_bytes())
        given[name] = document if isinstance(document, list) else [document]
        sets[name] = annokit.read(ROOT / name, "encord", layer="all")
    cases = {name: written(ds, folder / str(place)) for place, (name, ds) in enumerate(sets.items())}
    cases["elsewhere"] = written(elsewhere(), folder / "elsewhere")
    given["elsewhere"] = cases["elsewhere"]["rows"]
    script = str(Path(__file__).with_name("judge.py"))
    done = subprocess.run([str(PYTHON), script], input=json.dumps(cases), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout)
    return {name: (given[name], cases[name]["rows"], answers[name]) for name in cases}


@pytest.mark.parametrize("name", [*MADE, *LABEL_ROWS, "elsewhere"])
def test_every_object_attribute_classification_and_frame_is_equal(judged, name):
    given, rows, answer = judged[name]
    if name in REFUSED:
        assert REFUSED[name] in answer
        return
    assert isinstance(answer, list), answer
    mine, its = told(given), told(answer)
    for part, values in mine.items():
        assert values == its[part], part
    assert told(rows) == mine


def test_the_real_export_has_all_its_classifications(judged):
    """The SDK alone finds none in rows of that age, which state no ranges."""
    given, _, answer = judged["coco_exporter__LABELS_LIST.json"]
    assert len(told(answer)["classified"]) == len(told(given)["classified"]) == 22


def told(rows):
    """Return what rows say: objects by row, medium, frame and hash, their answers by frame, classifications by frame."""
    found = {"objects": {}, "static": {}, "dynamic": {}, "classified": {}, "answers": {}}
    for place, record in enumerate(rows):
        kinds = record["data_type"] in ("video", "dicom", "nifti", "pdf", "scene")
        media = [(None, int(unit["data_sequence"]), unit.get("labels")) for unit in record["data_units"].values()]
        media += [(key, 0, space.get("labels")) for key, space in record.get("spaces", {}).items()]
        frames = set()
        for key, sequence, labels in media:
            single = {"objects", "classifications"} & set(labels or ())
            by_frame = {sequence: labels} if single or (key is None and not kinds) else labels
            for frame, lists in (by_frame or {}).items():
                for entry in lists.get("objects", ()):
                    found["objects"][place, key, int(frame), entry["objectHash"]] = geometry(entry)
                    frames.add((entry["objectHash"], key, int(frame)))
                for entry in lists.get("classifications", ()):
                    found["classified"][
                        place, None if key == "root" else key, entry["classificationHash"], int(frame)
                    ] = entry["featureHash"]
        _answers(found, place, record, frames)
    return found


def _answers(found, place, record, frames):
    hashes = {ident for ident, _, _ in frames}
    for name, part in (("object_answers", "static"), ("classification_answers", "answers")):
        for ident, entry in record[name].items():
            if entry["classifications"] and (name != "object_answers" or ident in hashes):
                found[part][place, ident] = sorted(json.dumps(given(a)) for a in entry["classifications"])
    for ident, entry in record["object_actions"].items():
        for action in entry["actions"]:
            for _, key, frame in (where for where in frames if where[0] == ident):
                if any(a <= frame <= b for a, b in pairs(action["range"])):
                    options = given(action)[1] if isinstance(action["answers"], list) else [action["answers"]]
                    found["dynamic"].setdefault((place, ident, key, frame, action["featureHash"]), set()).update(
                        options
                    )
    for ident, entry in record["classification_answers"].items():
        _placed(found["classified"], place, record, ident, entry)


def _placed(found, place, record, ident, entry):
    """Add the frames on which a classification holds by its ranges."""
    places = {None: entry.get("range"), **{key: s["range"] for key, s in (entry.get("spaces") or {}).items()}}
    for key, ranges in places.items():
        picture = key is not None and record["spaces"][key]["space_type"] == "image"
        for a, b in [(0, 0)] if picture and ranges == [] else pairs(ranges):
            found.update({(place, key, ident, frame): entry["featureHash"] for frame in range(a, b + 1)})


def given(answer):
    options = answer["answers"]
    return answer["featureHash"], sorted(o["featureHash"] for o in options) if isinstance(options, list) else options


def geometry(entry):
    keys = (
        "boundingBox",
        "rotatableBoundingBox",
        "polyline",
        "point",
        "bitmask",
        "cuboid",
        "cuboid_2d",
        "segmentation",
    )
    shape = {key: entry[key] for key in keys if key in entry}
    for key in ("polyline", "point"):
        if key in shape:
            shape[key] = (
                [shape[key][k] for k in sorted(shape[key], key=int)] if isinstance(shape[key], dict) else shape[key]
            )
    if entry["shape"] == "polygon":
        points = entry.get("polygon") or {}
        listed = [points[k] for k in sorted(points, key=int)] if isinstance(points, dict) else points
        shape["parts"] = entry.get("polygons") or [[[p[axis] for p in listed for axis in "xy"]]]
    if "skeleton" in entry:
        joints = entry["skeleton"]
        shape["skeleton"] = [(joints[k]["x"], joints[k]["y"], visibility(joints[k])) for k in sorted(joints, key=int)]
    for key, more in (("circle", {"stretch": 1.0, "theta": 0.0}), ("ellipse", {"theta": 0.0})):
        if key in entry:
            shape[key] = {**more, **entry[key]}
    manual, score = entry.get("manualAnnotation", True), entry.get("confidence", 1)
    return entry["featureHash"], entry["shape"], entry["name"], manual, score, entry.get("createdBy"), shape
