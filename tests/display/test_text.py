from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from annokit.display.text import caption_of, clean, escaped
from annokit.model.annotation import Annotation
from annokit.model.label import Label


def test_text_becomes_one_bounded_line() -> None:
    assert clean("a\n\tb  c\x00") == "a b c\ufffd"
    assert clean("犬と猫") == "犬と猫"
    assert clean("a\u202eb\ud800") == "a\ufffdb\ufffd"
    assert clean("x" * 300, 10) == "x" * 9 + "…"
    assert clean(None) == "None"


@given(st.text(st.characters(), max_size=300))
def test_cleaned_text_can_be_written_anywhere(text: str) -> None:
    found = clean(text, 50)
    assert len(found) <= 50
    found.encode("utf-8")
    assert found == clean(found, 50)
    assert not set(escaped(text)) & set("<>\"'\n")


def test_caption_names_label_track_and_score() -> None:
    assert caption_of(Annotation(label=Label("cat"), track=7, score=0.876)) == "cat #7 0.88"
    assert caption_of(Annotation()) == ""
