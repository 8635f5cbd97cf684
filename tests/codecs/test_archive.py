from __future__ import annotations

import io
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.source import open_source
from annokit.errors import AnnokitError, FormatError, MissingExtraError
from annokit.limits import Limits


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in members:
            file.writestr(name, data, method)
    return out.getvalue()


def read_all(data: bytes, **options: Any) -> dict[str, bytes]:
    with open_source(io.BytesIO(data), **options) as source:
        return {name: source.read(name) for name in source.names()}


def crypted(name: str, data: bytes, password: bytes) -> bytes:
    """Return an archive with one member in the traditional encryption, which the standard library only reads."""
    import zlib

    keys = [0x12345678, 0x23456789, 0x34567890]
    table = [zlib.crc32(bytes([n]), 0xFFFFFFFF) ^ 0xFFFFFFFF for n in range(256)]

    def crc(value: int, byte: int) -> int:
        return (value >> 8) ^ table[(value ^ byte) & 0xFF]

    def update(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    def encrypt(byte: int) -> int:
        k = keys[2] | 2
        result = byte ^ (((k * (k ^ 1)) >> 8) & 0xFF)
        update(byte)
        return result

    for byte in password:
        update(byte)
    check = zlib.crc32(data)
    body = bytes(encrypt(byte) for byte in bytes(11) + bytes([check >> 24]) + data)
    plain = archive((name, data), method=zipfile.ZIP_STORED)
    start = plain.index(data)
    central = plain.index(b"PK\1\2")
    out = bytearray(plain[:start] + body + plain[central:])
    shifted = central + 12
    for at, fields in ((6, 18), (shifted + 8, shifted + 20)):
        out[at] |= 1
        struct.pack_into("<I", out, fields, len(body))
    struct.pack_into("<I", out, len(out) - 6, shifted)
    return bytes(out)


def test_crc_helper_matches_zipfile() -> None:
    with zipfile.ZipFile(io.BytesIO(crypted("a.txt", b"hello", b"secret"))) as file:
        assert file.read("a.txt", b"secret") == b"hello"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_method_of_the_standard_library(method: int) -> None:
    assert read_all(archive(("a.txt", b"x" * 5000), method=method)) == {"a.txt": b"x" * 5000}


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../../x", "..", "C:/x", "c:x", "a\\b", "..\\x", "\\\\host\\x", "//host/x"]
)
def test_names_that_could_leave_the_folder(name: str) -> None:
    data = archive(("good.txt", b"1")).replace(b"good.txt", b"good.txt")
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    with pytest.raises(FormatError, match="could leave the folder") as caught:
        read_all(archive((info, b"1")))
    assert caught.value.path is not None
    assert read_all(data) == {"good.txt": b"1"}


def test_a_name_cut_at_a_zero_byte() -> None:
    data = archive(("good.txt_evil", b"1")).replace(b"good.txt_evil", b"good.txt\0evil")
    with pytest.raises(FormatError):
        read_all(data)


@pytest.mark.parametrize(("kind", "word"), [(0o120000, "link"), (0o020000, "device"), (0o010000, "pipe")])
def test_links_and_devices(kind: int, word: str) -> None:
    info = zipfile.ZipInfo("x")
    info.external_attr = (kind | 0o777) << 16
    with pytest.raises(FormatError, match=word):
        read_all(archive((info, b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice() -> None:
    with pytest.raises(FormatError, match="twice"):
        read_all(archive(("a.txt", b"1"), ("a.txt", b"2")))
    with pytest.raises(FormatError, match="twice"):
        read_all(archive(("a.txt", b"1"), ("./a.txt", b"2")))


def test_names_are_tidied() -> None:
    assert read_all(archive(("./a.txt", b"1"), ("b//./c.txt", b"2"), ("d/", b""))) == {"a.txt": b"1", "b/c.txt": b"2"}


def test_utf8_names_without_the_flag() -> None:
    data = archive(("ü.txt", b"1")).replace(b"PK\x03\x04\x14\0\0\x08", b"PK\x03\x04\x14\0\0\0")
    central = data.index(b"PK\1\2")
    data = data[: central + 9] + b"\0" + data[central + 10 :]
    assert read_all(data) == {"ü.txt": b"1"}


def test_bombs_are_refused_from_the_directory_alone() -> None:
    data = archive(("zeros", bytes(20 << 20)))
    assert len(read_all(data)["zeros"]) == 20 << 20
    for limits in (Limits(archive_ratio=900), Limits(archive_bytes=(20 << 20) - 1)):
        with pytest.raises(FormatError):
            open_source(io.BytesIO(data), limits=limits)
    with pytest.raises(FormatError, match="too many members"):
        read_all(archive(("a", b""), ("b", b"")), limits=Limits(archive_members=1))


def test_a_stated_size_that_lies() -> None:
    data = bytearray(archive(("zeros", bytes(8 << 20))))
    central = data.index(b"PK\1\2")
    for at in (22, central + 24):
        struct.pack_into("<I", data, at, 1000)
    with pytest.raises(FormatError, match="damaged"):
        read_all(bytes(data))


def test_members_that_overlap() -> None:
    data = archive(("a", b"x" * 3000), method=zipfile.ZIP_STORED)
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entry = data[central:end]
    entries = b"".join(entry[:-1] + bytes([ord("a") + n]) for n in range(4))
    tail = bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 4, 4, len(entries))
    with pytest.raises(FormatError):
        read_all(data[:central] + entries + bytes(tail))


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.99])
def test_archives_cut_short(cut: float, tmp_path: Path) -> None:
    data = archive(("a", b"0123456789" * 100))
    path = tmp_path / "x.zip"
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(FormatError, match=r"x\.zip: this is not a ZIP archive"):
        open_source(path)


