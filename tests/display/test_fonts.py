from __future__ import annotations

from pathlib import Path

import pytest

from annokit.display import fonts


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without fonts."""
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    monkeypatch.setattr(fonts, "_installed", lambda: ())
    fonts._choose.cache_clear()
    yield
    fonts._choose.cache_clear()


def test_plain_letters_need_no_font_file(bare: None) -> None:
    font, shown = fonts.font_for("cat 0.87 #12…", 16)
    assert shown == "cat 0.87 #12…"
    assert font.getname()[0] == "Aileron"


def test_what_no_font_has_loses_its_accents_or_becomes_a_question_mark(bare: None) -> None:
    assert fonts.font_for("éléphant 犬", 16)[1] == "elephant ?"


def test_a_stated_font_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [path for path in fonts._installed() if "DejaVuSans" in path or "Liberation" in path]
    if not found:
        pytest.skip("no known font on this machine")
    monkeypatch.setenv(fonts.VARIABLE, found[0])
    fonts._choose.cache_clear()
    assert Path(fonts.font_for("abc", 16)[0].path) == Path(found[0])
    fonts._choose.cache_clear()


def test_a_broken_font_file_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"not a font")
    monkeypatch.setenv(fonts.VARIABLE, str(broken))
    fonts._choose.cache_clear()
    assert fonts.font_for("abc", 16)[1] == "abc"
    fonts._choose.cache_clear()


def test_machine_fonts_come_in_a_fixed_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("zebra.ttf", "Arial.ttf", "notes.txt", "sub/aaa.otf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(fonts, "_folders", lambda: [tmp_path, tmp_path / "missing"])
    fonts._installed.cache_clear()
    assert [Path(path).name for path in fonts._installed()] == ["Arial.ttf", "aaa.otf", "zebra.ttf"]
    fonts._installed.cache_clear()
