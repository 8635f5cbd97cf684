import pytest

from annokit.wording import counted


@pytest.mark.parametrize(
    ("count", "noun", "told"),
    [
        (0, "item", "0 items"),
        (1, "item", "1 item"),
        (2, "item", "2 items"),
        (1200, "sequence", "1,200 sequences"),
        (3, "class", "3 classes"),
        (1, "box", "1 box"),
        (2, "box", "2 boxes"),
    ],
)
def test_one_is_one(count: int, noun: str, told: str) -> None:
    assert counted(count, noun) == told


def test_odd_plurals_are_given() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(2, "entry", "entries") == "2 entries"