def test_a_damaged_member_is_named() -> None:
    data = bytearray(archive(("a", b"1" * 100), ("dir/b", b"0123456789"), method=zipfile.ZIP_STORED))
    data[data.index(b"0123456789")] ^= 255
    with open_source(io.BytesIO(data)) as source:
        assert source.read("a") == b"1" * 100
        with pytest.raises(FormatError, match="dir/b") as caught:
            source.read("dir/b")
        assert caught.value.path == "<stream>!dir/b"


def test_an_unknown_compression() -> None:
    data = bytearray(archive(("a", b"1" * 100)))
    central = data.index(b"PK\1\2")
    for at in (8, central + 10):
        struct.pack_into("<H", data, at, 93)
    with pytest.raises(FormatError, match="can't be unpacked"):
        read_all(bytes(data))


def test_an_empty_archive() -> None:
    assert read_all(archive()) == {}


@given(st.binary(max_size=300), st.integers(0, 250), st.binary(min_size=1, max_size=8))
def test_noise_in_an_archive_never_escapes(head: bytes, at: int, noise: bytes) -> None:
    good = archive(("a.txt", b"hello world"), ("b/c.txt", b"x" * 50))
    for data in (b"PK\x03\x04" + head, good[:at] + noise + good[at + len(noise) :]):
        try:
            read_all(data)
        except AnnokitError:
            continue


def test_the_traditional_encryption() -> None:
    data = crypted("a.txt", b"hello", b"S3cr3t!")
    assert read_all(data, password="S3cr3t!") == {"a.txt": b"hello"}
    assert read_all(data, password=b"S3cr3t!") == {"a.txt": b"hello"}


@pytest.mark.parametrize("password", [None, "", "wrong-guess"])
def test_a_missing_or_wrong_password(password: str | None) -> None:
    data = crypted("a.txt", b"hello", b"S3cr3t!")
    with pytest.raises(AnnokitError, match="password") as caught:
        read_all(data, password=password)
    assert "S3cr3t!" not in str(caught.value)
    assert "wrong-guess" not in str(caught.value)


def test_a_wrong_password_that_passes_the_first_check() -> None:
    data = crypted("a.txt", b"hello", b"S3cr3t!")
    outcomes = set()
    for guess in range(600):
        with pytest.raises(AnnokitError) as caught:
            read_all(data, password=str(guess))
        outcomes.add(str(caught.value).partition(":")[2])
    assert outcomes == {"a.txt: the password is wrong, or the archive is damaged here"} or all(
        "password is wrong" in text for text in outcomes
    )


def test_a_password_for_an_open_archive_is_not_needed() -> None:
    assert read_all(archive(("a", b"1")), password="x") == {"a": b"1"}


def test_the_password_is_not_in_a_repr() -> None:
    source = open_source(io.BytesIO(crypted("a.txt", b"hello", b"S3cr3t!")), password="S3cr3t!")
    assert "S3cr3t!" not in repr(source)


def aes_marked() -> bytes:
    data = bytearray(archive(("a", b"1" * 100)))
    central = data.index(b"PK\1\2")
    for flags, method in ((6, 8), (central + 8, central + 10)):
        data[flags] |= 1
        struct.pack_into("<H", data, method, 99)
    return bytes(data)


def test_strong_encryption_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyzipper", None)
    with pytest.raises(MissingExtraError, match=r"annokit\[zip\]"):
        read_all(aes_marked(), password="x")
    with pytest.raises(AnnokitError, match="password"):
        read_all(aes_marked())


def test_strong_encryption() -> None:
    pyzipper = pytest.importorskip("pyzipper")
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as file:
        file.setpassword(b"S3cr3t!")
        file.writestr("a/b.txt", b"hello" * 100)
    assert read_all(out.getvalue(), password="S3cr3t!") == {"a/b.txt": b"hello" * 100}
    for password in (None, "wrong"):
        with pytest.raises(AnnokitError, match="password") as caught:
            read_all(out.getvalue(), password=password)
        assert "S3cr3t!" not in str(caught.value)
