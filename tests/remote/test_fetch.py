"""Fetching what items name by URL: over a scripted transport, without waiting."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annokit
from annokit.errors import FetchError, MissingExtraError, UsageError
from annokit.limits import Limits
from annokit.media.fetched import MANIFEST
from annokit.model.dataset import Dataset
from annokit.model.media import with_images
from annokit.remote.fake import FakeAnswer, FakeClock, FakeTransport
from annokit.remote.fetch import FetchResult, fetch
from annokit.remote.progress import Progress
from annokit.remote.transport import Request
from tests.remote.samples import jpeg, png

ITEMS = [("a.png", "https://h/1/a.png"), ("train/b.png", "https://h/2"), ("c", "https://h/c.jpg?sig=1&x=2")]
FILES = {"https://h/1/a.png": png(1), "https://h/2": png(2), "https://h/c.jpg": jpeg(64, 48)}


def dataset(items: list[tuple[str, str | None]], **fields: Any) -> Dataset:
    builder = annokit.DatasetBuilder()
    for name, uri in items:
        builder.add_item(name, uri=uri, **fields)
    return builder.build()


def fetched(
    ds: Dataset, folder: Path, files: Mapping[str, bytes] = FILES, **options: Any
) -> tuple[FetchResult, FakeTransport]:
    transport = FakeTransport({url: [FakeAnswer(200, body)] for url, body in files.items()})
    result = fetch(ds, folder, transport=transport, clock=FakeClock(), **{"progress": False, **options})
    return result, transport


def counts(result: FetchResult) -> dict[str, int]:
    found: dict[str, int] = {}
    for issue in result.report:
        found[issue.code] = found.get(issue.code, 0) + issue.count
    return found


def test_items_get_path_and_size_and_keep_their_order(tmp_path: Path) -> None:
    ds = dataset(ITEMS)
    result, transport = fetched(ds, tmp_path / "new" / "files")
    got = result.dataset
    root = tmp_path / "new" / "files"
    assert [item.name for item in got] == ["a.png", "train/b.png", "c"]
    assert [item.path for item in got] == [root / "a.png", root / "train" / "b.png", root / "c.jpg"]
    assert [item.size for item in got] == [(37, 23), (37, 23), (64, 48)]
    assert (root / "train" / "b.png").read_bytes() == png(2)
    assert got[2].image.size == (64, 48)
    assert counts(result) == {"fetched": 3}
    assert result.report.severity == "info"
    assert list(result.report.rows())[2] == ("c", None, "path", "done", "c.jpg")
    assert len(transport.requests) == 3
    assert ds[0].path is None


def test_a_second_run_asks_for_nothing(tmp_path: Path) -> None:
    ds = dataset(ITEMS)
    first, _ = fetched(ds, tmp_path)
    again, transport = fetched(ds, tmp_path)
    assert transport.requests == []
    assert counts(again) == {"fetch-skipped": 3}
    assert [item.path for item in again.dataset] == [item.path for item in first.dataset]
    assert [item.size for item in again.dataset] == [item.size for item in first.dataset]


def test_what_was_fetched_is_fetched_again_by_fetching_the_result(tmp_path: Path) -> None:
    first, _ = fetched(dataset(ITEMS), tmp_path)
    again, transport = fetched(first.dataset, tmp_path)
    assert transport.requests == []
    assert again.dataset == first.dataset


def test_signatures_that_change_do_not_matter(tmp_path: Path) -> None:
    fetched(dataset(ITEMS), tmp_path)
    renewed = [(name, f"{uri}?X-Amz-Signature=new" if "?" not in str(uri) else uri) for name, uri in ITEMS]
    again, transport = fetched(dataset(renewed), tmp_path)
    assert transport.requests == []
    assert counts(again) == {"fetch-skipped": 3}


def test_a_failure_is_a_row_and_the_item_stays(tmp_path: Path) -> None:
    ds = dataset([*ITEMS, ("gone.png", "https://h/gone.png")])
    result, _ = fetched(ds, tmp_path)
    assert len(result.dataset) == 4
    assert result.dataset[3].path is None
    assert result.dataset[3].width is None
    failed = result.report.of("fetch-failed")
    assert failed.severity == "error"
    assert list(failed.rows()) == [
        ("gone.png", None, "path", "failed", "https://h/gone.png: HTTP status 404, there is no such file")
    ]
    assert [issue.code for issue in result.report] == ["fetch-failed", "fetched"]


def test_an_item_without_a_url_that_can_be_fetched_is_listed(tmp_path: Path) -> None:
    (tmp_path / "here.png").write_bytes(png())
    builder = annokit.DatasetBuilder()
    builder.add_item("none.png")
    builder.add_item("local.png", uri="images/local.png")
    builder.add_item("odd.png", uri="ftp://h/odd.png")
    builder.add_item("broken.png", uri="https://h:port/broken.png")
    builder.add_item("here.png", path=str(tmp_path / "here.png"))
    result, transport = fetched(builder.build(), tmp_path / "files")
    assert transport.requests == []
    assert counts(result) == {"fetch-failed": 4, "fetch-skipped": 1}
    rows = {row.item: row.detail or "" for row in result.report.rows()}
    assert "no URL" in rows["none.png"]
    assert "'images/local.png'" in rows["local.png"]
    assert "'ftp://h/odd.png'" in rows["odd.png"]
    assert "malformed" in rows["broken.png"]
    assert "on this machine already" in rows["here.png"]
    assert result.dataset[4].path == tmp_path / "here.png"


def test_an_empty_dataset_is_fetched_at_once(tmp_path: Path) -> None:
    result, transport = fetched(dataset([]), tmp_path)
    assert len(result.dataset) == 0
    assert not result.report
    assert transport.requests == []


def test_items_that_share_a_url_share_the_file(tmp_path: Path) -> None:
    ds = dataset([("a.png", "https://h/1/a.png"), ("copy.png", "https://h/1/a.png"), ("a.png", "https://h/2")])
    result, transport = fetched(ds, tmp_path)
    assert len(transport.requests) == 2
    assert [item.path for item in result.dataset][:2] == [tmp_path / "a.png"] * 2
    assert result.dataset[2].path not in (None, tmp_path / "a.png")
    assert [item.size for item in result.dataset] == [(37, 23)] * 3


def test_frames_of_a_video_share_its_file(tmp_path: Path) -> None:
    mp4 = b"\0\0\0\x20ftypisom" + b"\0" * 100
    ds = dataset([(f"case/clip one.mp4#{i}", "https://h/x/clip%20one.mp4?e=1") for i in range(50)], kind="frame")
    result, transport = fetched(ds, tmp_path, {"https://h/x/clip%20one.mp4": mp4})
    assert len(transport.requests) == 1
    assert {item.path for item in result.dataset} == {tmp_path / "case" / "clip one.mp4"}
    assert counts(result) == {"fetched": 50}
    assert result.dataset[0].width is None
    assert len((tmp_path / MANIFEST).read_bytes()) < 600


def test_names_that_repeat_lie_in_a_folder_of_their_sequence(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder()
    for name in ("case 1", "case/2", ".."):
        sequence = builder.add_sequence(name, name=name)
        builder.add_item("f.png", uri=f"https://h/{sequence}", sequence=sequence)
    builder.add_item("g.png", uri="https://h/3", sequence=0)
    result, _ = fetched(builder.build(), tmp_path, {f"https://h/{i}": png(i) for i in range(4)})
    assert [item.path.relative_to(tmp_path).as_posix() for item in result.dataset if item.path] == [
        "case 1/f.png", "case_2/f.png", "_/f.png", "g.png",
    ]  # fmt: skip


@pytest.mark.parametrize("body", [b'{"detail":"not found"}', b"P6 nonsense"])
def test_what_is_no_picture_is_told(tmp_path: Path, body: bytes) -> None:
    result, _ = fetched(dataset([("a.png", "https://h/2")]), tmp_path, {"https://h/2": body})
    assert counts(result) == {"fetched": 1, "bad-media": 1}
    assert result.report.severity == "warning"
    assert result.dataset[0].width is None


def test_a_web_page_in_place_of_a_file_is_a_failure(tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html></html>"
    result, _ = fetched(dataset([("a.png", "https://h/2")]), tmp_path, {"https://h/2": page}, limits=Limits(attempts=2))
    assert counts(result) == {"fetch-failed": 1}


def test_sizes_of_rare_kinds_come_from_the_file(tmp_path: Path) -> None:
    ppm = b"P6 5 3 255\n" + bytes(45)
    result, _ = fetched(dataset([("a.ppm", "https://h/2")]), tmp_path, {"https://h/2": ppm})
    assert result.dataset[0].size == (5, 3)
    assert counts(result) == {"fetched": 1}


def test_a_stated_size_is_kept_and_a_contradiction_told(tmp_path: Path) -> None:
    ds = dataset(ITEMS[:2], width=37, height=23)
    result, _ = fetched(ds, tmp_path)
    assert counts(result) == {"fetched": 2}
    ds = dataset(ITEMS[:2], width=640, height=480)
    result, _ = fetched(ds, tmp_path)
    assert counts(result) == {"fetch-skipped": 2, "size-mismatch": 2}
    assert result.dataset[0].size == (640, 480)
    assert "640x480" in str(result.report)
    assert not result.dataset.issues


def test_bitmaps_behind_urls_are_fetched_too(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder()
    builder.add_item("a.jpg", uri="https://h/1", bitmap={"name": "https://h/m?s=1"})
    builder.add_item("b.jpg", uri="https://h/2", bitmap={"name": "local.png"}, bitmap_path="/kept.png")
    builder.add_item("sub/c.jpg", uri="https://h/3", bitmap={"url": "https://h/n"})
    builder.add_item("d.jpg", uri="https://h/gone", bitmap={"name": "https://h/gone-too"})
    files = {"https://h/1": jpeg(), "https://h/2": jpeg(), "https://h/3": jpeg(), "https://h/m": png(1), "https://h/n": png(2, 9, 9)}  # fmt: skip
    result, _ = fetched(builder.build(), tmp_path, files)
    column = result.dataset._items.columns["bitmap_path"].values_of(np.arange(4))
    assert column[0] == str(tmp_path / "a_bitmap.png")
    assert column[1] == "/kept.png"
    assert (tmp_path / "sub" / "c_bitmap.png").read_bytes() == png(2, 9, 9)
    assert counts(result) == {"fetched": 5, "fetch-failed": 2, "size-mismatch": 1}
    mismatch = result.report.of("size-mismatch").issues[0]
    assert (mismatch.field, mismatch.examples) == ("bitmap", ("sub/c.jpg: the file has 9x9, the picture 37x23",))
    assert {row.field for row in result.report.of("fetch-failed").rows()} == {"path", "bitmap"}


def test_a_bitmap_is_asked_for_by_its_signed_url_and_known_by_the_lasting_one(tmp_path: Path) -> None:
    def of(number: int) -> Dataset:
        builder = annokit.DatasetBuilder()
        signed = f"https://signed/{number}/m.png?X-Amz-Signature=1"
        builder.add_item("a.jpg", uri="https://h/1", bitmap={"name": "https://h/m.png", "url": signed})
        return builder.build()

    files = {"https://h/1": jpeg(), "https://signed/1/m.png": png()}
    result, transport = fetched(of(1), tmp_path, files)
    assert counts(result) == {"fetched": 2}
    assert "https://signed/1/m.png?X-Amz-Signature=1" in {request.url for request in transport.requests}
    again, transport = fetched(of(2), tmp_path, files)
    assert counts(again) == {"fetch-skipped": 2}
    found = with_images(of(3), tmp_path)
    assert found._items.columns["bitmap_path"].value(0) == str(tmp_path / "a_bitmap.png")
    assert found[0].path == tmp_path / "a.jpg"


def test_progress_is_a_function_or_a_bar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[Progress] = []
    fetched(dataset(ITEMS), tmp_path / "a", progress=seen.append)
    assert [now.finished for now in seen] == [1, 2, 3]
    assert seen[-1].total == 3
    fetched(dataset(ITEMS), tmp_path / "b", progress=True)
    assert "3/3" in capsys.readouterr().err


def test_what_stops_everything_is_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(FetchError, match="file"):
        fetched(dataset(ITEMS), tmp_path / "file")
    with pytest.raises(UsageError, match="workers"):
        fetched(dataset(ITEMS), tmp_path, workers=0)
    with pytest.raises(UsageError, match="directory"):
        fetched(dataset(ITEMS), None)  # type: ignore[arg-type]


def test_a_store_without_its_package_is_told_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"annokit\[cloud\]"):
        fetch(dataset([("a.png", "s3://b/a.png")]), tmp_path / "new", progress=False)
    assert not (tmp_path / "new").exists()


def test_frames_of_savant_are_told_their_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    builder = annokit.DatasetBuilder()
    sequence = builder.add_sequence("s", extras={"savant/workspaceId": "w"})
    builder.add_item("a.png", uri="s3://b/a.png", sequence=sequence)
    with pytest.raises(MissingExtraError, match=r"SavantClient\.fetch"):
        fetch(builder.build(), tmp_path)


def test_any_transport_may_serve_a_store(tmp_path: Path) -> None:
    def answer(request: Request) -> FakeAnswer:
        return FakeAnswer(200, png())

    ds = dataset([("a.png", "s3://b/a.png"), ("b.png", "GS://b/b.png")])
    result = fetch(ds, tmp_path, transport=FakeTransport(answer), progress=False)
    assert counts(result) == {"fetched": 2}


def test_it_is_the_public_name(tmp_path: Path) -> None:
    assert annokit.fetch is fetch
    assert annokit.FetchResult is FetchResult
