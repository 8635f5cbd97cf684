"""What shapes become that rows can't state: each by a named policy, with its numbers and its loss."""

from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annokit.formats.io import plan, read, write
from annokit.geometry import Box, Ellipse, Keypoints, Mask, Point, Polygon, Polyline, RotatedBox
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from tests.formats.yolo.scenes import RING
from tests.formats.yolo.test_writing import SQUARE, area, lines, one

W, H = 40, 30
TURNED = RotatedBox(0.5, 0.5, 0.5, 0.25, 30)
SLANTED = np.array([[0.2, 0.1], [0.7, 0.6], [0.45, 0.9333333333333333]])
"""A triangle whose longest side is turned by less than a right angle; in pixels (8, 3), (28, 18), (18, 28)."""
TWO = Polygon(((SQUARE,), (SQUARE * 0.5 + 0.4,)))
HOLED = Polygon(((SQUARE, SQUARE * 0.5 + 0.15),))


def turned_corners() -> list[float]:
    """The corners of TURNED by hand: 20 by 7.5 pixels about (20, 15), clockwise by 30 degrees, top left first."""
    c, s = cos(radians(30)), sin(radians(30))
    corners = [(-10, -3.75), (10, -3.75), (10, 3.75), (-10, 3.75)]
    return [v for x, y in corners for v in ((20 + x * c - y * s) / W, (15 + x * s + y * c) / H)]


def upright(corners: list[float]) -> list[float]:
    x, y = np.array(corners).reshape(-1, 2).T
    return [(x.min() + x.max()) / 2, (y.min() + y.max()) / 2, x.max() - x.min(), y.max() - y.min()]


def ellipse_bounds(rx: float, ry: float, angle: float) -> list[float]:
    c, s = cos(radians(angle)), sin(radians(angle))
    return [0.5, 0.5, 2 * np.hypot(rx * c, ry * s) / W, 2 * np.hypot(rx * s, ry * c) / H]


BOX_OF_SQUARE = [0.3, 0.5, 0.4, 0.8]
CORNERS_OF_SQUARE = SQUARE.ravel().tolist()
RING_BOX = [15 / W, 15 / H, 20 / W, 20 / H]
RING_CORNERS = [5 / W, 5 / H, 25 / W, 5 / H, 25 / W, 25 / H, 5 / W, 25 / H]

