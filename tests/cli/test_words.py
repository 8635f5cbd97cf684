"""Messages on the command line name its own options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import annokit
from annokit.cli.words import on_command_line
from annokit.errors import MissingSizeError

SOURCES = [path for path in Path(annokit.__file__).parent.rglob("*.py") if "cli" not in path.parts]

ADVICE = re.compile(r"\b(?:give|by|or) (?:its )?(?:overwrite|format|images|password|media|sizes)=[^,;\"]*")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x exists already; give overwrite=True to replace it", "x exists already; give --overwrite to replace it"),
        ("no format recognises this; give format=, one of coco", "no format recognises this; give --from, one of coco"),
        ("the archive is encrypted; give its password=", "the archive is encrypted; give --password-file"),
        ("read them by layer='b' or layer='all'", "read them by --layer b or --layer all"),
        ("choose another path, or give media='copy'", "choose another path, or give --media copy"),
        ("workers=0; expected 1 or more", "--workers 0; expected 1 or more"),
        ("a=1 stays as it is", "a=1 stays as it is"),
    ],
)
def test_keywords_become_options(text: str, said: str) -> None:
    assert on_command_line(text) == said


def test_sizes_are_an_option_of_the_reader() -> None:
    said = on_command_line(str(MissingSizeError.of("a.png")))
    assert "--images" in said
    assert "-o sizes=" in said


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_advice_of_the_library_is_left_in_pythons_words(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith(('f"', '"', "raise", "message", "told")):
            assert ADVICE.search(on_command_line(line)) is None, line
