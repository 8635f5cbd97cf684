"""Labels, info and issues as documents."""

import json
import pickle

import attrs
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annokit.formats.annokit.documents import issues_of, labels_of, labels_text
from annokit.formats.annokit.places import columns, places_of
from annokit.model.label import AttributeDefinition, Label, Option
from annokit.model.label_set import LabelSet
from annokit.report import Issue, Places, Report
from tests.formats.annokit_file.datasets import labels


@given(st.lists(labels(), max_size=4))
def test_labels_come_back(listed: list[Label]) -> None:
    found = labels_of(labels_text(LabelSet(listed)))
    assert repr(list(found)) == repr(listed)


def test_parents_are_stored_once_and_shared() -> None:
    root = Label("root")
    middle = Label("middle", parent=root)
    twin = Label("middle", parent=Label("root"))
    listed = [Label("a", parent=middle), Label("b", parent=twin), root]
    text = labels_text(LabelSet(listed))
    assert json.loads(text) == {
        "nodes": [
            {"name": "root"},
            {"name": "middle", "parent": 0},
            {"name": "a", "parent": 1},
            {"name": "b", "parent": 1},
        ],
        "labels": [2, 3, 0],
        "attributes": [],
    }
    found = labels_of(text)
    assert list(found) == listed
    assert found[0].parent is found[1].parent


def test_true_one_and_none_differ() -> None:
    inner = AttributeDefinition(name="q", default=None, minimum=0)
    for value in (True, 1, 1.0, 0, False, None, "", []):
        definition = AttributeDefinition(name="a", default=value, options=[Option(name="o", attributes=[inner])])
        (found,) = labels_of(labels_text(LabelSet([], [definition]))).attributes
        assert found == definition
        assert type(found.default) is type(value)


def test_a_thousand_generations() -> None:
    label = Label("0")
    for number in range(1, 400):
        label = attrs.evolve(label, name=str(number), parent=label)
    assert labels_of(labels_text(LabelSet([label])))[0].path == label.path


def test_issues_with_codes_of_the_future() -> None:
    fields = Issue("odd-value", "info", "odd", 3, ("x",)).to_dict()
    (found,) = issues_of(json.dumps([{**fields, "code": "new-code"}]).encode(), {})
    assert (found.code, found.message, found.count) == ("assumed", "new-code: odd", 3)


def test_places_come_back() -> None:
    listed = [("a", 1, "x"), (None, None, None), ("b", None, "y"), ("a", 7, "x")]
    report = Report([Issue.at("odd-value", "info", "", Places.of(listed))])
    (found,) = columns(report).values()
    places = places_of(found, None)
    assert [places.row(number) for number in range(4)] == listed
    assert list(places.items) == ["a", "b"]
    assert places.items[1:] == ["b"]
    assert places.columns().keys() == found.keys()
    again = pickle.loads(pickle.dumps(places))
    assert [again.row(number) for number in range(4)] == listed


def test_places_without_items() -> None:
    (found,) = columns(Report([Issue.at("odd-value", "info", "", Places((), np.array([-1, -1])))])).values()
    places = places_of(found, "the same")
    assert [places.row(number) for number in range(2)] == [(None, None, "the same")] * 2
