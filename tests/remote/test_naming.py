from __future__ import annotations

import pytest

from annokit.remote.naming import Names, marked, with_suffix


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("a.png", "png", "a.png"),
        ("a.PNG", "png", "a.PNG"),
        ("a.png", "jpeg", "a.jpg"),
        ("a.jpeg", "jpeg", "a.jpeg"),
        ("dir.x/frame", "png", "dir.x/frame.png"),
        ("v1.2", "png", "v1.2.png"),
        ("scan.dcm", "jpeg", "scan.dcm.jpg"),
        ("clip.mp4", "mp4", "clip.mp4"),
        ("notes", None, "notes"),
    ],
)
def test_suffix_follows_the_contents(name: str, kind: str | None, expected: object) -> None:
    assert with_suffix(name, kind) == expected


def test_a_mark_depends_on_the_key() -> None:
    assert marked("d/a.png", "1") != marked("d/a.png", "2")
    assert marked("d/a.png", "1").startswith("d/a-")
    assert marked("d/a.png", "1").endswith(".png")


def test_names_that_differ_only_in_case_or_unicode_form_are_one() -> None:
    names = Names()
    assert names.claim("1", "Größe.png") == "Größe.png"
    assert names.claim("2", "GRÖSSE.png") == marked("GRÖSSE.png", "2")
    assert names.claim("3", "Gro\u0308ße.png") == marked("Gro\u0308ße.png", "3")
    assert names.claim("1", "Größe.png") == "Größe.png"


def test_the_manifest_is_not_overwritten() -> None:
    assert Names().claim("k", "Annokit-fetch.jsonl") == marked("Annokit-fetch.jsonl", "k")


def test_names_of_earlier_runs_are_taken() -> None:
    names = Names()
    names.claim("old", "a.png")
    assert names.claim("new", "A.png") == marked("A.png", "new")
    assert names.claim("old", "a.png") == "a.png"
