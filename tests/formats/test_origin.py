"""Reports name the rows and items of the dataset that the caller holds."""

import numpy as np

import annokit
from annokit import Box, DatasetBuilder, Keypoints, Polygon


def square(x):
    return np.array([[x, 0.1], [x + 0.1, 0.1], [x + 0.1, 0.2]])


def dataset():
    builder = DatasetBuilder()
    for name in ("a/same.jpg", "b/same.jpg"):
        builder.add_item(name, width=400, height=300)
    builder.add_annotation(item=1, label="c", shape=Polygon(((square(0.1),), (square(0.5),))))
    builder.add_annotation(item=0, label="c", shape=Box(0.1, 0.1, 0.2, 0.2))
    builder.add_annotation(item=1, label="c", shape=Keypoints(square(0.3), np.array([2, 1, 0])))
    return builder.build()


def places(report, fate, words):
    return [(row.item, row.annotation) for row in report.rows() if row.fate == fate and words in row.detail]


def test_rows_left_out_before_do_not_shift_the_rows_of_a_report():
    report = annokit.plan(dataset(), "yolo:ultralytics-classify")
    refused = [(row.item, row.annotation) for row in report.rows() if row.fate == "refused" and row.field == "shape"]
    assert sorted(refused) == [("a/same.jpg", 1), ("b/same.jpg", 0), ("b/same.jpg", 2)]


def test_parts_and_new_names_are_reported_by_what_they_were():
    report = annokit.plan(dataset(), "savant")
    assert places(report, "converted", "each of its parts") == [("b/same.jpg", 0)]
    moved = places(report, "restated", "item by item")
    assert moved
    assert set(moved) <= {("a/same.jpg", 1), ("b/same.jpg", 0), ("b/same.jpg", 2)}
    assert places(report, "restated", "times are stated") == [("a/same.jpg", None), ("b/same.jpg", None)]


def test_what_fits_is_the_dataset_itself():
    from annokit.formats.narrow import narrow
    from annokit.formats.registry import resolve

    ds = dataset()
    held = resolve("annokit")[0].holds(None, {})
    narrowed, report = narrow(ds, held)
    assert narrowed is ds
    assert not report
