import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from annokit.codecs import json_ranges, json_workers
from annokit.codecs.json_ranges import Range, cut_file
from annokit.codecs.json_workers import Gathered, gather
from annokit.codecs.records import Reading, Rest
from annokit.errors import FormatError

sys.path.insert(0, str(Path(__file__).parent))
import gathering


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_workers, "SMALL", 1)
    monkeypatch.setattr(json_workers, "HEAD", 0)
    monkeypatch.setattr(json_ranges, "PIECE", 4096)


def coco(images: int = 800, annotations: int = 3000) -> dict[str, Any]:
    return {
        "info": {"a": [1]},
        "images": [{"id": i, "file_name": f'{i}}},{{"id":.jpg'} for i in range(images)],
        "annotations": [{"id": 10 * i, "tags": [{"id": 5}, {"id": 6}]} for i in range(annotations)],
        "categories": [{"id": 1}],
    }


def written(path: Path, document: Any, option: int | None = None) -> Path:
    path.write_bytes(orjson.dumps(document, option=option))
    return path


def ids(found: Gathered, pointer: str) -> list[int]:
    values: list[int] = np.concatenate([result[pointer] for result in found.results]).tolist()
    return values


def processes(found: Gathered) -> int:
    return len({result["process"] for result in found.results})


@pytest.mark.parametrize("option", [None, orjson.OPT_INDENT_2])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_result_does_not_depend_on_the_number_of_processes(
    tmp_path: Path, workers: int, option: int | None
) -> None:
    document = coco()
    found = gather(written(tmp_path / "a.json", document, option), gathering.Ids, workers)
    assert processes(found) == len(found.results) == workers
    for key in ("annotations", "images"):
        assert ids(found, f"/{key}") == [row["id"] for row in document[key]]
        assert sum(counts.get(f"/{key}", 0) for counts in found.counts) == len(document[key])
    (rest,) = found.rests
    assert [key for key, _ in rest.members] == list(document)
    assert orjson.loads(dict(rest.members)["categories"] or b"") == document["categories"]


@pytest.mark.parametrize(
    ("make", "pointer", "wrap"),
    [
        (gathering.Listed, "", lambda rows: rows),
        (
            gathering.Nested,
            "/dataset/samples",
            lambda rows: {"name": "n", "dataset": {"a": 1, "samples": rows, "z": 2}},
        ),
    ],
)
def test_other_places(tmp_path: Path, make: Any, pointer: str, wrap: Callable[[Any], Any]) -> None:
    rows = [{"id": i, "b": "x" * (i % 50)} for i in range(2000)]
    path = written(tmp_path / "a.json", wrap(rows))
    found, alone = gather(path, make, 2), gather(path, make)
    assert processes(found) == 2
    assert ids(found, pointer) == ids(alone, pointer) == list(range(2000))
    assert sorted(found.rests, key=str) == sorted(alone.rests, key=str)


def test_a_wrong_guess_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.json", coco())
    (first, second) = cut_file(path, ["/images", "/annotations"], 2)
    assert second.inside == first.then == "/annotations"
    assert second.start == first.stop
    text = path.read_bytes()
    inner = text.index(b'},{"id":6', second.start) + 2
    for place, inside in ((inner, "/annotations"), (second.start, "/images"), (second.start + 1, "/annotations")):
        wrong = [Range(0, place, None, inside), Range(place, None, inside, None)]
        monkeypatch.setattr(json_workers, "cut_file", lambda *_, wrong=wrong: wrong)
        found = gather(path, gathering.Ids, 2)
        assert len(found.results) == 1
        assert ids(found, "/annotations") == [10 * i for i in range(3000)]


def test_errors_are_those_of_one_process(tmp_path: Path) -> None:
    text = orjson.dumps(coco()).replace(b'{"id":29000,', b'{"id":nan,')
    path = tmp_path / "a.json"
    path.write_bytes(text)
    for workers in (1, 2):
        with pytest.raises(FormatError, match="found 'nan'") as caught:
            gather(path, gathering.Ids, workers, Reading(label="b.json"))
        assert (caught.value.path, caught.value.pointer) == ("b.json", "/annotations/2900/id")


def test_a_key_repeated_in_another_range_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(orjson.dumps(coco())[:-1] + b',"info":2}')
    with pytest.raises(FormatError, match="occurs twice"):
        gather(path, gathering.Ids, 2)


def test_a_worker_that_dies_costs_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOKIT_TEST_PARENT", str(os.getpid()))
    found = gather(written(tmp_path / "a.json", coco()), gathering.Dying, 2)
    assert len(found.results) == 1
    assert len(ids(found, "/annotations")) == 3000


def test_small_files_and_files_without_cuts_are_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = written(tmp_path / "a.json", {"annotations": [{"id": 1, "b": "x" * 10_000}, {"id": 2, "c": "x" * 90_000}]})
    assert processes(gather(one, gathering.Ids, 2)) == 1
    assert gather(written(tmp_path / "b.json", {}), gathering.Ids, 2).rests == (Rest("", ()),)
    monkeypatch.setattr(json_workers, "SMALL", 1 << 20)
    assert len(gather(written(tmp_path / "c.json", coco()), gathering.Ids, 2).results) == 1


def test_an_interrupt_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    original = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(original(*arguments, **options))
        return started[-1]

    def interrupt(done: int, total: int | None) -> None:
        del done, total
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(KeyboardInterrupt):
        gather(written(tmp_path / "a.json", coco()), gathering.Ids, 3, Reading(progress=interrupt))
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_progress_ends_at_the_size(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", coco())
    for workers in (1, 2):
        seen: list[tuple[int, int | None]] = []
        gather(path, gathering.Ids, workers, Reading(progress=lambda *now, seen=seen: seen.append(now)))
        assert seen[-1] == (path.stat().st_size, path.stat().st_size)
