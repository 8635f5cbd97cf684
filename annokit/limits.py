"""The bounds that keep hostile or broken input from exhausting the machine."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Limits:
    """One object with every bound, passed down from the public call to whatever needs it.

    All sizes are in bytes unless they say otherwise. The defaults admit every real export that is known, and refuse
    bombs.
    """

    pixels: int = 500_000_000
    """Most pixels of one decoded image or mask, width times height."""

    json_depth: int = 512
    """Deepest nesting of a JSON document."""

    json_window: int = 512 * 1024
    """Bytes read from a JSON file at a time."""

    record_bytes: int = 1 << 30
    """Largest single record (one annotation, one label row) of a JSON file."""

    archive_bytes: int = 1 << 40
    """Most bytes that an archive may unpack to."""

    archive_ratio: int = 1_100
    """Largest ratio of unpacked to packed size of one archive member above 1 MiB; deflate itself ends at 1,032."""

    archive_members: int = 5_000_000
    """Most members of an archive."""

    xml_bytes: int = 64 << 20
    """Largest XML document."""

    extras_columns: int = 512
    """Distinct unknown keys that get a column of their own; further ones share a catch-all."""

    problems: int = 20
    """Places listed in the error that ends a read with ``on_bad="raise"``."""

    attempts: int = 8
    """Attempts per download before it counts as failed; refilled whenever bytes arrive."""

    retry_seconds: float = 900.0
    """Longest time in seconds that one download is tried without progress."""

    retry_after: float = 120.0
    """Longest wait in seconds that a server's ``Retry-After`` is granted."""

    backoff_base: float = 0.5
    """Upper end in seconds of the first random wait after a failed attempt; it doubles each time."""

    backoff_cap: float = 30.0
    """Upper end in seconds of any random wait after a failed attempt."""

    url_renewals: int = 4
    """Fresh signed URLs asked for one download without progress."""

    redirects: int = 5
    """Redirects followed for one download."""

    timeout: float = 30.0
    """Seconds to wait for a connection, and for each piece of an answer."""

    slowest: float = 256.0
    """Bytes per second below which a download that has run for longer than `timeout` is cut and tried again."""

    chunk_bytes: int = 128 * 1024
    """Bytes of one download held in memory; times the workers, this bounds all bytes in flight."""

    answer_bytes: int = 16 << 20
    """Largest answer of an API."""

    download_bytes: int = 1 << 40
    """Largest single download."""


DEFAULT_LIMITS = Limits()
