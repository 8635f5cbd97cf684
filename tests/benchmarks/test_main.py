from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmarks import __main__ as benchmarks


def test_every_figure_is_shown_with_its_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = SimpleNamespace(main=lambda: {"read": 1.25, "write": 3.0, "other": 7.0}, BARS={"read": 1.3, "write": 2.4})
    monkeypatch.setattr(benchmarks, "import_module", lambda name: module)
    assert benchmarks.main(["coco"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading == "== coco"
    assert [line.split() for line in lines] == [
        ["read", "1.250", "bar", "1.3"],
        ["write", "3.000", "bar", "2.4", "MISSED"],
        ["other", "7.000"],
    ]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks.main(["cocoa"]) == 2
    assert "no benchmark 'cocoa'" in capsys.readouterr().err
