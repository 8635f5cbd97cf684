from contextlib import contextmanager

import attrs
import pytest

import annokit
from annokit.interop.encord import from_encord
from tests.formats.encord.test_encord import OBJECTS, ONTOLOGY, row


@attrs.define
class Row:
    record: dict
    is_labelling_initialised: bool = False
    bundles: list = attrs.field(factory=list)

    @property
    def data_title(self):
        return self.record["data_title"]

    def initialise_labels(self, bundle=None):
        self.is_labelling_initialised = True
        self.bundles.append(bundle)

    def to_encord_dict(self):
        assert self.is_labelling_initialised
        return self.record


@attrs.define
class Structure:
    def to_dict(self):
        return ONTOLOGY


@attrs.define
class Project:
    rows: list
    ontology_structure: Structure = attrs.field(factory=Structure)
    sizes: list = attrs.field(factory=list)

    def list_label_rows_v2(self, include_all_label_branches=False):
        return self.rows

    @contextmanager
    def create_bundle(self, bundle_size):
        self.sizes.append(bundle_size)
        yield len(self.sizes)


def rows(count):
    return [Row(row({"objects": OBJECTS[:1]}, data_title=f"{i}.png", label_hash=f"l{i}")) for i in range(count)]


def test_rows_of_a_project_are_initialised_in_bundles():
    project = Project(rows(5))
    project.rows[0].is_labelling_initialised = True
    ds = from_encord(project, bundle_size=2)
    assert [sequence.name for sequence in ds.sequences] == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert [r.bundles for r in project.rows] == [[], [1], [1], [2], [2]]
    assert "Hand" in ds.labels.names


def test_rows_alone_and_one_of_them_by_its_title():
    assert [s.name for s in from_encord(rows(3), title="1.png").sequences] == ["1.png"]
    assert len(from_encord(rows(1)[0])) == 1


@pytest.mark.parametrize("size", [0, 1001])
def test_bundles_have_bounds(size):
    with pytest.raises(annokit.UsageError, match="bundle_size"):
        from_encord(rows(1), bundle_size=size)


@pytest.mark.parametrize("given", [7, [7]])
def test_other_objects_are_refused(given):
    with pytest.raises(annokit.UsageError, match="label rows"):
        from_encord(given)
