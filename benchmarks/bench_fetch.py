"""How fast frames arrive: the client against its own bound, and the platform's one-by-one script beside it.

Each frame takes two answers, the signed URL and the file. With `workers` at once, no client can be faster than
``workers / (time of the two answers)``. The stand-in runs in its own process.

Run with ``python -m benchmarks.bench_fetch``.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
import urllib.request
import zlib

import requests

from annokit.remote.savant import SavantClient
from annokit.remote.standin import StandIn

DELAY = 0.05
SIZE = 30_000


def frame_bytes(_: str, frame: str) -> bytes:
    """Return a valid PNG of about `SIZE` bytes, its noise depending on `frame`."""
    noise = (frame.encode() * SIZE)[: SIZE - 100]
    rows = b"".join(b"\0" + noise[i : i + 300] for i in range(0, 29_700, 300))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in (
            (b"IHDR", (100).to_bytes(4, "big") + len(rows[::301]).to_bytes(4, "big") + b"\x08\x02\0\0\0"),
            (b"IDAT", zlib.compress(rows, 0)),
            (b"IEND", b""),
        )
    )


def two_answers(server: StandIn, count: int = 20) -> float:
    """Return the seconds of one frame over kept connections, nothing else going on."""
    with requests.Session() as session:
        token = session.post(
            f"{server.domain}/auth/jwt/login", data={"username": server.username, "password": server.password}
        ).json()["access_token"]
        times = []
        for i in range(count):
            began = time.perf_counter()
            answer = session.get(
                f"{server.domain}/sequences/s/frames/probe{i}?workspace_id=w&presigned_url=True",
                headers={"Authorization": f"bearer {token}"},
            )
            session.get(answer.json()["frame"]["frame_path"])
            times.append(time.perf_counter() - began)
    return min(times)


def one_by_one(server: StandIn, count: int, folder: str) -> float:
    """Return frames per second of the platform's documented script, in a loop."""
    answer = requests.post(
        f"{server.domain}/auth/jwt/login", data={"username": server.username, "password": server.password}
    )
    token = answer.json()["access_token"]
    began = time.perf_counter()
    for i in range(count):
        answer = requests.get(
            f"{server.domain}/sequences/s/frames/script{i}",
            params={"workspace_id": "w", "presigned_url": True},
            headers={"Authorization": f"bearer {token}"},
        )
        urllib.request.urlretrieve(answer.json()["frame"]["frame_path"], os.path.join(folder, f"{i}.png"))  # noqa: PTH118
    return count / (time.perf_counter() - began)


def fetch(server: StandIn, count: int, workers: int, prefix: str) -> tuple[float, float]:
    """Return frames per second, and processor seconds per frame."""
    with (
        tempfile.TemporaryDirectory() as folder,
        SavantClient(server.domain, server.username, server.password) as client,
    ):
        client.login()
        jobs = (client.job("s", f"{prefix}{i}", "w", f"{prefix}{i}.png") for i in range(count))
        began, used = time.perf_counter(), time.process_time()
        results = client.download(jobs, folder, workers=workers)
        seconds = time.perf_counter() - began
        if any(result.status != "done" for result in results):
            raise SystemExit("not every frame arrived")
        return count / seconds, (time.process_time() - used) / count


def throughput(count: int, workers: int, delay: float, rounds: int) -> float:
    """Print and return the best share of the bound."""
    best = 0.0
    with (
        StandIn(frame_bytes, delay=delay, process=True, logging=False) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        for number in range(rounds):
            bound = workers / two_answers(server)
            speed, cost = fetch(server, count, workers, f"r{number}-")
            best = max(best, speed / bound)
            print(f"annokit   {speed:7.1f} frames/s, bound {bound:7.1f}: {speed / bound:6.1%}, {cost * 1e3:.2f} ms CPU")
        print(f"script    {one_by_one(server, min(count, 40), folder):7.1f} frames/s, one by one")
    return best


def memory(count: int, workers: int) -> float:
    """Print and return by how many MB the peak grows from a tenth of the frames to all of them."""
    with StandIn(frame_bytes, delay=0.001, process=True, logging=False) as server:
        fetch(server, count // 10, workers, "a")
        first = _peak()
        speed, cost = fetch(server, count, workers, "b")
        grown = _peak() - first
    print(
        f"memory    {first:.0f} MB after {count // 10:,} frames, {grown:+.1f} MB after {count:,}; "
        f"{speed:.0f} frames/s, {cost * 1e3:.2f} ms CPU"
    )
    return grown


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--frames", type=int, default=1500)
    options.add_argument("--workers", type=int, default=32)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--memory", type=int, default=20_000, help="frames of the memory test; 0 leaves it out")
    chosen = options.parse_args()
    throughput(chosen.frames, chosen.workers, DELAY, chosen.rounds)
    if chosen.memory:
        memory(chosen.memory, chosen.workers)


if __name__ == "__main__":
    main()
