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

    @property
    def branch_name(self):
        return self.record.get("branch_name", "main")

    def initialise_labels(self, bundle=None):
        assert not self.is_labelling_initialised
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

    def list_label_rows_v2(self, include_all_label_branches=False, data_title_eq=None):
        rows = [row for row in self.rows if data_title_eq in (None, row.data_title)]
        return rows if include_all_label_branches else [row for row in rows if row.branch_name == "main"]

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


def test_rows_of_other_branches_are_not_fetched_but_told_of():
    mine = rows(2)
    mine[1].record["branch_name"] = "encord-1"
    ds = from_encord(mine)
    assert (len(ds.sequences), mine[1].is_labelling_initialised) == (1, False)
    assert [(issue.code, issue.examples) for issue in ds.issues] == [("layer-not-read", ("encord-1",))]
    assert [a.layer for a in from_encord(mine, layer="encord-1").annotations] == ["encord-1"]
    assert [a.layer for a in from_encord(Project(mine), layer="all").annotations] == ["main", "encord-1"]
