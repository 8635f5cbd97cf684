"""Live objects of the vendor's SDK, over a client that answers from memory.

Needs a Python of this version with ``encord`` 0.1.211, named by the environment variable ``ANNOKIT_ENCORD_PYTHON``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annokit.formats.encord.structure import Gathered
from tests.formats.encord.test_encord import ONTOLOGY, row, thing, video

PYTHON = os.environ.get("ANNOKIT_ENCORD_PYTHON")
pytestmark = pytest.mark.skipif(PYTHON is None, reason="needs ANNOKIT_ENCORD_PYTHON")

FOLDER = """
import encord, pathlib, sys
print(sys.version_info[:2], pathlib.Path(encord.__file__).parents[1], sep="|")
"""

SCRIPT = """
import json, sys
given = json.load(sys.stdin)
sys.path.append(given["packages"])
sys.path.append(given["judge"])
from types import SimpleNamespace
from encord.objects import OntologyStructure
from encord.project import Project
from judge import metadata_of
import annokit

rows = {row["label_hash"]: row for row in given["rows"]}
structure = OntologyStructure.from_dict(given["ontology"])

class Client:
    calls = []
    def list_label_rows(self, *args, include_all_label_branches=False, data_title_eq=None, **more):
        found = [r for r in rows.values() if include_all_label_branches or r["branch_name"] == "main"]
        return [metadata_of(r) for r in found if data_title_eq in (None, r["data_title"])]
    def get_label_rows(self, uids, **more):
        self.calls.append(list(uids))
        return [rows[uid] for uid in uids]

def project():
    client = Client()
    client.calls = []
    made = Project.__new__(Project)
    made._client, made._ontology_internal = client, SimpleNamespace(structure=structure)
    return made, client

def told(ds):
    return [[item.name, item.frame, a.track, a.label.name, a.layer, dict(a.attributes)] for item in ds for a in item.annotations]

found = {}
mine, client = project()
found["all"], found["bundles"] = told(annokit.from_encord(mine, bundle_size=2, layer="all")), client.calls
mine, client = project()
found["main"], found["main calls"] = told(annokit.from_encord(mine)), client.calls
mine, client = project()
found["title"], found["title calls"] = told(annokit.from_encord(mine, title="v.mp4")), client.calls
mine, client = project()
some = mine.list_label_rows_v2()
some[0].initialise_labels()
client.calls.clear()
ds = annokit.from_encord(some)
found["rows"], found["rows calls"], found["labels"] = told(ds), client.calls, ds.labels.names
json.dump(found, sys.stdout)
"""


def objects(*things):
    return {"objects": list(things), "classifications": []}


CAR = thing(
    "bounding_box", "boundingBox", {"x": 0, "y": 0, "w": 1, "h": 1}, featureHash="f1", name="Car", objectHash="o"
)
COMMON = {"branch_name": "main", "dataset_hash": "d", "created_at": None, "last_edited_at": None}
ROWS = [
    row(objects(CAR), **{**COMMON, "label_hash": "1", "data_title": "1.png"}),
    row(objects(CAR), **{**COMMON, "label_hash": "2", "data_title": "1.png", "branch_name": "encord-a"}),
    video({"5": objects(CAR), "3": objects(CAR)}, **{**COMMON, "label_hash": "3"},
          object_actions={"o": {"objectHash": "o", "actions": [
              {"name": "Moving", "value": "moving", "featureHash": "a3", "dynamic": True, "range": [[5, 5]], "manualAnnotation": True,
               "answers": [{"name": "Fast", "value": "fast", "featureHash": "o3"}]}]}},
          object_answers={"o": {"objectHash": "o", "classifications": [
              {"name": "Colour", "value": "colour", "featureHash": "a1", "manualAnnotation": True,
               "answers": [{"name": "Red", "value": "red", "featureHash": "o1"}]}]}}),
]  # fmt: skip


@pytest.fixture(scope="module")
def found():
    asked = subprocess.run([str(PYTHON), "-c", FOLDER], capture_output=True, text=True, check=True)
    version, packages = asked.stdout.strip().split("|")
    if version != str(sys.version_info[:2]):
        pytest.skip(f"the SDK's Python is {version}")
    root = Path(__file__).parents[2]
    plain = {key: nodes for key, nodes in ONTOLOGY.items() if key != "skeleton_templates"}
    ontology = Gathered(plain).complete()
    given = {"packages": packages, "judge": str(root / "tests/formats/encord"), "rows": ROWS, "ontology": ontology}
    done = subprocess.run([sys.executable, "-c", SCRIPT], input=json.dumps(given), capture_output=True, text=True,
                          check=False, cwd=root)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


VIDEO = [["v.mp4#3", 3, "o", "Car", "main", {"Colour": "Red"}],
         ["v.mp4#5", 5, "o", "Car", "main", {"Colour": "Red", "Moving": ["Fast"]}]]  # fmt: skip


def test_a_project_is_read_in_bundles_branch_by_branch(found):
    assert found["bundles"] == [["1", "2"], ["3"]]
    assert [line[4] for line in found["all"]] == ["main", "encord-a", "main", "main"]
    assert found["all"][2:] == VIDEO


def test_the_main_branch_alone_is_fetched_by_default(found):
    assert found["main calls"] == [["1", "3"]]
    assert found["main"] == [["ä.png", None, "o", "Car", "main", {}], *VIDEO]


def test_a_title_chooses(found):
    assert (found["title calls"], found["title"]) == ([["3"]], VIDEO)


def test_only_rows_that_are_not_initialised_are(found):
    assert found["rows calls"] == [["3"]]
    assert found["rows"] == found["main"]
    assert found["labels"] == ["Car", "Hand", "Weather"]
