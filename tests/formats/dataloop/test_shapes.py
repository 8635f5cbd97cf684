"""Every type of annotation, read as it is meant and written back as it was."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import annokit
from annokit import Box, Cuboid, Ellipse, Mask, Point, Polygon, Polyline, RotatedBox
from tests.formats.dataloop.documents import item, load, note, p, returned, z


def _one(tmp_path: Path, *notes: Any) -> Any:
    """Read one item, check that it comes back, and return its annotations."""
    document = item(*notes)
    ds, back = returned(tmp_path, document)
    assert back == [document]
    return ds[0].annotations


def test_a_box_goes_from_corner_to_corner(tmp_path: Path) -> None:
    (found,) = _one(tmp_path, note("box", coordinates=[z(64, 48.0), z(128.5, 96)]))
    assert found.shape == Box(0.1, 0.1, 128.5 / 640, 0.2)
    assert found.label.name == "cat"


def test_corners_of_a_box_in_any_order(tmp_path: Path) -> None:
    notes = [
        note("box", coordinates=[z(128, 48), z(64, 96)]),
        note("box", coordinates=[z(64, 96), z(128, 48)]),
        note("box", coordinates=[z(128, 96), z(64, 48)]),
    ]
    found = _one(tmp_path, *notes)
    assert [annotation.shape for annotation in found] == [Box(0.1, 0.1, 0.2, 0.2)] * 3


def test_points_with_and_without_depth(tmp_path: Path) -> None:
    notes = [
        note("box", coordinates=[p(64, 48), p(128, 96)]),
        note("segment", coordinates=[[z(0, 0), z(64, 0), z(64, 48)]]),
        note("box", coordinates=[z(1, 2), p(3, 4)]),
        note("box", coordinates=[{"x": 1, "y": 2, "z": 7}, {"x": 3, "y": 4, "z": 0.0}]),
        note("point", coordinates={"y": 4, "x": 3}),
        note("point", coordinates={"x": 3, "y": 4, "z": 1.5}),
    ]
    found = _one(tmp_path, *notes)
    assert found[0].shape == Box(0.1, 0.1, 0.2, 0.2)
    assert found[1].shape.bounds() == Box(0, 0, 0.1, 0.1)
    assert found[2].shape == found[3].shape == Box(1 / 640, 2 / 480, 3 / 640, 4 / 480)
    assert found[4].shape == found[5].shape == Point(3 / 640, 4 / 480)


def test_a_rotated_box_turns_clockwise_about_its_centre(tmp_path: Path) -> None:
    notes = [
        note("box", coordinates=[z(100, 100), z(200, 140), 30]),
        note("box", coordinates=[z(100.5, 100), z(200, 140), -12.5]),
        note("box", coordinates=[p(100, 100), p(200, 140), 30]),
    ]
    found = _one(tmp_path, *notes)
    shape = found[0].shape
    assert isinstance(shape, RotatedBox)
    assert (shape.cx * 640, shape.cy * 480) == pytest.approx((150, 120))
    assert (shape.width * 640, shape.height * 480, shape.angle) == pytest.approx((100, 40, 30))
    assert found[1].shape.angle == -12.5
    assert found[2].shape == shape


def test_old_rotated_boxes_are_four_corners(tmp_path: Path) -> None:
    corners = [z(100, 100), z(180, 160), z(150, 200), z(70, 140)]
    closed, odd = note("box", coordinates=[*corners, corners[0]]), note("box", coordinates=[*corners, z(1, 1)])
    found, again, none = _one(tmp_path, note("box", coordinates=corners), closed, odd)
    assert (again.shape, none.shape) == (found.shape, None)
    shape = found.shape
    assert isinstance(shape, RotatedBox)
    assert (shape.width * 640, shape.height * 480) == pytest.approx((100, 50))
    assert shape.angle == pytest.approx(np.degrees(np.arctan2(60, 80)))


def test_a_ring_inside_the_first_is_a_hole_and_any_other_a_part(tmp_path: Path) -> None:
    outer = [p(10, 10), p(110, 10), p(110, 110), p(10, 110)]
    hole = [p(40, 40), p(60, 40), p(60, 60)]
    other = [p(200, 200), p(260, 200), p(260, 260)]
    (found,) = _one(tmp_path, note("segment", coordinates=[outer, hole, other]))
    shape = found.shape
    assert isinstance(shape, Polygon)
    assert [len(part) for part in shape.parts] == [2, 1]
    assert shape.parts[0][1].tolist() == [[40 / 640, 40 / 480], [60 / 640, 40 / 480], [60 / 640, 60 / 480]]
    (shuffled,) = _one(tmp_path, note("segment", coordinates=[outer, other, hole]))
    assert shuffled.shape == shape


def test_outlines_without_an_inner_list_and_closed_ones(tmp_path: Path) -> None:
    ring = [p(0, 0), p(64, 0), p(64, 48), p(0, 0)]
    notes = [note("segment", coordinates=ring), note("segment", coordinates=[ring]), note("polyline", coordinates=ring)]
    flat, nested, line = _one(tmp_path, *notes)
    assert flat.shape == nested.shape
    assert len(flat.shape.parts[0][0]) == 4
    assert isinstance(line.shape, Polyline)


def test_polyline_and_point(tmp_path: Path) -> None:
    line, point = _one(
        tmp_path,
        note("polyline", coordinates=[[p(0, 0), p(32, 48.5), p(640, 480)]]),
        note("point", coordinates=z(320, 120.25)),
    )
    assert line.shape == Polyline([[0, 0], [0.05, 48.5 / 480], [1, 1]])
    assert point.shape == Point(0.5, 120.25 / 480)


def test_an_ellipse_has_half_axes_in_pixels(tmp_path: Path) -> None:
    stated = {"center": z(320, 240), "rx": 64, "ry": 24.0, "angle": 30}
    (found,) = _one(tmp_path, note("ellipse", coordinates=stated))
    assert found.shape == Ellipse(0.5, 0.5, 0.1, 0.05, 30)
    (bare,) = _one(tmp_path, note("ellipse", coordinates={"center": p(320, 240), "rx": 64, "ry": 24}))
    assert bare.shape == Ellipse(0.5, 0.5, 0.1, 0.05, 0)


def test_cubes_in_the_image_and_in_the_world(tmp_path: Path) -> None:
    names = ("front_tl", "front_tr", "front_br", "front_bl", "back_tl", "back_tr", "back_br", "back_bl")
    corners = {name: z(10 * place, 5 * place) for place, name in enumerate(names)}
    world = {
        "position": {"x": 1, "y": 2, "z": 3},
        "scale": {"x": 4, "y": 5, "z": 6.5},
        "rotation": {"x": 0, "y": 0, "z": 1},
    }
    flat, solid = _one(tmp_path, note("cube", coordinates={**corners, "angle": 0}), note("cube_3d", coordinates=world))
    assert isinstance(flat.shape, Cuboid)
    assert flat.shape.corners.tolist()[1] == [10 / 640, 5 / 480]
    assert solid.shape.center == (1, 2, 3)
    assert solid.shape.size == (4, 5, 6.5)
    assert solid.shape.rotation == (0, 0, 1)


def _picture(mask: np.ndarray) -> str:
    pixels = np.zeros((*mask.shape, 4), np.uint8)
    pixels[mask] = (10, 20, 30, 255)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "png")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def test_a_binary_mask_stays_the_picture_that_it_is(tmp_path: Path) -> None:
    mask = np.zeros((48, 64), bool)
    mask[10:20, 5:60] = True
    mask[12:15, 10:20] = False
    uri = _picture(mask)
    notes = [note("binary", coordinates=uri), note("binary", "dog", {"data": uri})]
    document = item(*notes, system={"width": 64, "height": 48})
    ds, back = returned(tmp_path, document)
    assert back == [document]
    for annotation in ds[0].annotations:
        assert isinstance(annotation.shape, Mask)
        assert (annotation.shape.decode() == mask).all()
    assert ds[0].boxes(unit="pixel").tolist() == [[5, 10, 60, 20]] * 2
    assert annokit.read(tmp_path / "out") == ds


def test_a_mask_of_another_size_than_its_item_is_told(tmp_path: Path) -> None:
    ds = load(tmp_path, item(note("binary", coordinates=_picture(np.ones((4, 6), bool)))))
    assert ds[0].annotations[0].shape.size == (4, 6)
    (issue,) = ds.issues.of("size-mismatch")
    assert issue.count == 1
    assert "6x4" in issue.examples[0]


def test_annotations_without_geometry(tmp_path: Path) -> None:
    notes = [
        note("class"),
        note("class", coordinates=[]),
        note("subtitle", coordinates={"text": "hi"}),
        note("text_mark", coordinates={"type": "block", "start": 12, "end": 30}),
        note("text", coordinates="words"),
        note("item_description", "item.description", {"text": "a cat"}),
        note("ref_image", coordinates={"ref": "1", "refType": "id", "mimetype": "image/png"}),
        note("gis", coordinates={"geo_type": "box", "wgs84_geo_coordinates": [[1, 2]]}),
        note("something new", coordinates=[1, {"a": None}]),
    ]
    found = _one(tmp_path, *notes)
    assert [annotation.shape for annotation in found] == [None] * len(notes)


def test_coordinates_that_make_no_sense_are_kept_and_told(tmp_path: Path) -> None:
    odd = [
        note("box", coordinates=[z(1, 2)]),
        note("box", coordinates=[z(1, 2), 7, z(3, 4)]),
        note("box", coordinates=[z(1, 2), z(3, "4")]),
        note("box", coordinates="nonsense"),
        note("segment", coordinates=[]),
        note("segment", coordinates=[[]]),
        note("segment", coordinates=[[p(1, 2), 5]]),
        note("segment", coordinates={"x": 1, "y": 2}),
        note("point", coordinates=[z(1, 2)]),
        note("point", coordinates={"x": None, "y": 2}),
        note("ellipse", coordinates={"center": 1}),
        note("binary", coordinates="data:image/png;base64,AAAA"),
        note("binary", coordinates=[1]),
        note("cube", coordinates={}),
        note("polyline", coordinates=[[p(1, 2)], [p(3, 4)]]),
    ]
    document = item(*odd, note("box", coordinates=[z(64, 48), z(128, 96)]))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    shapes = [annotation.shape for annotation in ds[0].annotations]
    assert shapes == [None] * len(odd) + [Box(0.1, 0.1, 0.2, 0.2)]
    (issue,) = ds.issues.of("odd-value")
    assert issue.count == len(odd)
    assert "a.jpg.json, at /annotations/0/coordinates" in issue.examples[0]


def test_an_open_segment_keeps_its_mark(tmp_path: Path) -> None:
    ring = [[p(0, 0), p(64, 0), p(64, 48)]]
    (found,) = _one(tmp_path, note("segment", coordinates=ring, system={"isOpen": True}))
    assert isinstance(found.shape, Polygon)
    assert found.extras["dataloop/metadata.system.isOpen"] is True


def _encoded(pixels: np.ndarray, mode: str, **rest: Any) -> str:
    out = io.BytesIO()
    image = Image.fromarray(pixels, mode if mode != "P" else "L")
    if mode == "P":
        image = image.convert("P")
        image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(out, "png", **rest)
    return base64.b64encode(out.getvalue()).decode()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_pictures_of_any_mode_with_and_without_a_prefix(tmp_path: Path, mode: str, prefix: str) -> None:
    mask = np.zeros((48, 64), bool)
    mask[10:20, 5:60] = True
    pixels = {
        "L": mask.astype(np.uint8) * 7,
        "RGB": mask[..., None].astype(np.uint8) * np.array([0, 1, 0], np.uint8),
        "RGBA": np.where(mask[..., None], (0, 0, 0, 128), (9, 9, 9, 127)).astype(np.uint8),
    }[mode]
    (found,) = _one(tmp_path, note("binary", coordinates=prefix + _encoded(pixels, mode)))
    assert (found.shape.decode() == mask).all()


def _damaged(kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((48, 64, 4), np.uint8), "RGBA").save(out, "png")
    data = out.getvalue()
    huge = data[:16] + (100_000).to_bytes(4, "big") * 2 + data[24:]
    return {"cut": data[:-30], "huge": huge, "spoiled": data[:41] + b"\xff\xff" + data[43:]}[kind]


@pytest.mark.parametrize("kind", ["cut", "huge"])
def test_pictures_that_are_cut_or_would_fill_the_machine_are_kept_and_told(tmp_path: Path, kind: str) -> None:
    uri = "data:image/png;base64," + base64.b64encode(_damaged(kind)).decode()
    document = item(note("binary", coordinates=uri), note("class"))
    ds, back = returned(tmp_path, document)
    assert back == [document]
    assert ds[0].annotations[0].shape is None
    assert ds.issues.of("odd-value").issues[0].count == 1


def test_a_picture_that_is_spoiled_is_named(tmp_path: Path) -> None:
    uri = "data:image/png;base64," + base64.b64encode(_damaged("spoiled")).decode()
    ds = load(tmp_path, item(note("class"), note("binary", coordinates=uri)))
    with pytest.raises(annokit.FormatError) as found:
        annokit.write(ds, tmp_path / "out.json", "coco", on_loss="allow")
    assert (found.value.item, found.value.annotation) == ("a.jpg", 1)
