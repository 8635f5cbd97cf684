"""What the vendor's SDK makes of label rows: run by a Python that has it, JSON in and out."""

import json
import logging
import sys
from types import SimpleNamespace

from encord.objects import OntologyStructure
from encord.objects.ontology_labels_impl import LabelRowV2
from encord.orm.label_row import LabelRowMetadata, LabelStatus

logging.disable(logging.CRITICAL)


def metadata_of(row):
    """Return what the platform's list of rows tells of a row."""
    unit = next(iter(row["data_units"].values()))
    server = {"data_duration": 1.0, "data_fps": 10.0, "frames": [], "child_info": {"layout_key": "a", "file_name": "b"}}
    spaces = {k: {**server, **space, "labels": {}} for k, space in row.get("spaces", {}).items()}
    for space in spaces.values():
        if "scene_info" in space or "root_info" in space:
            del space["child_info"]
    return LabelRowMetadata(
        label_hash=row.get("label_hash"), created_at=None, last_edited_at=None, data_hash=row["data_hash"],
        branch_name=row.get("branch_name") or "main",
        dataset_hash=row["dataset_hash"], dataset_title=row["dataset_title"], data_title=row["data_title"],
        data_type=row["data_type"], data_link=None, label_status=LabelStatus(row["label_status"]),
        annotation_task_status=None, workflow_graph_node=None, is_shadow_data=False,
        frames_per_second=unit.get("data_fps"), number_of_frames=100_000, duration=unit.get("data_duration"),
        height=unit.get("height"), width=unit.get("width"), audio_sample_rate=None, audio_codec=None,
        audio_bit_depth=None, audio_num_channels=None, spaces=spaces)  # fmt: skip


def answer(case):
    """Return the SDK's own rows of a case, or the error that it raises."""
    try:
        ontology = OntologyStructure.from_dict(case["ontology"])
        made = []
        for row in case["rows"]:
            mine = LabelRowV2(metadata_of(row), None, SimpleNamespace(structure=ontology))
            mine.from_labels_dict(row)
            made.append(mine.to_encord_dict())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return made


if __name__ == "__main__":
    json.dump({name: answer(case) for name, case in json.load(sys.stdin).items()}, sys.stdout, default=str)
