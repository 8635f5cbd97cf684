from __future__ import annotations

import io
import sys
import types
from pathlib import Path
from typing import BinaryIO

import pytest

from annokit.errors import MissingExtraError
from annokit.remote.cloud import CloudTransport, SchemeTransport
from annokit.remote.download import download
from annokit.remote.fake import FakeAnswer, FakeTransport
from annokit.remote.job import Job
from annokit.remote.transport import Request, TransportError, read_all
from tests.remote.samples import png

PNG = png()


class Store:
    """What fsspec returns for a scheme."""

    def info(self, url: str) -> dict[str, object]:
        errors = {
            "s3://b/none": FileNotFoundError(),
            "s3://b/secret": PermissionError(),
            "s3://b/net": OSError(5, "io"),
        }
        if url in errors:
            raise errors[url]
        return {"size": len(PNG), "ETag": '"abc"'}

    def open(self, url: str, mode: str) -> BinaryIO:
        assert (url, mode) == ("s3://b/a.png", "rb")
        return io.BytesIO(PNG)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    asked: list[object] = []
    module = types.ModuleType("fsspec")
    module.filesystem = lambda scheme, **options: asked.append((scheme, options)) or Store()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fsspec", module)
    return asked


def test_objects_are_downloaded(store: list[object], tmp_path: Path) -> None:
    results = download([Job.of_url("s3://b/a.png", "a.png"), Job.of_url("s3://b/none", "b.png")], tmp_path)
    assert [r.status for r in results] == ["done", "failed"]
    assert (tmp_path / "a.png").read_bytes() == PNG
    assert store == [("s3", {})]


def test_statuses(store: list[object]) -> None:
    transport = CloudTransport(anon=True)
    assert transport.send(Request("s3://b/none")).status == 404
    assert transport.send(Request("s3://b/secret")).status == 403
    with pytest.raises(TransportError, match="s3://b/net: io"):
        transport.send(Request("s3://b/net"))
    assert store == [("s3", {"anon": True})]


def test_ranges(store: list[object]) -> None:
    transport = CloudTransport()
    whole = transport.send(Request("s3://b/a.png"))
    assert (whole.status, whole.headers["etag"], read_all(whole, 1 << 20)) == (200, '"abc"', PNG)
    part = transport.send(Request("s3://b/a.png", headers={"Range": "bytes=10-", "If-Range": '"abc"'}))
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes 10-{len(PNG) - 1}/{len(PNG)}")
    assert read_all(part, 1 << 20) == PNG[10:]
    other = transport.send(Request("s3://b/a.png", headers={"Range": "bytes=10-", "If-Range": '"old"'}))
    assert other.status == 200


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"annokit\[cloud\]"):
        download([Job.of_url("gs://b/a.png", "a.png")], tmp_path)


def test_the_scheme_chooses_the_transport() -> None:
    plain, other = (FakeTransport(lambda r, n=n: FakeAnswer(n)) for n in (201, 202))
    both = SchemeTransport(plain, {"s3": other})
    assert both.send(Request("https://s3/")).status == 201
    assert both.send(Request("S3://b/")).status == 202
    both.close()
    assert plain.closed
    assert other.closed
