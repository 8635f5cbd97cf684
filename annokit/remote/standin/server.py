"""The stand-in running: in a thread of this process, or in a process of its own."""

from __future__ import annotations

import asyncio
import functools
import multiprocessing
import threading
from collections.abc import Coroutine, Mapping, Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any, Self, TypeVar, cast

from annokit.remote.standin.faults import Fault
from annokit.remote.standin.platform import Frames, Key, Plan, Platform, Seen
from annokit.remote.standin.wire import Connection

_HOST = "127.0.0.1"
_BACKLOG = 1024
T = TypeVar("T")


class StandIn:
    """A SAVANT platform on this machine; a context manager.

    Parameters
    ----------
    frames : mapping or callable
        File of each (sequence id, frame id).
    faults : mapping, optional
        Faults of each (sequence id, frame id): names or :class:`Fault` records, one per request in this order.
    process : bool
        Whether the server gets a process of its own, so that it takes no time from the client's interpreter.
    **plan
        Further fields of :class:`Plan`: ``username``, ``password``, ``workspace``, ``token_requests``,
        ``token_seconds``, ``url_seconds``, ``delay``, ``ranges``, ``login_faults``, ``logging``.

    Attributes
    ----------
    domain : str
        What a client is given as domain.
    storage : str
        Where the signed URLs lead.
    """

    def __init__(
        self,
        frames: Frames,
        *,
        faults: Mapping[Key, Sequence[Fault | str]] | None = None,
        process: bool = False,
        **plan: Any,
    ) -> None:
        self.plan = Plan(frames=frames, faults=faults or {}, **plan)
        self._runner: _Thread | _Process = _Process(self.plan) if process else _Thread(self.plan)
        self.domain = ""
        self.storage = ""

    @property
    def username(self) -> str:
        """The only user."""
        return self.plan.username

    @property
    def password(self) -> str:
        """The user's password."""
        return self.plan.password

    def start(self) -> Self:
        """Listen."""
        self.domain, self.storage = self._runner.start()
        return self

    def stop(self) -> None:
        """Close all connections and stop listening."""
        self._runner.stop()

    def log(self) -> list[Seen]:
        """Return every request that has arrived, in order."""
        return self._runner.log()

    def count(self, place: str) -> int:
        """Return how many requests arrived at ``login``, ``api`` or ``storage``."""
        return sum(seen.place == place for seen in self.log())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Thread:
    """A thread with an event loop."""

    def __init__(self, plan: Plan) -> None:
        self.platform = Platform(plan)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="annokit-standin", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open: set[asyncio.Transport] = set()

    def start(self) -> tuple[str, str]:
        self._thread.start()
        return self._wait(self._listen())

    def stop(self) -> None:
        self._wait(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def log(self) -> list[Seen]:
        return list(self.platform.seen)

    def _wait(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(30)

    async def _listen(self) -> tuple[str, str]:
        addresses = []
        for respond in (self.platform.api, self.platform.store):
            make = functools.partial(Connection, respond, self._open)
            server = await self._loop.create_server(make, _HOST, 0, backlog=_BACKLOG)
            self._servers.append(server)
            addresses.append(f"http://{_HOST}:{server.sockets[0].getsockname()[1]}")
        self.platform.storage = addresses[1]
        return addresses[0], addresses[1]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for link in list(self._open):
            link.abort()


def _serve(plan: Plan, pipe: Pipe) -> None:
    runner = _Thread(plan)
    pipe.send(runner.start())
    try:
        while pipe.recv() == "log":
            pipe.send(runner.log())
    except (EOFError, KeyboardInterrupt):
        pass
    runner.stop()


class _Process:
    """A process that runs the thread, and tells what it has seen."""

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, child = context.Pipe()
        self._process = context.Process(target=_serve, args=(plan, child), daemon=True)

    def start(self) -> tuple[str, str]:
        self._process.start()
        return cast("tuple[str, str]", self._pipe.recv())

    def stop(self) -> None:
        self._pipe.send("stop")
        self._process.join(10)

    def log(self) -> list[Seen]:
        self._pipe.send("log")
        return cast("list[Seen]", self._pipe.recv())
