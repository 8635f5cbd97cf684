"""What the library says of its keywords, said of the command line's options."""

from __future__ import annotations

import re

_SAID: tuple[tuple[str, str], ...] = (
    (r"\boverwrite=True\b", "--overwrite"),
    (r"\bgive username= and password=, or set\b", "set"),
    (r"\bgive (?:its )?password=", "give --password-file"),
    (r"\bgive images=", "give --images"),
    (r"\bgive format=", "give --from"),
    (r"\bsizes= \(a mapping from item name to \(width, height\)\)", "-o sizes='{\"NAME\": [WIDTH, HEIGHT]}'"),
    (r"\blayer='([^']*)'", r"--layer \1"),
    (r"\blayer= takes\b", "--layer takes"),
    (r"\bmedia='(\w+)'", r"--media \1"),
    (r"\bon_bad='collect'", "--collect"),
    (r"\bworkers=(\S+); expected", r"--workers \1; expected"),
)
"""Patterns of phrases, and what stands for them."""


def on_command_line(text: str) -> str:
    """Return a message in which the options of the command line stand for the library's keywords."""
    for pattern, said in _SAID:
        text = re.sub(pattern, said, text)
    return text
