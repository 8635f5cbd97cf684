"""The promise as a whole: over a true network, with everything going wrong at once, and killed at any moment."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from annokit.limits import Limits
from annokit.remote.job import Job
from annokit.remote.manifest import Manifest
from annokit.remote.savant import SavantClient
from annokit.remote.standin import Fault, StandIn
from tests.remote.samples import png

COUNT = 300
FRAMES = {(f"seq/{i % 3}", f"früme {i}"): png(i) for i in range(COUNT)}
KEYS = list(FRAMES)
QUICK = Limits(backoff_base=0.02, backoff_cap=0.2)
PLANS: list[list[Fault | str]] = [
    [Fault("429", seconds=0.05)],
    [Fault("429", at="api", seconds=0.05)],
    ["503", "500"],
    [Fault("503", at="api"), Fault("500", at="api")],
    ["reset"],
    [Fault("reset", at="api")],
    ["truncated", "reset-body"],
    ["short"],
    ["html", "html-as-png"],
    ["not-json"],
    ["wrong-magic"],
    ["empty"],
    ["expired", "expired-400", "403"],
    ["502", "504", "408", "reset", "truncated"],
    [Fault("slow", seconds=0.2)],
]


def plan() -> dict[tuple[str, str], list[Fault | str]]:
    faults: dict[tuple[str, str], list[Fault | str]] = {
        key: list(PLANS[i // 4 % len(PLANS)]) for i, key in enumerate(KEYS) if i % 4 == 0
    }
    faults[KEYS[101]] = [Fault("429-date", seconds=1.0)]
    faults[KEYS[202]] = ["404"]
    return faults


def jobs(client: SavantClient) -> list[Job]:
    return [client.job(*key, "work/space", f"{key[0].replace('/', '_')}/{i}.png") for i, key in enumerate(KEYS)]


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if ".part" in path.name]


@pytest.mark.parametrize("ranges", [True, False])
def test_everything_at_once(tmp_path: Path, ranges: bool) -> None:
    with (
        StandIn(FRAMES, faults=plan(), token_requests=90, workspace="work/space", ranges=ranges) as server,
        SavantClient(server.domain, server.username, server.password, limits=QUICK) as client,
    ):
        results = client.download(jobs(client), tmp_path)
        log = server.log()
        assert [r.index for r in results if r.status == "failed"] == [202]
        assert "HTTP status 404" in (results[202].reason or "")
        for result in results:
            if result.status == "done":
                assert (tmp_path / (result.path or "")).read_bytes() == FRAMES[KEYS[result.index]]
                assert result.size == (37, 23)
        assert leftovers(tmp_path) == []
        assert not any("authorization" in seen.headers for seen in log if seen.place == "storage")
        expired = sum(seen.place == "api" and seen.status == 401 for seen in log)
        logins = sum(seen.place == "login" for seen in log)
        assert 3 <= logins <= 1 + expired
        calls = sum(seen.place == "api" for seen in log) - expired
        assert logins == -(-calls // 90)
        assert {seen.fault for seen in log} >= {"429-date", "reset", "truncated", "html", "wrong-magic", "empty", "404"}

        again = [job for i, job in enumerate(jobs(client)) if i != 202]
        assert {r.status for r in client.download(again, tmp_path)} == {"skipped"}
        assert len(server.log()) == len(log)


def test_urls_that_expire_while_they_wait_are_renewed(tmp_path: Path) -> None:
    faults = {key: [Fault("503", seconds=0.1)] for key in KEYS[:10]}
    with (
        StandIn(FRAMES, faults=faults, url_seconds=0.05) as server,
        SavantClient(server.domain, server.username, server.password, limits=QUICK) as client,
    ):
        results = client.download(jobs(client)[:20], tmp_path, workers=4)
        assert {r.status for r in results} == {"done"}


CHILD = """
import sys
from annokit.remote.savant import SavantClient
domain, folder, username, password = sys.argv[1:]
with SavantClient(domain, username, password) as client:
    jobs = [client.job("s", str(i), "w", f"{i % 5}/{i}.png") for i in range(100)]
    client.download(jobs, folder, workers=4)
"""


def test_killed_at_twenty_moments_it_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    frames = {("s", str(i)): png(i) for i in range(100)}
    with StandIn(frames, delay=0.002) as server:
        arguments = [server.domain, str(tmp_path), server.username, server.password]
        for moment in range(20):
            begun = len(server.log())
            child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments], cwd=Path(__file__).parents[2])
            while len(server.log()) < begun + 2 + moment % 11 and child.poll() is None:
                time.sleep(0.0005)
            child.send_signal(signal.SIGKILL)
            child.wait()
            for path in tmp_path.glob("*/*.png"):
                assert path.read_bytes() == frames["s", path.stem]
            assert len(leftovers(tmp_path)) <= 8
        assert 0 < len(Manifest(tmp_path)) < 100
        with SavantClient(server.domain, server.username, server.password) as client:
            todo = [client.job("s", str(i), "w", f"{i % 5}/{i}.png") for i in range(100)]
            results = client.download(todo, tmp_path)
    assert {r.status for r in results} == {"done", "skipped"}
    assert [r.path for r in results] == [f"{i % 5}/{i}.png" for i in range(100)]
    assert all((tmp_path / (r.path or "")).read_bytes() == frames["s", str(r.index)] for r in results)
    assert leftovers(tmp_path) == []


NASTY = [
    "../a",
    "..",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "c:d",
    "con",
    "NUL.png",
    "tab\there",
    "null\0byte",
    "line\nfeed",
    "Frame",
    "frame",
    "FRAME",
    "é",
    "e\u0301",
    "x" * 300,
    "x" * 299 + "y",
    "ü" * 300,
    ".hidden",
    "trailing. ",
    " ",
    "%2e%2e%2f",
    "a?b#c",
    "\U0001f600",
    "annokit-fetch.jsonl",
]


def test_dangerous_names(tmp_path: Path) -> None:
    from annokit.codecs.names import safe_names

    frames = {("s", name): png(i) for i, name in enumerate(NASTY)}
    folder = tmp_path / "in" / "here"
    with (
        StandIn(frames) as server,
        SavantClient(server.domain, server.username, server.password) as client,
    ):
        todo = [client.job("s", name, "w", safe) for name, safe in zip(NASTY, safe_names(NASTY), strict=True)]
        results = client.download(todo, folder)
        assert {r.status for r in results} == {"done"}
        paths = [(folder / (r.path or "")).resolve() for r in results]
        assert all(path.is_relative_to(folder) for path in paths)
        assert len({str(path).casefold() for path in paths}) == len(NASTY)
        for result, path in zip(results, paths, strict=True):
            assert path.read_bytes() == png(result.index)
            assert path.suffix == ".png"
        assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted([*paths, folder / "annokit-fetch.jsonl"])
        asked = len(server.log())
        again = client.download(list(reversed(todo)), folder)
        assert {r.status for r in again} == {"skipped"}
        assert [r.path for r in reversed(again)] == [r.path for r in results]
        assert len(server.log()) == asked


def test_a_job_is_plain_data() -> None:
    with SavantClient("https://h", "u", "p") as client:
        job = client.job("s", "f", "w", "a.png")
    assert attrs.evolve(job, name="b.png").key == job.key == "savant:w/s/f"
