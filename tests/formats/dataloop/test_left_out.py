"""What is left out by default: annotations of the workflow, remarks, hidden items."""

from __future__ import annotations

from pathlib import Path

import annokit
from annokit.model.compare import differences
from tests.formats.dataloop.documents import item, load, note, returned, save, written, z
from tests.formats.laws import check_laws

REMARK = note("note", "issue", {"box": [z(1, 2), z(3, 4)], "note": {"messages": [{"id": 1, "body": "look"}]}})
DONE = note("class", "completed", system={"system": True})
CAT = note("box", coordinates=[z(64, 48), z(128, 96)])


def test_remarks_and_the_workflow_are_left_out_listed_and_written_back(tmp_path: Path) -> None:
    document = item(DONE, CAT, REMARK, note("box", "dog", coordinates=[z(0, 0), z(5, 5)]), DONE)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert [annotation.label.name for annotation in ds[0].annotations] == ["cat", "dog"]
    assert ds.labels.names == ("cat", "dog")
    assert ds[0].status == "labelled"
    system, remark = ds.issues.of("skipped-record")
    assert (system.count, remark.count) == (2, 1)
    assert "system=True" in system.message
    assert "notes=True" in remark.message
    assert "a.jpg.json: completed" in system.examples[0]


def test_options_read_them(tmp_path: Path) -> None:
    document = item(DONE, CAT, REMARK)
    ds, back = returned(tmp_path, document, system=True, notes=True)
    assert back == [document]
    assert [annotation.label.name for annotation in ds[0].annotations] == ["completed", "cat", "issue"]
    assert not ds.issues.of("skipped-record")
    only = load(tmp_path, document, notes=True)
    assert [annotation.label.name for annotation in only[0].annotations] == ["cat", "issue"]


def test_they_stay_where_rows_are_taken_away(tmp_path: Path) -> None:
    ds = load(tmp_path, item(DONE, CAT, CAT, REMARK)).filter(annotations=[0])
    report = annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    assert [(row.field, row.fate) for row in report.rows()] == [("order", "restated")]
    back = annokit.read(tmp_path / "out")
    assert list(differences(back, ds)) == ["items/extras/dataloop/#others"]
    (document,) = written(back, tmp_path).values()
    assert document["annotations"] == [DONE, CAT, REMARK]
    check_laws(ds, "dataloop", tmp_path)


def test_hidden_items_and_folders(tmp_path: Path) -> None:
    hidden = item(CAT, name="/thumb.jpg", hidden=True)
    folder = {"filename": "/dir", "type": "dir", "annotations": []}
    path = save(tmp_path, item(CAT), hidden, folder)
    ds = annokit.read(path)
    assert ds.names == ("a.jpg",)
    (issue,) = ds.issues.of("skipped-record")
    assert issue.count == 2
    annokit.write(ds, tmp_path / "out", "dataloop", on_loss="raise")
    assert annokit.read(tmp_path / "out") == ds
    assert annokit.read(tmp_path / "out", hidden=True).names == ("a.jpg", "thumb.jpg")
    assert annokit.read(path, hidden=True)["thumb.jpg"].annotations[0].label.name == "cat"
