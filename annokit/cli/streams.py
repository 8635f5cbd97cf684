"""Standard output and standard error that take any text, and end quietly when nobody listens."""

from __future__ import annotations

import codecs
import os
import re
import sys
from contextlib import suppress
from typing import Any

_PLAIN = {"█": "#", "…": "...", "×": "x"}  # noqa: RUF001 - the sign that is meant
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HANDLER = "annokit-plain"


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what stands for a character that the encoding does not have: a likeness, else its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if character in _PLAIN:
        return _PLAIN[character], error.start + 1
    return codecs.backslashreplace_errors(
        UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    )


def open_up() -> None:
    """Let both streams take any text, whatever the locale."""
    codecs.register_error(_HANDLER, plain)
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def harmless(text: str) -> str:
    """Return text in which characters that steer a terminal are escaped; line ends and tabs stay."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def is_unicode() -> bool:
    """Tell whether standard output can hold every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return codecs.lookup(encoding).name.startswith("utf")


def hang_up() -> None:
    """Send what is still to be written nowhere: the reader of standard output is gone."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
