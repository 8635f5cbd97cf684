import json

import numpy as np
import pytest

from annokit.report import CODES, Issue, Places, Report

PLACES = Places(["a.png", "b.png"], np.array([0, 1, -1]), np.array([5, -1, 7]), "why")


def test_rows_come_one_by_one_with_their_facts():
    issue = Issue.at("dropped", "warning", "no place for it", PLACES, field="score", fate="dropped")
    assert issue.count == 3
    assert [tuple(row) for row in Report([issue]).rows()] == [
        ("a.png", 5, "score", "dropped", "why"),
        ("b.png", None, "score", "dropped", "why"),
        (None, 7, "score", "dropped", "why"),
    ]


def test_examples_are_the_first_places():
    issue = Issue.at("dropped", "warning", "m", PLACES)
    assert issue.examples == ("a.png annotation 5: why", "b.png: why", "annotation 7: why")


def test_a_report_is_true_when_there_is_something_to_tell():
    assert not Report()
    assert Report([Issue("dropped", "info", "m")])
    assert str(Report()) == "nothing to report"


def test_the_worst_severity_wins():
    issues = [Issue("dropped", level, "m") for level in ("info", "error", "warning")]
    assert Report(issues).severity == "error"
    assert Report(issues[:1]).severity == "info"
    assert Report().severity is None


def test_to_dict_is_json():
    issue = Issue.at("dropped", "warning", "m", PLACES, field="attributes.x", fate="dropped")
    told = Report([issue]).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["counts"] == {"error": 0, "warning": 3, "info": 0}
    assert told["issues"][0]["field"] == "attributes.x"


def test_an_unregistered_code_is_refused():
    with pytest.raises(ValueError, match="unknown issue code 'nonsense'"):
        Issue("nonsense", "info", "m")


def test_a_severity_and_a_fate_are_of_their_lists():
    with pytest.raises(ValueError, match="severity"):
        Issue("dropped", "bad", "m")
    with pytest.raises(ValueError, match="fate"):
        Issue("dropped", "info", "m", fate="eaten")


def test_every_code_is_explained():
    assert all(told.endswith(".") for told in CODES.values())
