import numpy as np
import pytest

from annokit import Box, DatasetBuilder, Polygon
from annokit.formats.outlines import bridge_holes, bridged_ring, split_parts

OUTER = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 8.0], [0.0, 8.0]])
HOLE = np.array([[2.0, 2.0], [4.0, 2.0], [4.0, 4.0], [2.0, 4.0]])
OTHER = np.array([[6.0, 5.0], [8.0, 5.0], [8.0, 7.0]])


def area(ring):
    return abs(float(np.dot(ring[:, 0], np.roll(ring[:, 1], -1)) - np.dot(ring[:, 1], np.roll(ring[:, 0], -1))) / 2)


@pytest.mark.parametrize("turned", [False, True])
def test_a_bridged_ring_encloses_the_part_without_its_holes(turned):
    hole = HOLE[::-1] if turned else HOLE
    ring = bridged_ring([OUTER, hole, OTHER])
    assert len(ring) == 4 + 4 + 2 + 3 + 2
    assert area(ring) == pytest.approx(80 - 4 - 2)
    mask = Polygon(((ring / [12, 10],),)).mask(12, 10).decode()
    assert np.array_equal(mask, Polygon(((OUTER / [12, 10], HOLE / [12, 10], OTHER / [12, 10]),)).mask(12, 10).decode())


def dataset():
    builder = DatasetBuilder()
    item = builder.add_item("a.png", width=12, height=10)
    builder.add_annotation(item, "plain", Polygon(((OUTER / 20,),)), id=1)
    parts = ((OUTER / 20, HOLE / 20), (OTHER / 20,))
    builder.add_annotation(item, "both", Polygon(parts), id=2, score=0.5, box=Box(0, 0, 1, 1), attributes={"a": 1})
    builder.add_annotation(item, "box", Box(0, 0, 1, 1), id=3)
    return builder.build()


def test_holes_are_bridged_and_parts_split_with_a_record_of_each():
    ds, issues = bridge_holes(dataset(), True)
    assert [(i.code, i.count) for i in issues] == [("converted", 1)]
    assert [row.annotation for i in issues for row in i.rows()] == [1]
    ds, issues = split_parts(ds, True)
    assert [a.id for a in ds.annotations] == [1, 2, 2, 3]
    assert [len(a.shape.parts) for a in ds.annotations if isinstance(a.shape, Polygon)] == [1, 1, 1]
    assert [dict(a.attributes) for a in ds.annotations] == [{}, {"a": 1}, {"a": 1}, {}]
    assert ds.annotations[2].box == ds.annotations[2].shape.bounds()
    assert [row.annotation for i in issues for row in i.rows()] == [1]


def test_nothing_to_do_returns_the_dataset_itself():
    ds = dataset().filter(labels=["plain", "box"])
    assert bridge_holes(ds, True) == (ds, [])
    assert split_parts(ds, True)[0] is ds
