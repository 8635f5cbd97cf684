"""JSON as people write it, turned into JSON as machines read it.

Comments (``//``, ``#``, ``/* */``) become spaces, trailing commas and ``...`` placeholders go, curly quotes around a
string become straight ones. Nothing inside a string changes, and every line stays on its line, so that a later error
points right.
"""

from __future__ import annotations

import re
from typing import TypeVar

from annokit.codecs.source import decode_text
from annokit.errors import FormatError

T = TypeVar("T", str, bytes)

_CURLY = "\u201c\u201d\u201e\u201f\u2033\u2036"
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r'|(?P<string>"(?:[^"\\]++|\\.)*+")'
    rf"|(?P<curly>[{_CURLY}](?:[^\\\n{_CURLY}]++|\\.)*+[{_CURLY}])"
    r"|(?P<comment>//[^\n]*+|\#[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)"
    r"|(?P<gap>\.\.\.|\u2026)"
    r"|(?P<comma>,)"
    r"|(?P<open>[{\[])"
    r"|(?P<close>[}\]])"
    r"|(?P<colon>:)"
    rf'|(?P<scalar>(?:[^\s\ufeff\u200b"{_CURLY}{{}}\[\],:/#.\u2026]|\.(?!\.\.))++)'
    r"|(?P<other>.)",
    re.DOTALL,
)
_LINE = re.compile(r"[^\n]")
_STRAIGHT = re.compile(r'\\.|"', re.DOTALL)
_UNENDED = {'"': "string", "/": "comment"} | dict.fromkeys(_CURLY, "string")


def strict_json(text: T, *, label: str | None = None) -> T:
    r"""Return strict JSON for JSON with comments, trailing commas, curly quotes, placeholders or a byte order mark.

    Parameters
    ----------
    text : str or bytes
        The document; bytes are UTF-8.
    label : str, optional
        Name for error messages.

    Returns
    -------
    str or bytes
        As `text` was. A placeholder in a list or object vanishes; one that is a key's whole value becomes null.
        Mistakes of other kinds stay as they are, for the parser to report at their line.

    Raises
    ------
    FormatError
        The bytes are not UTF-8, or a string or comment has no end; the line is named.

    Examples
    --------
    >>> strict_json('{"a": [1, 2,], // two\n ...}')
    '{"a": [1, 2]       \n }'
    """
    if isinstance(text, bytes):
        return _strict(decode_text(text, label or "<json>"), label).encode()
    return _strict(text.removeprefix("\ufeff"), label)


def _strict(text: str, path: str | None) -> str:
    writer = _Writer()
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "other":
            _refuse_unended(text, token.start(), path)
        getattr(writer, kind or "other")(token[0])
    return "".join(writer.pieces)


def _refuse_unended(text: str, start: int, path: str | None) -> None:
    what = _UNENDED.get(text[start])
    if what is not None and (what == "string" or text.startswith("/*", start)):
        line = text.count("\n", 0, start) + 1
        raise FormatError(f"a {what} has no end", path=path, line=line, found=repr(text[start : start + 30]))


class _Writer:
    """Collects the strict text. A comma is taken back when no value follows it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._last = "start"
        self._comma = -1
        self._valued = False

    def space(self, text: str) -> None:
        self.pieces.append(text)

    def comment(self, text: str) -> None:
        self.pieces.append(_LINE.sub(" ", text))

    def other(self, text: str) -> None:
        if text.isspace() or text in "\ufeff\u200b":
            self.pieces.append(" ")
        else:
            self.scalar(text)

    def scalar(self, text: str) -> None:
        self.pieces.append(text)
        self._comma = -1
        self._last = "value"
        self._valued = True

    string = scalar

    def curly(self, text: str) -> None:
        inner = _STRAIGHT.sub(lambda found: '\\"' if found[0] == '"' else found[0], text[1:-1])
        self.scalar(f'"{inner}"')

    def open(self, text: str) -> None:
        self.scalar(text)
        self._last = "open"
        self._valued = False

    def close(self, text: str) -> None:
        if self._comma >= 0:
            self.pieces[self._comma] = ""
        self.scalar(text)

    def colon(self, text: str) -> None:
        self.scalar(text)
        self._last = "colon"

    def comma(self, text: str) -> None:
        if self._last == "value" or (self._last == "gap" and self._valued and self._comma < 0):
            self._comma = len(self.pieces)
            self.pieces.append(text)
            self._last = "comma"
        elif self._last != "gap":
            self.scalar(text)
            self._last = "comma"

    def gap(self, _: str) -> None:
        if self._last == "colon":
            self.scalar("null")
        else:
            self._last = "gap"
