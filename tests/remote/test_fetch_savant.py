"""Frames of a SAVANT dataset, over a true network: under fire, under dangerous names, and found again by reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.errors import AuthError, FetchError
from annokit.limits import Limits
from annokit.media.fetched import MANIFEST
from annokit.model.dataset import Dataset
from annokit.remote.fake import FakeAnswer, FakeClock, FakeTransport
from annokit.remote.fetch import FetchResult
from annokit.remote.savant import SavantClient
from annokit.remote.standin import StandIn
from tests.remote.samples import jpeg, png
from tests.remote.test_under_fire import FRAMES, KEYS, NASTY, QUICK, leftovers, plan

Frame = tuple[str, str]


def frame(ident: Any, path: str | None = None) -> dict[str, Any]:
    """Return a frame of a batch with one box; absent where None."""
    shape = {"type": "rectangle", "points": [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.4}]}
    told = {"id": ident, "framePath": path, "labels": [{"code": "tool", "shapes": [shape]}]}
    return {key: value for key, value in told.items() if value is not None}


def sequence(ident: Any, *frames: dict[str, Any], workspace: Any = "w", **more: Any) -> dict[str, Any]:
    """Return a sequence of a batch; absent where None."""
    told = {"rootId": ident, "workspaceId": workspace, "featureSet": list(frames) or None, **more}
    return {key: value for key, value in told.items() if value is not None}


def batch(folder: Path, *sequences: dict[str, Any]) -> Path:
    """Write a batch."""
    path = folder / "batch.json"
    path.write_text(json.dumps({"sequences": sequences}))
    return path


def client_of(server: StandIn, limits: Limits = QUICK) -> SavantClient:
    return SavantClient(server.domain, server.username, server.password, limits=limits)


def codes(result: FetchResult) -> dict[str, int]:
    return {issue.code: issue.count for issue in result.report}


def paths(ds: Dataset) -> list[Path]:
    return [item.path for item in ds if item.path is not None]


def big_batch(folder: Path) -> Path:
    """Write the batch of the frames under fire, whose names repeat in every sequence."""
    by_sequence: dict[str, list[dict[str, Any]]] = {}
    for root, ident in KEYS:
        frames = by_sequence.setdefault(root, [])
        frames.append(frame(ident, f"s3://bucket/{root}/frame_{len(frames):03}.png"))
    return batch(folder, *(sequence(root, *frames, workspace="work/space") for root, frames in by_sequence.items()))


def check_frames(ds: Dataset, got: Dataset, lost: int) -> None:
    """Check that every item but one has its own frame."""
    assert [(item.name, item.id) for item in got] == [(item.name, item.id) for item in ds]
    for row, item in enumerate(got):
        if row == lost:
            assert (item.path, item.width, item.height) == (None, None, None)
        else:
            assert item.sequence is not None
            assert item.path is not None
            assert item.path.read_bytes() == FRAMES[str(item.sequence.id), str(item.id)]
            assert item.size == (37, 23)


@pytest.mark.parametrize("ranges", [True, False])
def test_every_frame_under_fire_lands_on_its_own_item(tmp_path: Path, ranges: bool) -> None:
    path, folder = big_batch(tmp_path), tmp_path / "frames"
    ds = annokit.read(path)
    key_of = {(item.sequence.id, item.id): item.row for item in ds if item.sequence}
    with StandIn(FRAMES, faults=plan(), token_requests=90, workspace="work/space", ranges=ranges) as server:
        with client_of(server) as client:
            result = client.fetch(ds, folder, progress=False)
        asked = server.log()
        lost = key_of[KEYS[202]]
        check_frames(ds, result.dataset, lost)
        assert codes(result) == {"fetch-failed": 1, "fetched": 299}
        (failed,) = result.report.of("fetch-failed").rows()
        assert failed.item == ds[lost].name
        assert "HTTP status 404" in (failed.detail or "")
        assert leftovers(folder) == []
        assert not any("authorization" in seen.headers for seen in asked if seen.place == "storage")
        expired = sum(seen.place == "api" and seen.status == 401 for seen in asked)
        assert sum(seen.place == "login" for seen in asked) <= 1 + expired

        with client_of(server) as client:
            again = client.fetch(ds, folder, progress=False)
        new = server.log()[len(asked) :]
        assert {seen.key for seen in new if seen.place != "login"} == {KEYS[202]}
        assert sum(seen.place == "login" for seen in new) == 1
        assert codes(again) == {"fetch-skipped": 299, "fetched": 1}

        asked = server.log()
        with client_of(server) as client:
            whole = client.fetch(ds, folder, progress=False)
        assert server.log() == asked
        assert codes(whole) == {"fetch-skipped": 300}

    found = annokit.read(path, images=folder)
    assert [item.path for item in found] == [item.path for item in whole.dataset]
    assert not found.issues.of("missing-media", "ambiguous-media")
    assert [item.size for item in found] == [(37, 23)] * 300
    assert found == whole.dataset


@pytest.mark.parametrize("where", ["sequence", "frame", "path"])
def test_dangerous_names_stay_inside_are_distinct_and_are_found_again(tmp_path: Path, where: str) -> None:
    folder = tmp_path / "in" / "here"
    ids: list[Frame] = [(name, "f") if where == "sequence" else ("s", name) for name in NASTY]
    frames = [frame(ident, f"s3://bucket/{ident}" if where == "path" else None) for _, ident in ids]
    lists = [sequence(root, one) for (root, _), one in zip(ids, frames, strict=True)]
    path = batch(tmp_path, *(lists if where == "sequence" else [sequence("s", *frames)]))
    ds = annokit.read(path)
    files = {key: png(i) for i, key in enumerate(ids)}
    with StandIn(files) as server, client_of(server) as client:
        result = client.fetch(ds, folder, progress=False)
        assert codes(result) == {"fetched": len(NASTY)}, str(result.report)
        got = paths(result.dataset)
        assert all(path.resolve().is_relative_to(folder.resolve()) for path in got)
        assert len({str(path).casefold() for path in got}) == len(NASTY)
        assert all(len(part.encode()) <= 255 for path in got for part in path.parts)
        for item in result.dataset:
            assert item.path is not None
            assert item.path.read_bytes() == png(item.row)
        assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted([*got, path, folder / MANIFEST])

        asked = len(server.log())
        again = client.fetch(ds[::-1], folder, progress=False)
        assert len(server.log()) == asked
        assert [item.path for item in again.dataset] == got[::-1]
    assert paths(annokit.read(path, images=folder)) == got
    assert paths(annokit.read(path, images=tmp_path)) == got


def test_what_can_not_be_asked_for_is_listed(tmp_path: Path) -> None:
    path = batch(
        tmp_path,
        sequence("s", frame("ok"), frame(None, "s3://b/no-id.png"), frame("")),
        sequence(None, frame("no-root")),
        sequence("t", frame("no-workspace"), workspace=None),
        sequence("u", frame("odd-workspace"), workspace={"id": 1}),
        sequence("v", videoAnnotations=[], name="a video"),
    )
    with StandIn({("s", "ok"): png()}) as server, client_of(server) as client:
        result = client.fetch(annokit.read(path), tmp_path / "frames", progress=False)
        assert {seen.key for seen in server.log() if seen.place != "login"} == {("s", "ok")}
    rows = {row.item: (row.fate, row.detail) for row in result.report.rows()}
    assert rows == {
        "ok": ("done", "ok.png"),
        "no-id.png": ("failed", "the id of the frame (id) is missing"),
        "": ("failed", "the id of the frame (id) is missing"),
        "no-root": ("failed", "the id of the sequence (rootId) is missing"),
        "no-workspace": ("failed", "the id of the workspace (workspaceId) is missing"),
        "odd-workspace": ("failed", "the id of the workspace (workspaceId) is no text or whole number"),
        "a video": ("skipped", "a whole video; the platform gives out single frames"),
    }
    assert codes(result) == {"fetch-failed": 5, "fetch-skipped": 1, "fetched": 1}
    assert len(result.dataset) == 7


def test_ids_may_be_numbers(tmp_path: Path) -> None:
    ds = annokit.read(batch(tmp_path, sequence(7, frame(3), frame(4), workspace=12)))
    with StandIn({("7", "3"): png(3), ("7", "4"): png(4)}, workspace="12") as server, client_of(server) as client:
        result = client.fetch(ds, tmp_path / "frames", progress=False)
    assert [path.read_bytes() for path in paths(result.dataset)] == [png(3), png(4)]
    assert paths(annokit.read(tmp_path / "batch.json", images=tmp_path / "frames")) == paths(result.dataset)


def test_nothing_to_ask_for_needs_no_login(tmp_path: Path) -> None:
    ds = annokit.read(batch(tmp_path, sequence("v", videoAnnotations=[])))
    transport = FakeTransport({})
    with SavantClient("https://h", transport=transport) as client:
        result = client.fetch(ds, tmp_path / "frames")
    assert codes(result) == {"fetch-skipped": 1}
    assert transport.requests == []
    assert not result.dataset[0].path


def test_a_refused_login_ends_everything(tmp_path: Path) -> None:
    ds = annokit.read(batch(tmp_path, sequence("s", *(frame(str(i)) for i in range(40)))))
    transport = FakeTransport({"https://h/auth/jwt/login": [FakeAnswer(400)]})
    with (
        SavantClient("https://h", "u", "p", transport=transport, clock=FakeClock()) as client,
        pytest.raises(AuthError, match="refuses the credentials"),
    ):
        client.fetch(ds, tmp_path / "frames", progress=False)
    assert len(transport.requests) == 1


def test_a_full_disk_is_an_error_and_the_next_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno
    import os

    from annokit.remote.folder import PartFile

    path = batch(tmp_path, sequence("s", *(frame(str(i)) for i in range(20))))
    ds, folder = annokit.read(path), tmp_path / "frames"
    true_write, left = PartFile.write, [5]

    def write(self: PartFile, piece: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            from annokit.remote.folder import refuse

            self.discard()
            refuse(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), self.path)
        true_write(self, piece)

    with StandIn({("s", str(i)): png(i) for i in range(20)}) as server, client_of(server) as client:
        monkeypatch.setattr(PartFile, "write", write)
        with pytest.raises(FetchError, match="the disk is full"):
            client.fetch(ds, folder, workers=2, progress=False)
        monkeypatch.undo()
        assert leftovers(folder) == []
        result = client.fetch(ds, folder, progress=False)
    assert [path.read_bytes() for path in paths(result.dataset)] == [png(i) for i in range(20)]


def test_other_kinds_of_picture_get_a_fitting_suffix(tmp_path: Path) -> None:
    path = batch(tmp_path, sequence("s", frame("a", "s3://b/a.png"), frame("b", "s3://b/b.jpg")))
    with StandIn({("s", "a"): jpeg(), ("s", "b"): png()}) as server, client_of(server) as client:
        result = client.fetch(annokit.read(path), tmp_path / "frames", progress=False)
    assert [p.name for p in paths(result.dataset)] == ["a.jpg", "b.png"]
    assert paths(annokit.read(path, images=tmp_path / "frames")) == paths(result.dataset)


def test_a_frame_of_another_size_than_its_neighbours_is_told(tmp_path: Path) -> None:
    ds = annokit.read(batch(tmp_path, sequence("s", *(frame(str(i)) for i in range(4)))))
    frames = {("s", str(i)): png(i, 23 if i == 2 else 37, 37 if i == 2 else 23) for i in range(4)}
    with StandIn(frames) as server, client_of(server) as client:
        result = client.fetch(ds, tmp_path / "frames", progress=False)
    (issue,) = result.report.of("size-mismatch")
    assert issue.examples == ("2: the file has 23x37, its neighbours 37x23",)
    assert result.dataset[2].size == (23, 37)
    assert result.dataset[2].boxes(unit="pixel")[0].round(6).tolist() == [2.3, 7.4, 6.9, 14.8]


def test_a_frame_that_was_not_fetched_never_gets_the_file_of_another(tmp_path: Path) -> None:
    lists = [sequence(root, frame("f", f"s3://b/{root}/same.png")) for root in ("one", "two")]
    path, folder = batch(tmp_path, *lists), tmp_path / "frames"
    ds = annokit.read(path)
    with StandIn({("one", "f"): png(1), ("two", "f"): png(2)}) as server, client_of(server) as client:
        client.fetch(ds[1:], folder, progress=False)
        assert (folder / "same.png").read_bytes() == png(2)
        found = annokit.read(path, images=folder)
        assert [item.path for item in found] == [None, folder / "same.png"]
        assert found.issues.of("missing-media").issues[0].count == 1
        whole = client.fetch(ds, folder, progress=False)
    assert [p.read_bytes() for p in paths(whole.dataset)] == [png(1), png(2)]
    assert paths(annokit.read(path, images=folder)) == paths(whole.dataset)


def test_frames_are_found_in_a_copied_folder_and_through_other_formats(tmp_path: Path) -> None:
    path, folder = batch(tmp_path, sequence("s", frame("a:b", "s3://b/a:b.png"))), tmp_path / "frames"
    with StandIn({("s", "a:b"): png()}) as server, client_of(server) as client:
        result = client.fetch(annokit.read(path), folder, progress=False)
    moved = folder.rename(tmp_path / "elsewhere")
    (found,) = annokit.read(path, images=[tmp_path / "in", moved] if (tmp_path / "in").exists() else moved)
    assert found.path == moved / "a_b.png"
    annokit.write(result.dataset, tmp_path / "own.annokit", "annokit")
    assert annokit.read(tmp_path / "own.annokit", images=moved)[0].path == found.path


def test_a_new_export_of_the_same_frames_asks_for_nothing_and_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    with StandIn({("s", "f"): png()}) as server, client_of(server) as client:
        client.fetch(annokit.read(batch(tmp_path, sequence("s", frame("f", "s3://old/a.png")))), folder, progress=False)
        asked = len(server.log())
        renamed = annokit.read(batch(tmp_path, sequence("s", frame("f", "s3://new/b.png"))))
        again = client.fetch(renamed, folder, progress=False)
        assert len(server.log()) == asked
    assert paths(again.dataset) == [folder / "a.png"]
    assert paths(annokit.read(tmp_path / "batch.json", images=folder)) == [folder / "a.png"]
    lines = (folder / MANIFEST).read_text().splitlines()
    assert [owner["name"] for owner in json.loads(lines[-1])["owners"]] == ["a.png", "b.png"]
    with StandIn({}) as server, client_of(server) as client:
        client.fetch(renamed, folder, progress=False)
    assert (folder / MANIFEST).read_text().splitlines() == lines


def test_options_may_be_given_by_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ds = annokit.read(batch(tmp_path, sequence("s", frame("f"))))
    with StandIn({("s", "f"): png()}) as server, client_of(server) as client:
        result = client.fetch(ds, str(tmp_path / "frames"), 2, True)
    assert codes(result) == {"fetched": 1}
    assert "1/1" in capsys.readouterr().err