CASES: list[tuple[str, Any, str, list[float], list[str]]] = [
    ("rotated box to box", TURNED, "detect", upright(turned_corners()), ["rotated_box becomes box: its upright bounds"]),
    ("rotated box to ring", TURNED, "segment", turned_corners(), ["rotated_box becomes polygon: its four corners"]),
    ("rotated box stays", TURNED, "obb", turned_corners(), []),
    ("polygon to box", Polygon(((SQUARE,),)), "detect", BOX_OF_SQUARE, ["polygon becomes box: its stated box, else its bounds"]),
    ("parts to one box", TWO, "detect", [0.375, 0.5, 0.55, 0.8], ["polygon becomes box: its stated box, else its bounds"]),
    (
        "polygon to rotated box", Polygon(((SQUARE,),)), "obb", CORNERS_OF_SQUARE,
        ["polygon becomes rotated_box: the rotated rectangle of least area around it"],
    ),
    (
        "parts to one rotated box", TWO, "obb", [0.1, 0.1, 0.65, 0.1, 0.65, 0.9, 0.1, 0.9],
        ["polygon becomes rotated_box: the rotated rectangle of least area around it"],
    ),
    ("mask to box", Mask.encode(RING), "detect", RING_BOX, ["mask becomes box: its stated box, else its tight bounds"]),
    (
        "mask to rotated box", Mask.encode(RING), "obb", RING_CORNERS,
        ["mask becomes polygon: the outlines of its pixels", "polygon becomes rotated_box: the rotated rectangle of least area around it"],
    ),
    ("ellipse to box", Ellipse(0.5, 0.5, 0.25, 0.125, 30), "detect", ellipse_bounds(10, 3.75, 30), ["ellipse becomes box: its upright bounds"]),
    (
        "ellipse to rotated box", Ellipse(0.5, 0.5, 0.25, 0.125, 30), "obb", turned_corners(),
        ["ellipse becomes rotated_box: the box around it that is turned as it is"],
    ),
    ("polyline to box", Polyline(SQUARE[:3]), "detect", BOX_OF_SQUARE, ["polyline becomes box: its stated box, else its bounds"]),
    (
        "polyline to ring", Polyline(SQUARE[:3]), "segment", CORNERS_OF_SQUARE,
        ["polyline becomes box: its stated box, else its bounds", "box becomes polygon: its four corners"],
    ),
    ("box to ring", Box(0.1, 0.1, 0.5, 0.9), "segment", CORNERS_OF_SQUARE, ["box becomes polygon: its four corners"]),
    ("box to rotated box", Box(0.1, 0.1, 0.5, 0.9), "obb", CORNERS_OF_SQUARE, ["box becomes rotated_box: the same box, at angle 0"]),
    (
        "joints to box", Keypoints.of([[0.25, 0.25], [0.75, 0.5], [0, 0]], [2, 1, 0]), "detect", [0.5, 0.375, 0.5, 0.25],
        ["keypoints becomes box: its stated box, else the bounds of its labelled joints"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "task", "row", "told"), CASES, ids=[case[0] for case in CASES])
def test_each_conversion_is_named_and_exact(
    tmp_path: Path, name: str, shape: Any, task: str, row: list[float], told: list[str]
) -> None:
    ds = one(shape)
    found = lines(ds, tmp_path / "t", f"yolo:ultralytics-{task}")
    np.testing.assert_allclose([[float(v) for v in text.split()] for text in found], [[0, *row]], atol=1e-12)
    issues = [issue for issue in plan(ds, f"yolo:ultralytics-{task}") if issue.code == "converted"]
    assert [issue.message for issue in issues] == told
    assert all(
        (issue.field, issue.severity, [(r.item, r.annotation) for r in issue.rows()])
        == ("shape", "warning", [("a.jpg", 0)])
        for issue in issues
    )


def test_a_slanted_outline_gets_the_rectangle_of_least_area(tmp_path: Path) -> None:
    """Least among the rectangles that lie along a side of the hull, in pixels, not in fractions."""
    found = lines(one(Polygon(((SLANTED,),))), tmp_path / "t", "yolo:ultralytics-obb")
    corners = np.array(found[0].split()[1:], float).reshape(4, 2) * (W, H)
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    points = SLANTED * (W, H)
    along = []
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        u = (b - a) / np.linalg.norm(b - a)
        along.append(np.ptp(points @ u) * np.ptp(points @ (-u[1], u[0])))
    assert sides[0] * sides[1] == pytest.approx(min(along))
    assert sides[0] == pytest.approx(sides[2])
    # every point of the outline lies in it
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        d = points - a
        assert ((b - a)[0] * d[:, 1] - (b - a)[1] * d[:, 0] >= -1e-9).all()


@pytest.mark.parametrize("task", ["detect", "segment", "obb", "pose"])
def test_a_point_has_no_row_and_that_is_an_error_of_the_plan(tmp_path: Path, task: str) -> None:
    ds = one(Point(0.5, 0.5))
    assert lines(ds, tmp_path / "t", f"yolo:ultralytics-{task}") == []
    assert [(i.field, i.fate, i.severity) for i in plan(ds, f"yolo:ultralytics-{task}") if i.severity == "error"] == [
        ("shape", "refused", "error")
    ]


@pytest.mark.parametrize(
    ("shape", "parts", "areas", "message"),
    [
        (TWO, "bridge", [0.32 + 0.08], "polygon becomes polygon: parts and holes are joined by cuts of no width"),
        (TWO, "split", [0.32, 0.08], None),
        (TWO, "largest", [0.32], "polygon becomes polygon: only its largest part is kept"),
        (HOLED, "bridge", [0.32 - 0.08], "polygon becomes polygon: parts and holes are joined by cuts of no width"),
        (HOLED, "split", [0.32 - 0.08], None),
        (HOLED, "largest", [0.32 - 0.08], None),
        (Mask.encode(RING), "bridge", [300 / 1200], None),
        (Mask.encode(RING), "largest", [300 / 1200], None),
    ],
)
def test_parts_and_holes_by_policy(
    tmp_path: Path, shape: Any, parts: str, areas: list[float], message: str | None
) -> None:
    ds = one(shape)
    rows = lines(ds, tmp_path / "t", "yolo:ultralytics-segment", parts=parts)
    assert [area(row) for row in rows] == pytest.approx(areas)
    converted = [
        i for i in plan(ds, "yolo:ultralytics-segment", parts=parts) if i.field == "shape" and i.severity == "warning"
    ]
    assert converted
    assert next(row.annotation for row in converted[0].rows()) == 0
    if message is not None:
        assert message in [issue.message for issue in converted]


def test_a_hole_stays_a_hole_where_the_ring_is_filled(tmp_path: Path) -> None:
    """Even-odd and non-zero filling alike: no pixel of the hole is inside the bridged ring."""
    rows = lines(one(Mask.encode(RING)), tmp_path / "t", "yolo:ultralytics-segment")
    ring = np.array(rows[0].split()[1:], float).reshape(-1, 2) * (W, H)
    inside = np.array([[_winding(ring, x + 0.5, y + 0.5) for x in range(W)] for y in range(H)])
    np.testing.assert_array_equal(inside != 0, RING)
    np.testing.assert_array_equal(inside % 2 == 1, RING)


def _winding(ring: np.ndarray, x: float, y: float) -> int:
    found = 0
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (ay <= y) != (by <= y) and ax + (y - ay) * (bx - ax) / (by - ay) > x:
            found += 1 if by > ay else -1
    return found


@pytest.mark.parametrize("task", ["detect", "segment"])
@pytest.mark.parametrize("shape", [Mask.encode(RING), Box(0, 0, 1, 1), Polygon(((SQUARE,),))])
def test_crowds_by_policy(tmp_path: Path, task: str, shape: Any) -> None:
    target = f"yolo:ultralytics-{task}"
    for mark, policy, count in ((1, "keep", 1), (1, "refuse", 0), (0, "refuse", 1), (True, "refuse", 0)):
        ds = one(shape, attributes={"iscrowd": mark})
        assert len(lines(ds, tmp_path / f"{mark}{policy}", target, crowds=policy)) == count
        told = [(i.fate, i.message) for i in plan(ds, target, crowds=policy) if i.field == "iscrowd"]
        expected = {
            (1, "keep"): ("dropped", "a crowd becomes an ordinary object"),
            (1, "refuse"): ("refused", "crowds are left out"),
            (0, "refuse"): ("dropped", "the target has no place for iscrowd"),
        }[int(mark), policy]
        assert told == [expected]


def test_classes_without_objects_keep_their_numbers(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    for name, ident in (("zero", 0), ("unused", 3), ("last", 90)):
        builder.add_label(Label(name, ident))
    builder.add_annotation(builder.add_item("a.jpg", width=W, height=H), 2, Box(0, 0, 1, 1))
    ds = builder.build()
    for dialect, number in (
        ("ultralytics-detect", 2), ("ultralytics-segment", 2), ("darknet", 2), ("dataloop", 2), ("dataloop-1", 3), ("innotescus", 3),
    ):  # fmt: skip
        report = write(ds, tmp_path / dialect, f"yolo:{dialect}", on_loss="allow")
        back = read(tmp_path / dialect)
        assert back.labels.names == ("zero", "unused", "last")
        assert [str(a.label) for a in back.annotations] == ["last"]
        label = next(p for p in (tmp_path / dialect).rglob("a.txt"))
        assert label.read_text().split()[0] == str(number)
        assert not [i for i in report if i.field == "label" and i.fate == "dropped"]


def test_a_class_without_pictures_has_no_folder_and_that_is_told(tmp_path: Path) -> None:
    builder = DatasetBuilder()
    for name in ("used", "unused"):
        builder.add_label(name)
    builder.add_annotation(builder.add_item("a.jpg"), 0)
    report = write(builder.build(), tmp_path / "t", "yolo:ultralytics-classify", on_loss="allow")
    told = [(i.fate, i.examples) for i in report if i.field == "label"]
    assert told == [("dropped", ("unused",))]
