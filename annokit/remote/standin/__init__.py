"""A SAVANT platform on this machine, for tests, demonstrations and measurements; standard library and attrs only.

It has the platform's three calls (login form, frame by ids, file by signed URL on a second port), lets tokens and URLs
expire, and misbehaves as planned::

    from annokit.remote.standin import Fault, StandIn

    frames = {("sequence-1", "frame-1"): png_bytes}
    faults = {("sequence-1", "frame-1"): [Fault("429", seconds=1), "truncated", "html"]}
    with StandIn(frames, faults=faults) as server:
        client = annokit.SavantClient(server.domain, server.username, server.password)
        ...
        server.log()            # every request that arrived, as Seen records

It listens on the loopback interface only.
"""

from annokit.remote.standin.faults import FAULTS, Fault
from annokit.remote.standin.platform import Plan, Seen
from annokit.remote.standin.server import StandIn

__all__ = ["FAULTS", "Fault", "Plan", "Seen", "StandIn"]
