from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annokit.display.annotation import annotation_html
from annokit.display.describe import describe
from annokit.geometry import Box, Cuboid, Mask
from annokit.model.annotation import Annotation
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from tests.display.markup import harmless
from tests.display.scenes import SHAPES, every_kind, hostile, one, pictures


def test_it_shows_its_own_shape_alone_on_its_picture(tmp_path: Path) -> None:
    page = harmless(pictures(tmp_path, 3)[2].annotations[1]._repr_html_())
    assert "dog" in page.text
    assert len(page.of("img")) == 1
    assert len(page.of("g", "annokit-shape")) == 1


def test_it_tells_its_fields() -> None:
    told = {"id": 7, "track": "t1", "score": 0.5, "author": "Ann", "attributes": {"occluded": True, "count": 3}}
    page = harmless(annotation_html(one(Box(0.1, 0.2, 0.5, 0.6), **told)[0].annotations[0]))
    for text in ("thing", "Box(0.1, 0.2, 0.5, 0.6)", "7", "t1", "0.5", "Ann", "occluded", "True", "count", "3"):
        assert text in page.text


def test_every_kind_and_none() -> None:
    for annotation in every_kind()[0].annotations:
        page = harmless(annotation_html(annotation))
        assert len(page.of("g", "annokit-shape")) == (annotation.shape is not None)


def test_one_made_by_hand_needs_no_dataset() -> None:
    page = harmless(annotation_html(Annotation(label=Label("cat"), shape=Box(0, 0, 1, 1))))
    assert "cat" in page.text
    assert len(page.of("g", "annokit-shape")) == 1
    assert "no label" in harmless(annotation_html(Annotation())).text


def test_one_without_an_item_or_with_an_unknown_size() -> None:
    builder = DatasetBuilder(unit="pixel")
    item = builder.add_item("a")
    builder.add_annotation(item, "cat", kind="box", box=[1, 2, 3, 4])
    builder.add_annotation(-1, "dog", kind="box", box=[1, 2, 3, 4])
    cat, dog = builder.build().annotations
    assert "no known size" in harmless(annotation_html(cat)).text
    assert "dog" in harmless(annotation_html(dog)).text


def test_hostile_text_is_shown_as_text() -> None:
    for annotation in hostile()[0].annotations:
        harmless(annotation_html(annotation))
    assert "<script>alert(1)" in harmless(annotation_html(hostile()[0].annotations[0])).text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("box", "Box(0.1, 0.2, 0.5, 0.6)"),
        ("rotated box", "RotatedBox(0.5, 0.5, 0.4, 0.3, 30°)"),
        ("ellipse", "Ellipse(0.5, 0.5, 0.3, 0.2, 20°)"),
        ("polygon", "Polygon with 1 part, 1 hole, 8 points"),
        ("polyline", "Polyline with 3 points"),
        ("point", "Point(0.5, 0.5)"),
        ("keypoints", "Keypoints: 2 visible, 1 hidden, 1 not labelled"),
        ("mask", "Mask of 184 pixels in 40x20"),
        ("cuboid", "Cuboid: corners in the image"),
    ],
)
def test_shapes_in_a_few_words(name: str, text: str) -> None:
    assert describe(SHAPES[name]) == text


def test_a_broken_mask_and_a_world_cuboid_in_a_few_words() -> None:
    assert describe(Mask((20, 40), b"\xff")).startswith("Mask (")
    assert describe(Cuboid.of((1, 2, 3), (4, 5, 6), (0, 0, 0))) == "Cuboid: centre 1, 2, 3; size 4, 5, 6"
    assert describe(np.float64(1.5)) == "np.float64(1.5)"
