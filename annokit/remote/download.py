"""Many files at once: a pool of threads over a stream of jobs."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Generator, Iterable, Sized
from contextlib import closing

import attrs

from annokit.errors import UsageError
from annokit.limits import DEFAULT_LIMITS, Limits
from annokit.remote.clock import Clock, SystemClock
from annokit.remote.delivery import deliver
from annokit.remote.folder import Folder
from annokit.remote.job import Job, Result
from annokit.remote.progress import ProgressOption, meter
from annokit.remote.shelf import Shelf
from annokit.remote.signals import HaltError, StoppedError
from annokit.remote.transport import Transport
from annokit.remote.wire import Wire

_POLL = 0.2
_FAREWELL = 1.0


def download(  # noqa: PLR0913 - all but two are options, by keyword only
    jobs: Iterable[Job],
    directory: str | os.PathLike[str],
    *,
    transport: Transport | None = None,
    workers: int = 16,
    limits: Limits = DEFAULT_LIMITS,
    progress: ProgressOption = False,
    clock: Clock | None = None,
) -> list[Result]:
    """Download many files into a folder.

    Parameters
    ----------
    jobs : iterable of Job
        What to download; taken one by one, no faster than the workers need them.
    directory : path
        Where to; made if needed. It also gets ``annokit-fetch.jsonl``, by which the next run finds what is complete.
    transport : Transport, optional
        What talks to the network; HTTP over requests by default, and closed at the end then.
    workers : int
        Most files at once.
    limits : Limits
        Attempts, waits and sizes.
    progress : bool or callable
        True for a bar; a function is called with a :class:`~annokit.remote.progress.Progress` after each file.
    clock : Clock, optional
        Time and chance, for tests.

    Returns
    -------
    list of Result
        One per job, in the order of the jobs: a job that can't be had is a result, not an exception.

    Raises
    ------
    FetchError
        No file can be had any more: the disk is full, the folder can't be written, the login is refused.
    KeyboardInterrupt
        As it came; no unfinished file stays behind, and the next run goes on from there.
    """
    if workers < 1:
        raise UsageError(f"workers is {workers}; expected 1 or more")
    own = transport is None
    with meter(progress, len(jobs) if isinstance(jobs, Sized) else None) as tell:
        wire = Wire(transport or default_transport(limits), workers, limits, clock or SystemClock())
        results = []
        try:
            with closing(Run(jobs, Shelf.at(Folder(directory)), wire).results()) as found:
                for result in found:
                    results.append(result)
                    tell(result)
        finally:
            if own:
                wire.transport.close()
    return sorted(results, key=lambda result: result.index)


def default_transport(limits: Limits) -> Transport:
    """Return the transport for http, https, s3 and gs."""
    from annokit.remote.cloud import PACKAGES, CloudTransport, SchemeTransport
    from annokit.remote.http import RequestsTransport

    return SchemeTransport(RequestsTransport(timeout=limits.timeout), dict.fromkeys(PACKAGES, CloudTransport()))


@attrs.frozen
class _Failure:
    error: BaseException


class Run:
    """One run of the pool. The threads are daemons, so that a hanging server can't keep a program from ending."""

    def __init__(self, jobs: Iterable[Job], shelf: Shelf, wire: Wire) -> None:
        self._jobs = enumerate(jobs)
        self._shelf = shelf
        self._wire = wire
        self._lock = threading.Lock()
        self._busy: dict[str, list[int]] = {}
        self._out: queue.SimpleQueue[Result | _Failure | None] = queue.SimpleQueue()

    def results(self) -> Generator[Result, None, None]:
        """Yield results as they come, in no particular order; ends the run when it is closed."""
        threads = [threading.Thread(target=self._work, name="annokit-fetch", daemon=True) for _ in self._workers()]
        try:
            for thread in threads:
                thread.start()
            left = len(threads)
            while left:
                found = self._take()
                if isinstance(found, _Failure):
                    raise found.error
                if found is None:
                    left -= 1
                else:
                    yield found
        finally:
            self._wire.stop.set()
            self._shelf.close()
            _join(threads)

    def _workers(self) -> range:
        return range(self._wire.workers)

    def _take(self) -> Result | _Failure | None:
        while True:  # a wait without end could not be interrupted on every system
            try:
                return self._out.get(timeout=_POLL)
            except queue.Empty:
                continue

    def _work(self) -> None:
        try:
            while not self._wire.stop.is_set():
                self._one(*self._next())
        except (StopIteration, StoppedError):
            pass
        except HaltError as halt:
            self._out.put(_Failure(halt.error))
        except BaseException as error:
            self._out.put(_Failure(error))
        finally:
            self._out.put(None)

    def _next(self) -> tuple[int, Job]:
        with self._lock:
            index, job = next(self._jobs)
            if job.key not in self._shelf.manifest:
                self._shelf.names.claim(job.key, job.name)
            return index, job

    def _one(self, index: int, job: Job) -> None:
        with self._lock:
            if job.key in self._busy:
                self._busy[job.key].append(index)
                return
            self._busy[job.key] = []
        result = deliver(index, job, self._wire, self._shelf)
        with self._lock:
            followers = self._busy.pop(job.key)
        self._out.put(result)
        shared = attrs.evolve(result, status="skipped" if result.status == "done" else result.status, attempts=0)
        for follower in followers:
            self._out.put(attrs.evolve(shared, index=follower))


def _join(threads: list[threading.Thread]) -> None:
    end = time.monotonic() + _FAREWELL
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, end - time.monotonic()))
