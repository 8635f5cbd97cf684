from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from annokit.errors import FetchError, UsageError
from annokit.limits import Limits
from annokit.media.magic import IMAGE_KINDS
from annokit.remote.download import download
from annokit.remote.fake import FakeAnswer, FakeClock, FakeTransport
from annokit.remote.job import Job
from annokit.remote.progress import Progress
from annokit.remote.transport import Request
from tests.remote.samples import png


def network(count: int) -> FakeTransport:
    return FakeTransport({f"https://h/{i}.png": [FakeAnswer(200, png(i))] for i in range(count)})


def jobs(count: int) -> list[Job]:
    return [Job.of_url(f"https://h/{i}.png", f"sub/{i}.png", kinds=IMAGE_KINDS) for i in range(count)]


def test_results_are_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    results = download(jobs(50), tmp_path, transport=network(49), workers=7)
    assert [r.index for r in results] == list(range(50))
    assert [r.status for r in results] == ["done"] * 49 + ["failed"]
    assert all((tmp_path / (r.path or "")).read_bytes() == png(r.index) for r in results[:49])


def test_a_second_run_asks_for_nothing_but_what_failed(tmp_path: Path) -> None:
    download(jobs(20), tmp_path, transport=network(19))
    again = network(20)
    results = download(jobs(20), tmp_path, transport=again)
    assert [r.status for r in results] == ["skipped"] * 19 + ["done"]
    assert [r.url for r in again.requests] == ["https://h/19.png"]


def test_a_folder_that_was_copied_is_not_fetched_again(tmp_path: Path) -> None:
    import shutil

    download(jobs(5), tmp_path / "a", transport=network(5))
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    assert {r.status for r in download(jobs(5), tmp_path / "b", transport=network(0))} == {"skipped"}


def test_jobs_are_taken_no_faster_than_needed(tmp_path: Path) -> None:
    taken = 0
    ahead = []

    def stream() -> Iterator[Job]:
        nonlocal taken
        for job in jobs(100):
            taken += 1
            yield job

    def watch(now: Progress) -> None:
        ahead.append(taken - now.finished)

    gate = threading.Semaphore(0)

    def slowly(request: Request) -> FakeAnswer:
        gate.acquire(timeout=0.005)
        return FakeAnswer(200, png(int(request.url[10:-4])))

    download(stream(), tmp_path, transport=FakeTransport(slowly), workers=4, progress=watch)
    assert max(ahead) <= 8
    assert len(ahead) == 100


def test_one_file_wanted_twice_is_fetched_once(tmp_path: Path) -> None:
    transport = network(1)
    twice = jobs(1) * 6
    results = download(twice, tmp_path, transport=transport, workers=6)
    assert len(transport.requests) == 1
    assert {r.path for r in results} == {"sub/0.png"}
    assert sorted(r.status for r in results) == ["done"] + ["skipped"] * 5


def test_names_that_meet_become_different_in_the_same_way_each_time(tmp_path: Path) -> None:
    def wanted() -> list[Job]:
        return [attrs.evolve(job, name=name) for job, name in zip(jobs(3), ["a.png", "A.png", "a.PNG"], strict=True)]

    first = [r.path for r in download(wanted(), tmp_path / "1", transport=network(3), workers=3)]
    second = [r.path for r in download(wanted(), tmp_path / "2", transport=network(3), workers=1)]
    assert first == second
    assert first[0] == "a.png"
    assert len({(path or "").lower() for path in first}) == 3
    again = download(wanted(), tmp_path / "1", transport=network(0))
    assert [r.path for r in again] == first


def test_progress_counts_everything(tmp_path: Path) -> None:
    seen: list[Progress] = []
    download(jobs(3), tmp_path, transport=network(2), progress=seen.append)
    assert [now.finished for now in seen] == [1, 2, 3]
    assert seen[-1] == Progress(3, done=2, failed=1, bytes=len(png(0)) + len(png(1)))
    download(iter(jobs(3)), tmp_path, transport=network(2), progress=seen.append)
    assert (seen[-1].total, seen[-1].skipped) == (None, 2)


def test_a_bar_is_shown_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    download(jobs(3), tmp_path, transport=network(2), progress=True)
    assert "3/3" in capsys.readouterr().err
    download(jobs(3), tmp_path, transport=network(2), progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_is_prompt_and_leaves_no_half_file(tmp_path: Path, error: type[BaseException]) -> None:
    hang = threading.Event()

    def answer(request: Request) -> FakeAnswer:
        number = int(request.url[10:-4])
        if number > 10:
            hang.wait(20)
        return FakeAnswer(200, png(number))

    def interrupt(now: Progress) -> None:
        if now.finished == 5:
            raise error

    began = time.monotonic()
    with pytest.raises(error):
        download(jobs(100), tmp_path, transport=FakeTransport(answer), workers=8, progress=interrupt)
    assert time.monotonic() - began < 10
    assert [p.name for p in tmp_path.rglob(".annokit*")] == []
    hang.set()
    results = download(jobs(100), tmp_path, transport=network(100))
    assert {r.status for r in results} == {"done", "skipped"}
    assert all((tmp_path / (r.path or "")).read_bytes() == png(r.index) for r in results)
    assert [p.name for p in tmp_path.rglob(".annokit*")] == []


def test_an_error_in_the_jobs_is_raised(tmp_path: Path) -> None:
    def broken() -> Iterator[Job]:
        yield from jobs(3)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        download(broken(), tmp_path, transport=network(3))


def test_the_threads_end(tmp_path: Path) -> None:
    download(jobs(20), tmp_path, transport=network(20), workers=8)
    assert not [t for t in threading.enumerate() if t.name == "annokit-fetch"]


def test_a_host_that_is_down_does_not_cost_hours(tmp_path: Path) -> None:
    transport = FakeTransport(lambda request: FakeAnswer(error="connection refused"))
    results = download(jobs(2000), tmp_path, transport=transport, workers=4, clock=FakeClock(chance=0.5))
    assert {r.status for r in results} == {"failed"}
    assert len(transport.requests) < 1000
    assert "given up" in (results[-1].reason or "")


def test_the_answers_of_one_busy_host_slow_all_workers(tmp_path: Path) -> None:
    clock = FakeClock()
    busy = [FakeAnswer(429, headers={"Retry-After": "30"})]
    script = {f"https://h/{i}.png": [FakeAnswer(200, png(i))] for i in range(20)}
    script["https://h/0.png"] = [*busy, *script["https://h/0.png"]]
    results = download(jobs(20), tmp_path, transport=FakeTransport(script), workers=4, clock=clock)
    assert {r.status for r in results} == {"done"}
    assert max(clock.waits) >= 29


def test_no_workers_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="workers is 0"):
        download([], tmp_path, workers=0)


def test_nothing_to_do(tmp_path: Path) -> None:
    assert download([], tmp_path / "new", transport=network(0)) == []
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_is_complete_may_be_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    download(jobs(3), tmp_path, transport=network(3))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("annokit.remote.folder.open", refuse, raising=False)
    assert {r.status for r in download(jobs(3), tmp_path, transport=network(0))} == {"skipped"}
    with pytest.raises(FetchError, match="no permission to write"):
        download(jobs(4), tmp_path, transport=network(4))


def test_limits_are_passed_down(tmp_path: Path) -> None:
    transport = FakeTransport(lambda request: FakeAnswer(500))
    results = download(jobs(1), tmp_path, transport=transport, limits=Limits(attempts=3), clock=FakeClock())
    assert results[0].attempts == 3
