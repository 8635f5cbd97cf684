from __future__ import annotations

import gzip
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.source import Source, natural_key, open_source
from annokit.errors import FormatError, UsageError
from annokit.limits import Limits

FILES = {"b.json": b"{}", "a/img10.png": b"ten", "a/img2.png": b"two", "ü/ñ.TXT": "é".encode()}
JUNK = {"__MACOSX/x.json": b"", "a/._img2.png": b"", ".DS_Store": b"", "a/Thumbs.db": b"", ".annokit-1.tmp": b""}


class OneWay(io.RawIOBase):
    """A stream that can't seek, like a pipe or an HTTP body."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self.data.readinto(buffer)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture(params=["folder", "zip", "stream", "pipe"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    with open_source(stored(request.param, FILES | JUNK, tmp_path)) as source:
        yield source


def stored(kind: str, files: dict[str, bytes], tmp_path: Path) -> Any:
    if kind == "folder":
        for name, data in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        return tmp_path
    if kind == "zip":
        (tmp_path / "x.zip").write_bytes(zipped(files))
        return str(tmp_path / "x.zip")
    return io.BytesIO(zipped(files)) if kind == "stream" else OneWay(zipped(files))


def test_a_tree_is_the_same_wherever_it_lies(tree: Source) -> None:
    assert tree.names() == ("a/img10.png", "a/img2.png", "b.json", "ü/ñ.TXT")
    assert tree.names(natural=True) == ("a/img2.png", "a/img10.png", "b.json", "ü/ñ.TXT")
    assert tree.only is None
    assert {name: tree.read(name) for name in tree.names()} == FILES
    assert tree.size("a/img10.png") == 3
    assert tree.read("a/img10.png", most=2) == b"te"
    assert tree.read_text("ü/ñ.TXT") == "é"
    assert "b.json" in tree
    assert "c.json" not in tree
    assert "a" not in tree


def test_finding_by_suffix_and_glob(tree: Source) -> None:
    assert tree.find(".png") == ("a/img10.png", "a/img2.png")
    assert tree.find(".txt") == ("ü/ñ.TXT",)
    assert tree.find("*.png") == ()
    assert tree.find("*/IMG?.png") == ("a/img2.png",)
    assert tree.find("**/*.json") == ("b.json",)
    assert tree.find("b.json") == ("b.json",)
    assert tree.find("b?json") == ("b.json",)
    assert tree.find("a.img2.png") == ()


def test_members_read_into_buffers_side_by_side(tree: Source) -> None:
    with tree.open("a/img10.png") as one, tree.open("a/img2.png") as two:
        buffer = bytearray(2)
        assert one.readinto(buffer) == 2  # type: ignore[attr-defined]
        assert buffer == b"te"
        assert two.read() == b"two"
        assert one.read() == b"n"
        one.seek(0)
        assert one.read(1) == b"t"


@pytest.mark.parametrize(
    "name", ["none.json", "../b.json", "/etc/passwd", "a/../../x", "C:\\x", "a\\b", "a", "b.json/x"]
)
def test_a_member_that_is_not_there_or_outside(tree: Source, name: str) -> None:
    for act in (tree.open, tree.read, tree.size):
        if name == "a" and act == tree.size and tree.kind == "folder":
            continue
        with pytest.raises(FormatError) as caught:
            act(name)
        assert caught.value.path is not None
        assert caught.value.path.startswith(tree.label)


def test_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")
    with open_source(path) as source:
        assert (source.kind, source.names(), source.only) == ("file", ("x.json",), "x.json")
        assert source.where("x.json") == source.label == str(path)
        assert source.path("x.json") == path
        assert source.size("x.json") == 6
        assert source.read_text("x.json") == "[1]"
        assert repr(source) == f"<file {path}>"
        with pytest.raises(FormatError, match="no such file"):
            source.open("y.json")


def test_paths_of_members(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    source = open_source(tmp_path)
    assert source.path("a.txt") == tmp_path / "a.txt"
    assert source.path("b.txt") is None
    assert source.where("a.txt") == f"{tmp_path}/a.txt"
    (tmp_path / "x.zip").write_bytes(zipped(FILES))
    with open_source(tmp_path / "x.zip") as archive:
        assert archive.path("b.json") is None
        assert archive.where("a/b.json") == f"{tmp_path}/x.zip!a/b.json"


@pytest.mark.parametrize("wrap", [io.BytesIO, OneWay])
def test_streams(wrap: type) -> None:
    for data in (b"[1, 2]", gzip.compress(b"[1, 2]")):
        stream = wrap(data)
        with open_source(stream) as source:
            assert source.only is not None
            assert source.label == "<stream>"
            assert source.path(source.only) is None
            assert source.read(source.only) == source.read(source.only) == b"[1, 2]"
        assert not stream.closed


def test_a_stream_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"skip" + zipped(FILES))
    stream.seek(4)
    assert open_source(stream).read("b.json") == b"{}"


def test_a_stream_that_only_reads() -> None:
    class Minimal:
        def __init__(self) -> None:
            self.pieces = [b"[1", b"]"]

        def read(self, size: int = -1) -> bytes:
            return self.pieces.pop(0) if self.pieces else b""

    with open_source(Minimal()) as source:  # type: ignore[arg-type]
        assert source.read(source.names()[0]) == b"[1]"


def test_an_opened_file_gives_its_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"[]")
    with (tmp_path / "x.json").open("rb") as file:
        source = open_source(file)
        assert source.label == str(tmp_path / "x.json")
        assert source.names() == ("x.json",)


def test_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.json.GZ"
    path.write_bytes(gzip.compress(b"[1]") + gzip.compress(b"[2]"))
    source = open_source(path)
    assert source.names() == ("x.json",)
    assert source.size("x.json") is None
    assert source.path("x.json") is None
    with source.open("x.json") as file:
        assert file.read() == b"[1][2]"
        file.seek(1)
        assert file.read(1) == b"1"


def test_damaged_and_oversized_gzip(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    data = gzip.compress(os.urandom(5000))
    for broken in (data[:-3], data[:2000], data[:1000] + b"\xff" * 100 + data[1100:], data[:2]):
        path.write_bytes(broken)
        with pytest.raises(FormatError, match=r"x\.json\.gz.*damaged or cut short"):
            open_source(path).read("x.json")
    path.write_bytes(gzip.compress(bytes(4 << 20)))
    assert len(open_source(path).read("x.json")) == 4 << 20
    for limits in (Limits(archive_ratio=10), Limits(archive_bytes=1 << 20)):
        with pytest.raises(FormatError, match="more than is allowed"):
            open_source(path, limits=limits).read("x.json")


def test_a_named_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"[1, 2]",))
    writer.start()
    with open_source(pipe) as source:
        writer.join()
        assert source.names() == ("pipe.json",)
        assert source.read("pipe.json") == source.read("pipe.json") == b"[1, 2]"


def test_what_can_not_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "none")
    with pytest.raises(UsageError, match="text-mode"):
        open_source(io.StringIO("[]"))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="int"):
        open_source(3)  # type: ignore[arg-type]
    with pytest.raises(FormatError):
        open_source("\0")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_without_permission_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"[]")
    (tmp_path / "x.json").chmod(0)
    with pytest.raises(FormatError, match=r"x\.json: can't be read: Permission"):
        open_source(tmp_path / "x.json")
    with pytest.raises(FormatError, match=r"x\.json: can't be read: Permission"):
        open_source(tmp_path).read("x.json")
    tmp_path.chmod(0)
    try:
        with pytest.raises(FormatError, match="Permission"):
            open_source(tmp_path).names()
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("data", "line", "found"),
    [
        (b"a\nb\xff\n", 2, "byte 0xff"),
        (b"\xef\xbb\xbfa\n\n\xe9x", 3, "byte 0xe9"),
        ("[1]".encode("utf-16"), 1, "UTF-16"),
    ],
)
def test_text_that_is_not_utf8_is_located(data: bytes, line: int, found: str) -> None:
    source = open_source(io.BytesIO(data))
    with pytest.raises(FormatError) as caught:
        source.read_text(source.names()[0])
    assert (caught.value.line, caught.value.found, caught.value.expected) == (line, found, "UTF-8")


def test_links_loops_and_pipes_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.json").write_bytes(b"1")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "y.json").symlink_to(tmp_path / "a/x.json")
    (tmp_path / "z.json").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.json")
    assert open_source(tmp_path).names() == ("a/x.json", "y.json")


def test_too_many_files(tmp_path: Path) -> None:
    for index in range(4):
        (tmp_path / str(index)).touch()
    with pytest.raises(FormatError, match="too many"):
        open_source(tmp_path, limits=Limits(archive_members=3)).names()


@given(st.lists(st.text(max_size=8) | st.integers(0, 10**6).map(str) | st.just("9" * 6000)))
def test_the_natural_order_is_total(names: list[str]) -> None:
    turned = names[::-1]
    assert sorted(names, key=natural_key) == sorted(turned, key=natural_key)


def test_the_natural_order() -> None:
    assert sorted(["f10", "f9", "f010", "F1", "f"], key=natural_key) == ["f", "F1", "f9", "f010", "f10"]
