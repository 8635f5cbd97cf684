"""Reading one large JSON file in several processes.

The file is cut into ranges (`annokit.codecs.json_ranges`). This process reads the first one, a fresh interpreter each
of the others; results come back over a pipe, arrays as they lie in memory. If a guess of a cut proves wrong, if the
file is damaged, or if a worker dies, the file is read again in this process alone, so that neither results nor errors
ever depend on the number of workers.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import attrs

from annokit.codecs.collector import paused
from annokit.codecs.json_blocks import Block, Decode
from annokit.codecs.json_document import Document, Rest, tree
from annokit.codecs.json_faults import escaped
from annokit.codecs.json_ranges import Range, cut_file
from annokit.codecs.json_window import Reading, Window
from annokit.errors import AnnokitError, FormatError

SMALL = 8 << 20
"""A range below this many bytes is not worth a process."""
HEAD = 40 << 20
"""Bytes that one process reads while another one starts."""
BOOT = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from annokit.codecs.json_workers import serve; serve()"
)


class Gather(Protocol):
    """What is made of the records of one range."""

    @property
    def paths(self) -> Mapping[str, Decode[Any]]:
        """The arrays to split, with their decoders."""

    def take(self, block: Block) -> None:
        """Take the next block. Its `first` counts from the start of the range."""

    def result(self) -> Any:
        """Return what was made of all blocks, something that can be pickled."""


@attrs.frozen
class Gathered:
    """What was read of a whole file."""

    results: tuple[Any, ...]
    """The result of each range, in the order of the file."""
    counts: tuple[Mapping[str, int], ...]
    """For each range the number of records of each array."""
    rests: tuple[Rest, ...]
    """As `annokit.codecs.records.split` gives them."""


@attrs.frozen
class _Outcome:
    result: Any
    counts: Mapping[str, int]
    rests: tuple[Rest, ...]
    last: str | None
    """The array in which the range ended, None at the end of the document."""


def gather(path: Path, make: Callable[[], Gather], workers: int = 1, how: Reading | None = None) -> Gathered:
    """Read a JSON file in one process or several.

    Parameters
    ----------
    path : Path
        A file on disk.
    make : callable
        Makes the `Gather` of one range; a class or function that a fresh interpreter can import by its name.
    workers : int
        Processes, this one included. Small files are read in this one.
    how : Reading, optional
        As for `annokit.codecs.records.split`; `progress` is called in this process alone.

    Returns
    -------
    Gathered
        The same records in the same order whatever `workers` is; only the number of ranges differs.

    Raises
    ------
    FormatError
        As `annokit.codecs.records.split`.
    """
    how = how or Reading(label=str(path))
    how = attrs.evolve(how, total=path.stat().st_size)
    count = min(workers, (path.stat().st_size - HEAD) // SMALL)
    ranges = cut_file(path, make().paths, count, HEAD) if count > 1 else []
    with paused():
        outcomes = _in_processes(path, make, how, ranges) if len(ranges) > 1 else None
        return _merged(outcomes or [_read(path, Range(0, None), make(), how)])


def _read(path: Path, part: Range, collect: Gather, how: Reading) -> _Outcome:
    counts: dict[str, int] = {}
    rests = []
    with path.open("rb", buffering=0) as file:
        document = Document(_window(file, part, how), tree(collect.paths))
        for piece in document.parts() if part.inside is None else document.parts_from(part.inside):
            if isinstance(piece, Rest):
                rests.append(piece)
            else:
                counts[piece.pointer] = counts.get(piece.pointer, 0) + len(piece.records)
                collect.take(piece)
    return _Outcome(collect.result(), counts, tuple(rests), document.stopped_in)


def _window(file: Any, part: Range, how: Reading) -> Window:
    if part.start == 0 and part.stop is None:
        return Window(file, how)
    stop = None if part.stop is None else part.stop - part.start
    return Window(_Part(file, part), how, stop)


class _Part:
    """A source that is a range of bytes of a file."""

    def __init__(self, file: Any, part: Range) -> None:
        file.seek(part.start)
        self._file = file
        self._left = sys.maxsize if part.stop is None else part.stop - part.start

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._file.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= count
        return count


def _in_processes(
    path: Path, make: Callable[[], Gather], how: Reading, ranges: Sequence[Range]
) -> list[_Outcome] | None:
    """Return the outcome of each range, None if they do not fit together."""
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(_child(path, part, make, how)) for part in ranges[1:]]
        try:
            first = _read(path, ranges[0], make(), _shared_progress(how, len(ranges)))
        except AnnokitError:
            return None
        if first.last != ranges[0].then:
            return None
        outcomes = [first]
        for child, part in zip(children, ranges[1:], strict=True):
            outcome = child.outcome()
            if outcome is None or outcome.last != part.then:
                return None
            outcomes.append(outcome)
    if how.progress is not None and how.total is not None:
        how.progress(how.total, how.total)
    return None if _has_repeats(outcomes, ranges) else outcomes


def _has_repeats(outcomes: Sequence[_Outcome], ranges: Sequence[Range]) -> bool:
    """Return whether a key of an enclosing object occurs in two ranges other than by being cut in two."""
    seen: set[str] = set()
    for outcome, part in zip(outcomes, ranges, strict=True):
        keys = {rest.pointer + escaped(key) for rest in outcome.rests for key, _ in rest.members}
        cut = {key for key in keys if f"{part.inside}/".startswith(key + "/")}
        if seen & (keys - cut):
            return True
        seen |= keys
    return False


def _shared_progress(how: Reading, count: int) -> Reading:
    """Let the progress of this process stand for that of all."""
    progress = how.progress
    if progress is None:
        return how
    return attrs.evolve(how, progress=lambda done, total: progress(min(done * count, total or 0), total))


@contextlib.contextmanager
def _child(path: Path, part: Range, make: Callable[[], Gather], how: Reading) -> Iterator[_Child]:
    child = _Child((path.absolute(), part, make, attrs.evolve(how, progress=None)))
    try:
        yield child
    finally:
        child.end()


class _Child:
    """A process that reads one range, and a thread that receives its outcome; it is gone after `end`."""

    def __init__(self, task: tuple[Any, ...]) -> None:
        data = pickle.dumps(list(sys.path)) + pickle.dumps(task)
        self._process = subprocess.Popen(  # not of this process group: Ctrl-C ends it through `end`
            [sys.executable, "-c", BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._outcome: _Outcome | None = None
        self._thread = threading.Thread(target=self._talk, args=(data,), daemon=True)
        self._thread.start()

    def _talk(self, data: bytes) -> None:
        inlet, outlet = self._process.stdin, self._process.stdout
        if inlet is None or outlet is None:
            return
        with contextlib.suppress(OSError, EOFError, pickle.UnpicklingError, ValueError), inlet, outlet:
            inlet.write(data)
            inlet.flush()
            self._outcome = _receive(outlet)

    def outcome(self) -> _Outcome | None:
        """Return what the process made of its range, None if it failed."""
        while self._thread.is_alive():
            self._thread.join(0.1)  # so that Ctrl-C is noticed
        return self._outcome

    def end(self) -> None:
        """End the process if it is still there, and wait for it and the thread."""
        self._process.kill()
        self._process.wait()
        self._thread.join()


def serve() -> None:
    """Read one range as the task on standard input says, and write the outcome to standard output; then end."""
    with os.fdopen(os.dup(1), "wb") as outlet:
        os.dup2(2, 1)
        path, part, make, how = pickle.load(sys.stdin.buffer)
        try:
            with paused():
                _send(outlet, _read(path, part, make(), how))
        except FormatError:
            _send(outlet, None)


def _send(outlet: BinaryIO, outcome: _Outcome | None) -> None:
    """Write a pickle, its arrays apart and behind it."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(outcome, protocol=5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    pickle.dump([len(body), *(raw.nbytes for raw in raws)], outlet)
    outlet.write(body)
    for raw in raws:
        outlet.write(raw)


def _receive(outlet: Any) -> _Outcome | None:
    sizes = pickle.load(outlet)
    body, *buffers = [_exactly(outlet, size) for size in sizes]
    outcome: _Outcome | None = pickle.loads(body, buffers=buffers)
    return outcome


def _exactly(outlet: Any, size: int) -> bytearray:
    data = bytearray(size)
    with memoryview(data) as view:
        done = 0
        while done < size:
            count = outlet.readinto(view[done:])
            if not count:
                raise EOFError
            done += count
    return data


def _merged(outcomes: Sequence[_Outcome]) -> Gathered:
    """Join the outcomes of consecutive ranges; an object that spans several is put together again."""
    members: dict[str, dict[str, bytes | None]] = {}
    for outcome in outcomes:
        for rest in outcome.rests:
            members.setdefault(rest.pointer, {}).update(rest.members)
    rests = tuple(Rest(pointer, tuple(parts.items())) for pointer, parts in members.items())
    return Gathered(tuple(o.result for o in outcomes), tuple(o.counts for o in outcomes), rests)
