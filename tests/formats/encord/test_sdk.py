"""What the vendor's own SDK makes of written rows; skipped where it is not installed beside the repository."""

import json
import subprocess
from io import BytesIO
from pathlib import Path

import pytest

import annokit
from tests.fixtures import fixture

PYTHON = Path(__file__).parents[4] / "env" / "peers-encord" / "bin" / "python"
SCRIPT = """
import inspect, json, sys
from unittest.mock import MagicMock
from encord.objects import OntologyStructure
from encord.objects.ontology_labels_impl import LabelRowV2
from encord.orm.label_row import LabelRowMetadata, LabelStatus
given = json.load(sys.stdin)
structure = OntologyStructure.from_dict(given["ontology"])
ontology = MagicMock(structure=structure)
made = []
for row in given["rows"]:
    unit = next(iter(row["data_units"].values()))
    known = dict(row, branch_name=row.get("branch_name") or "main", number_of_frames=10_000, is_shadow_data=False,
        width=unit.get("width"), height=unit.get("height"), frames_per_second=unit.get("data_fps"), spaces={},
        label_status=LabelStatus(row["label_status"]), created_at=None, last_edited_at=None, annotation_task_status=None)
    names = inspect.signature(LabelRowMetadata.__init__).parameters
    must = [n for n in list(names)[1:] if names[n].default is inspect.Parameter.empty]
    metadata = LabelRowMetadata(**{name: known.get(name) for name in must})
    live = LabelRowV2(metadata, MagicMock(), ontology)
    live.from_labels_dict({"branch_name": "main", "is_shadow_data": False, **row})
    made.append(live.to_encord_dict())
json.dump(made, sys.stdout, default=str)
"""


def through_the_sdk(rows, ontology):
    if not PYTHON.exists():
        pytest.skip("the vendor's SDK is not installed")
    given = json.dumps({"rows": rows, "ontology": ontology})
    done = subprocess.run([str(PYTHON), "-c", SCRIPT], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def written(ds):
    stream = BytesIO()
    annokit.write(ds, stream, "encord", on_loss="allow")
    return json.loads(stream.getvalue())


def told(rows):
    """Return what rows say of objects, keyed by row, unit, frame and hash; and which answers they hold."""
    objects, answers = {}, {}
    for place, row in enumerate(rows):
        for key, unit in row["data_units"].items():
            labels = unit["labels"]
            frames = {"": labels} if "objects" in labels or "classifications" in labels else labels
            for frame, lists in frames.items():
                for entry in lists.get("objects", ()):
                    objects[place, key, frame, entry["objectHash"]] = _geometry(entry)
        for name in ("object_answers", "classification_answers"):
            for ident, entry in row[name].items():
                answers[place, ident] = sorted(json.dumps(_answer(a)) for a in entry["classifications"])
    return objects, answers


def _geometry(entry):
    keys = ("boundingBox", "rotatableBoundingBox", "polyline", "point", "bitmask", "circle", "ellipse", "polygons")
    found = {key: entry[key] for key in keys if key in entry}
    if "skeleton" in entry:
        found["skeleton"] = [(j["x"], j["y"]) for j in entry["skeleton"].values()]
    return entry["featureHash"], entry["shape"], entry["name"], found


def _answer(answer):
    given = answer["answers"]
    return answer["featureHash"], sorted(o["featureHash"] for o in given) if isinstance(given, list) else given


SHAPES = (annokit.Box(0.1, 0.2, 0.4, 0.6), annokit.RotatedBox(0.5, 0.5, 0.2, 0.3, 30.0), annokit.Point(0.1, 0.2))


def test_a_dataset_from_elsewhere_is_what_the_sdk_reads():
    builder = annokit.DatasetBuilder()
    for name in ("a.png", "b.jpg"):
        item = builder.add_item(name, width=200, height=100)
        for shape in SHAPES:
            builder.add_annotation(item, "thing", shape)
    sequence = builder.add_sequence("s", name="v.mp4", fps=25, width=64, height=48)
    for frame in (3, 5):
        item = builder.add_item(f"v.mp4#{frame}", kind="frame", frame=frame, sequence=sequence, width=64, height=48)
        builder.add_annotation(item, "thing", SHAPES[0], track="abcdefgh")
    rows = written(builder.build())
    assert len(told(rows)[0]) == 8
    names = {}
    for row in rows:
        for unit in row["data_units"].values():
            labels = unit["labels"]
            for lists in [labels] if "objects" in labels else labels.values():
                names.update({e["featureHash"]: (e["name"], e["shape"]) for e in lists["objects"]})
    objects = [
        {"id": str(i), "name": name, "color": "#000000", "shape": shape, "featureNodeHash": ident, "attributes": []}
        for i, (ident, (name, shape)) in enumerate(names.items(), 1)
    ]
    assert told(through_the_sdk(rows, {"objects": objects, "classifications": []})) == told(rows)


def test_the_real_export_is_what_the_sdk_reads():
    rows = written(annokit.read(fixture("encord/coco_exporter__LABELS_LIST.json"), layer="all"))
    ontology = json.loads(fixture("encord/coco_exporter__ONTOLOGY_STRUCTURE_DICT.json").read_bytes())
    mine, its = told(rows)[0], told(through_the_sdk(rows, ontology))[0]
    assert mine.keys() == its.keys()
    assert {key: value[:3] for key, value in mine.items()} == {key: value[:3] for key, value in its.items()}
