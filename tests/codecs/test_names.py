from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.names import MANIFEST, PART_BYTES, SafeNames, fold, read_manifest, safe_names, write_manifest
from annokit.codecs.source import open_source
from annokit.errors import FormatError

SPECIAL = st.sampled_from(
    [
        "a",
        "A",
        "é",
        "é",
        "É",
        "ß",
        "ss",
        "/",
        "//",
        ".",
        "..",
        "../",
        " ",
        "\\",
        ":",
        "\x00",
        "\n",
        "con",
        "NUL",
        ".png",
        "COM1",
        "x" * 120,
        "ü" * 120,
        "�",
        "*",
        MANIFEST,
        "İ",
        "i",
        "ﬁ",
        "-",
        "_",
    ]
)
NAMES = st.lists(st.lists(SPECIAL, max_size=5).map("".join) | st.text(max_size=6), max_size=12)


class Memory(dict[str, bytes]):
    def write(self, name: str, data: bytes) -> None:
        self[name] = data


@pytest.mark.parametrize(
    "name",
    [
        "a.png",
        "train/a.png",
        "a b (1).png",
        "Ünï/cödé.png",
        "é.png",
        "a..b.png",
        "concert.png",
        "a/com10.png",
        "x" * 240,
        "日本語/画像.png",
        "a;b&c=d#e%20.png",
        "-x.png",
        "~x",
        "$x",
        "@",
        "a'b.png",
    ],
)
def test_fine_names_stay(name: str) -> None:
    names = safe_names([name])
    assert list(names) == [name]
    assert names.manifest == {}


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/etc/passwd", "_/etc/passwd"),
        ("a//b", "a/_/b"),
        ("a/", "a/_"),
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        (".hidden.png", "_hidden.png"),
        ("C:\\x\\y.png", "C__x_y.png"),
        ('a<b>c"d|e?f*g.png', "a_b_c_d_e_f_g.png"),
        ("a\0b\nc\x7f.png", "a_b_c_.png"),
        ("a. .", "a"),
        ("dir /x", "dir/x"),
        ("con", "_con"),
        ("CON.png", "_CON.png"),
        ("a/Nul.tar.gz", "a/_Nul.tar.gz"),
        ("com1 .png", "_com1 .png"),
        ("lpt³", "_lpt³"),
        ("\ud800.png", "_.png"),
        (MANIFEST, "_" + MANIFEST),
        ("a/" + MANIFEST, "a/" + MANIFEST),
    ],
)
def test_dangerous_names_become_safe(name: str, safe: str) -> None:
    names = safe_names([name])
    assert names[0] == safe
    assert names.manifest == ({safe: name} if safe != name else {})


def test_names_that_meet_get_a_hash() -> None:
    listed = ["a.png", "A.png", "a.png", "é", "e\u0301", "x:y", "x_y", "f", "f/g", "D/1", "d/2"]
    names = safe_names(listed)
    kept = [file for file, name in zip(names, listed, strict=True) if file == name]
    assert kept == ["a.png", "é", "x_y", "f/g", "D/1"]
    assert names[1].startswith("A-")
    assert names[1].endswith(".png")
    assert names[10].startswith("d-")
    assert names[10].endswith("/2")
    assert safe_names(listed) == names
    assert [names.original(file) for file in names] == listed


def test_a_suffix_replaces_the_extension() -> None:
    names = safe_names(["a/b.png", "a/b.jpg", "frame.0001", "noext", "c.tar.gz", ".png"], suffix=".txt")
    assert names[0] == "a/b.txt"
    assert names[1].startswith("a/b-")
    assert list(names)[2:] == ["frame.0001.txt", "noext.txt", "c.tar.txt", "_png.txt"]
    assert names.manifest == {names[1]: "a/b.jpg", "_png.txt": ".png"}


def test_long_parts_are_cut_between_characters() -> None:
    listed = ["ü" * 200 + ".png", "ü" * 200 + "x.png", "d" * 300 + "/x.png"]
    names = safe_names(listed)
    for file in names:
        assert all(len(part.encode()) <= PART_BYTES for part in file.split("/"))
        assert file.endswith(".png")
    assert len(set(names)) == 3


@given(NAMES, st.sampled_from([None, ".txt"]))
def test_names_are_distinct_safe_and_invertible(listed: list[str], suffix: str | None) -> None:
    names = safe_names(listed, suffix=suffix)
    files = list(names)
    assert len(files) == len(listed)
    for normal in ("NFC", "NFD"):
        assert len({unicodedata.normalize(normal, file.casefold()) for file in files}) == len(files)
        assert len({unicodedata.normalize(normal, file).casefold() for file in files}) == len(files)
    assert [names.original(file) for file in files] == listed
    folders = {fold(str(folder)) for file in files for folder in PurePosixPath(file).parents}
    for file in files:
        assert fold(file) not in folders
        assert PurePosixPath(file).as_posix() == file
        assert not PureWindowsPath(file).drive
        assert not PureWindowsPath(file).is_absolute()
        for part in file.split("/"):
            assert part
            assert not part.startswith(".")
            assert part.rstrip(". ") == part
            assert len(part.encode()) <= PART_BYTES
            assert not set(part) & set('\\:*?"<>|\0\n')
    assert fold(MANIFEST) not in {fold(file) for file in files}
    assert safe_names(files).files == tuple(files)


@given(NAMES)
def test_the_manifest_comes_back(listed: list[str]) -> None:
    names = safe_names(listed)
    memory = Memory()
    write_manifest(memory, names)
    assert (MANIFEST in memory) == bool(names.manifest)
    for text in memory.values():
        assert text.isascii()


def test_reading_a_manifest(tmp_path: Path) -> None:
    names = safe_names(["a:b.png", "ü/\ud800", "fine.png"])
    source = open_source(tmp_path)
    assert read_manifest(source) == {}
    memory = Memory()
    write_manifest(memory, names)
    (tmp_path / MANIFEST).write_bytes(memory[MANIFEST])
    assert read_manifest(source) == names.manifest == {"a_b.png": "a:b.png", "ü/_": "ü/\ud800"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"names": 1}', '{"names": {"a": 1}}', "[" * 100_000, "\xff"])
def test_a_damaged_manifest_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=MANIFEST):
        read_manifest(open_source(tmp_path))


def test_nothing_and_many() -> None:
    assert safe_names([]) == SafeNames((), (), ())
    many = [f"video {n % 50}/frame_{n:06d}.png" for n in range(20_000)]
    assert list(safe_names(many)) == many
