from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annokit.display.item import item_html
from annokit.geometry import Box, Mask
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from tests.display.markup import harmless
from tests.display.scenes import RED, every_kind, hostile, one, pictures


def test_it_holds_the_picture_the_shapes_and_the_names(tmp_path: Path) -> None:
    html = pictures(tmp_path)[2]._repr_html_()
    page = harmless(html)
    assert page.of("img")[0]["src"].startswith("data:image/png;base64,")
    assert len(page.of("g", "annokit-shape")) == 2
    assert page.of("svg")[0]["viewbox"] == "0 0 512 384"
    assert page.of("g", "annokit-l0")[0]["stroke"] == "#ff0000"
    for text in ("2.png", "64x48", "labelled", "train", "cat", "dog", "2 annotations"):
        assert text in page.text


def test_boxes_stand_where_they_are() -> None:
    page = harmless(item_html(one(Box(0.1, 0.2, 0.5, 0.6))[0]))
    assert page.of("svg")[0]["viewbox"] == "0 0 640 320"
    rect = page.of("rect")[-1]
    assert [rect[name] for name in ("x", "y", "width", "height")] == ["64", "64", "256", "128"]


def test_every_kind_is_drawn_and_hovering_names_it() -> None:
    page = harmless(item_html(every_kind()[0]))
    assert len(page.of("g", "annokit-shape")) == 9
    assert len(page.of("title")) == 9
    assert "outdoor" in page.text
    assert "weather: fog" in page.text
    polygon = next(
        attrs for attrs in page.of("path") if attrs.get("fill-rule") == "evenodd" and attrs["d"].count("Z") == 2
    )
    assert polygon["d"].startswith("M64 80L576 80L576 320")


def test_a_mask_is_traced_in_the_view_box() -> None:
    mask = np.zeros((20, 40), bool)
    mask[5:15, 10:30] = True
    page = harmless(item_html(one(Mask.encode(mask), size=(40, 20))[0]))
    outline = next(attrs["d"] for attrs in page.of("path") if attrs.get("fill-rule") == "evenodd")
    assert outline == "M80 40L240 40L240 120L80 120Z"


def test_a_noisy_mask_keeps_the_page_small() -> None:
    noise = np.random.default_rng(0).random((2000, 2000)) < 0.5
    assert len(item_html(one(Mask.encode(noise), size=(2000, 2000))[0])) < 300_000


def test_the_legend_switches_labels_without_a_script() -> None:
    page = harmless(item_html(every_kind()[0]))
    toggles = [attrs["class"] for attrs in page.of("input") if attrs["type"] == "checkbox" and "checked" in attrs]
    assert len(toggles) == len(every_kind().labels)
    for toggle in toggles:
        place = toggle.removeprefix("annokit-t")
        assert f".annokit-item:has(.annokit-t{place}:not(:checked)) .annokit-l{place}{{display:none}}" in page.style
    assert "id" not in {name for _, attrs in page.tags for name in attrs}


def test_smaller_shapes_lie_above_larger_ones() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=100, height=100)
    builder.add_annotation(item, "small", Box(0.4, 0.4, 0.5, 0.5))
    builder.add_annotation(item, "large", Box(0, 0, 1, 1))
    html = item_html(builder.build()[0])
    assert html.index("<title>large") < html.index("<title>small")


@pytest.mark.parametrize("size", [(1, 1), (5000, 2), (2, 5000), None])
def test_odd_sizes(size: tuple[int, int] | None) -> None:
    page = harmless(item_html(one(Box(0.1, 0.1, 0.9, 0.9), size=size)[0]))
    assert len(page.of("g", "annokit-shape")) == 1


def test_hostile_text_is_shown_as_text(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        page = harmless(item_html(hostile(folder)[0]))
        assert "<script>alert(1)" in page.text
        assert len(page.of("g", "annokit-shape")) == 8


def test_what_can_not_be_drawn_is_told() -> None:
    page = harmless(item_html(one(Mask((20, 40), b"\xff\xff"), size=(40, 20))[0]))
    assert "not drawn" in page.text
    assert page.of("g", "annokit-shape") == []


def test_many_broken_shapes_are_counted() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=40, height=20)
    for _ in range(5):
        builder.add_annotation(item, "cat", Mask((20, 40), b"\xff"))
    ds = builder.build()
    page = harmless(item_html(ds[0]))
    assert page.text.count("not drawn") == 3
    assert "and 2 more" in page.text
    assert "not drawn" not in harmless(ds._repr_html_()).style
    assert "cat" in harmless(ds._repr_html_()).text


def test_many_shapes_are_counted_not_drawn() -> None:
    builder = DatasetBuilder()
    item = builder.add_item("a", width=100, height=100)
    for place in range(1005):
        builder.add_annotation(item, f"label {place % 100}", Box(0.1, 0.1, 0.2, 0.2))
    page = harmless(item_html(builder.build()[0]))
    assert len(page.of("g", "annokit-shape")) == 1000
    assert "5 more shapes are not shown" in page.text


def test_an_item_without_anything() -> None:
    builder = DatasetBuilder()
    builder.add_item("")
    page = harmless(item_html(builder.build()[0]))
    assert "unknown size" in page.text
    assert page.of("img") == []


def test_the_same_item_gives_the_same_html(tmp_path: Path) -> None:
    ds = pictures(tmp_path)
    assert item_html(ds[2]) == item_html(ds[2])


def test_colours_of_labels_are_numbers_only() -> None:
    page = harmless(item_html(one(Box(0, 0, 1, 1), Label("a", color=RED))[0]))
    assert all(attrs["stroke"] == "#ff0000" for attrs in page.of("g", "annokit-shape"))
