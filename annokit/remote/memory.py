"""One file into memory, with the same patience and checks as one on the disk."""

from __future__ import annotations

from annokit.media.magic import is_complete
from annokit.remote.budget import Budget
from annokit.remote.delivery import Delivery
from annokit.remote.job import Job
from annokit.remote.patience import patiently
from annokit.remote.receive import Receiver
from annokit.remote.signals import TransientError, as_errors
from annokit.remote.transport import Request
from annokit.remote.wire import Wire


class MemoryPart:
    """What a :class:`~annokit.remote.folder.PartFile` is on the disk, in memory."""

    def __init__(self) -> None:
        self._pieces = bytearray()

    @property
    def length(self) -> int:
        """Bytes received so far."""
        return len(self._pieces)

    @property
    def head(self) -> bytes:
        """The first bytes."""
        return bytes(self._pieces[:512])

    def restart(self) -> None:
        """Forget what was received."""
        self._pieces.clear()

    def write(self, piece: bytes) -> None:
        """Append `piece`."""
        self._pieces += piece

    def contents(self) -> bytes:
        """Return what was received."""
        return bytes(self._pieces)


def fetch_bytes(job: Job, wire: Wire, request: Request | None = None) -> bytes:
    """Return the file of `job`; raises FetchError when it can't be had.

    Parameters
    ----------
    job : Job
        Its name does not matter.
    request : Request, optional
        Where the file was located a moment ago.
    """
    part = MemoryPart()
    budget = Budget(wire.limits, wire.clock)
    delivery = Delivery(job, wire, Receiver(job, part, wire), budget, request)

    def attempt() -> bytes:
        delivery.receive()
        if is_complete(part.contents()):
            return part.contents()
        delivery.receiver.restart()
        raise TransientError("the file is cut short or damaged")

    with as_errors():
        return patiently(attempt, wire, budget, delivery.renew)
