from __future__ import annotations

import codecs
import io
import sys

import pytest

from annokit.cli.streams import hang_up, harmless, is_unicode, open_up


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain\ttext\nas it is ä☃", "plain\ttext\nas it is ä☃"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\r\x00\x7f\x9b", "\\r\\x00\\x7f\\x9b"),
        ("gnp.\u202etxt", "gnp.\\u202etxt"),
    ],
)
def test_what_steers_a_terminal_is_escaped(text: str, found: str) -> None:
    assert harmless(text) == found


def test_what_an_encoding_lacks_gets_a_likeness_or_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    open_up()
    sys.stdout.write("██ … ä☃ \ud800 😀")
    sys.stdout.flush()
    assert raw.getvalue() == b"## ... \\xe4\\u2603 \\ud800 \\U0001f600"
    assert not is_unicode()


def test_half_of_a_surrogate_pair_does_no_harm_in_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="utf-8"))
    open_up()
    sys.stdout.write("█ \udcff")
    sys.stdout.flush()
    assert raw.getvalue() == "█ \\udcff".encode()
    assert is_unicode()


def test_the_handler_is_for_writing_only() -> None:
    open_up()
    with pytest.raises(UnicodeDecodeError):
        codecs.decode(b"\xff", "utf-8", errors="annokit-plain")


def test_hanging_up_does_no_harm_where_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in (None, io.StringIO()):
        monkeypatch.setattr(sys, "stdout", stream)
        hang_up()
