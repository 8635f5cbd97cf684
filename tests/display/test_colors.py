from __future__ import annotations

import pytest

from annokit.display.colors import BASE, BLACK, GREY, PALETTE, WHITE, Palette, contrast, mix, stated_color, to_hex
from annokit.model.annotation import Annotation
from annokit.model.label import Label
from tests.display.scenes import every_kind


def test_a_label_has_its_own_colour_else_one_by_position() -> None:
    labels = [Label("a", color=(1, 2, 3)), Label("b"), Label("c", color=(9, 9, 9, 128))]
    palette = Palette(labels)
    assert [palette.color(label) for label in labels] == [(1, 2, 3), PALETTE[1], (9, 9, 9)]
    assert palette.color(None) == GREY


def test_equal_names_are_told_apart_by_position() -> None:
    labels = [Label("a"), Label("a", 2)]
    palette = Palette(labels)
    assert [palette.position(label) for label in labels] == [0, 1]
    assert palette.position(Label("a")) == 0
    assert palette.position(None) == -1


def test_unknown_labels_get_the_next_position_once() -> None:
    palette = Palette([Label("a")])
    assert [palette.position(Label(name)) for name in "xyxa"] == [1, 2, 1, 0]
    assert [label.name for label in palette.labels] == ["a", "x", "y"]


def test_colours_repeat_after_the_last() -> None:
    labels = [Label(str(n)) for n in range(len(PALETTE) + 1)]
    palette = Palette(labels)
    assert len({palette.color(label) for label in labels}) == len(PALETTE) == len(set(PALETTE))
    assert palette.color(labels[-1]) == BASE[0]


@pytest.mark.parametrize("color", [("red", 0, 0), "#ff0000", (1, 2), (), None, (None,) * 3, (float("inf"), 0, 0)])
def test_nonsense_is_no_colour(color: object) -> None:
    assert stated_color(Label("a", color=color)) is None  # type: ignore[arg-type]


def test_colours_are_cut_to_their_range() -> None:
    assert stated_color(Label("a", color=(300, -5, 7))) == (255, 0, 7)
    assert to_hex((255, 0, 7)) == "#ff0007"


def test_contrast_is_black_on_light_and_white_on_dark() -> None:
    assert contrast(WHITE) == contrast((240, 228, 66)) == BLACK
    assert contrast(BLACK) == contrast((0, 0, 160)) == WHITE
    assert mix(BLACK, WHITE, 0.5) == (128, 128, 128)


def test_the_palette_of_annotations_is_that_of_their_dataset() -> None:
    ds = every_kind()
    assert Palette.of(ds[0].annotations).labels == tuple(ds.labels)
    assert Palette.of([Annotation(label=Label("a"))]).labels == ()
