"""What exactly is wrong with a piece of JSON, and where: the slow path after a fast parser refused it.

The walk is a loop over tokens, so that no depth of nesting can exhaust the stack.
"""

from __future__ import annotations

import re
from contextlib import suppress

import attrs
import orjson

TOKEN = re.compile(
    rb'[ \t\n\r]*+(?:(?P<string>"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    rb"|(?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
    rb"|(?P<word>true|false|null)|(?P<mark>[\[\]{},:]))"
)
SPACE = re.compile(rb"[ \t\n\r]*+")
BEGUN = re.compile(rb"|-|[.eE][+-]?|t|tr|tru|f|fa|fal|fals|n|nu|nul")
"""What may be left of a token at the end of a text that is cut off."""
WORD = re.compile(rb"-?[A-Za-z]\w*")
CLOSERS = {b"[": b"]", b"{": b"}"}

VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, NEXT = "value", "first value", "key", "first key", "colon", "next"
EXPECTED = {
    VALUE: "a value",
    FIRST_VALUE: "a value or ']'",
    KEY: "a key in double quotes",
    FIRST_KEY: "a key in double quotes or '}'",
    COLON: "':'",
}


@attrs.frozen
class Fault:
    """The first thing in a text that is not JSON."""

    pointer: str
    """Where, as a JSON pointer from the outermost value."""
    message: str
    found: str
    expected: str | None = None
    truncated: bool = False
    """Whether the text simply ended too early."""


def escaped(key: str | int) -> str:
    """Return `key` as one part of a JSON pointer, with its slash."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def first_character(text: bytes) -> bytes:
    """Return the bytes of the first character, a single one where they are no UTF-8."""
    for length in range(1, 5):
        with suppress(UnicodeDecodeError):
            text[:length].decode("utf-8")
            return text[:length]
    return text[:1]


def value_fault(text: bytes, depth: int) -> Fault | None:
    """Return what is wrong with `text` as one JSON value, None if nothing is; `depth` is the deepest nesting."""
    return _Walk(text, depth).fault()


def members_fault(text: bytes, depth: int, opener: bytes = b"[", first: int = 0) -> Fault | None:
    """Return what is wrong with `text` as the inside of an array, from element `first` on, up to its closing bracket.

    What follows the bracket is not looked at. A text that ends before it is truncated.
    """
    walk = _Walk(text, depth)
    walk.stack.append([opener, first])
    walk.state = VALUE if opener == b"[" else KEY
    return walk.fault()


class _Walk:
    """One pass over the tokens: a state, and a stack of [bracket, index or key]."""

    def __init__(self, text: bytes, depth: int) -> None:
        self.text = text
        self.limit = depth
        self.stack: list[list[bytes | int | str]] = []
        self.state = VALUE
        self.inside = False

    def fault(self) -> Fault | None:
        position, whole = 0, not self.stack
        while True:
            token = TOKEN.match(self.text, position)
            if token is None:
                return self._no_token(position)
            position = token.end()
            kind = str(token.lastgroup)
            fault = self._take(kind, token.group(kind))
            if fault is not None:
                return fault
            if not self.stack and self.state == NEXT:
                return self._behind(position) if whole else None

    def _take(self, kind: str, text: bytes) -> Fault | None:
        if kind == "string" and (fault := self._string_fault(text)):
            return fault
        if kind == "mark":
            return self._mark(text)
        if self.state in (VALUE, FIRST_VALUE):
            self.state = NEXT
            return None
        if self.state in (KEY, FIRST_KEY) and kind == "string":
            self.stack[-1][1] = orjson.loads(text)
            self.state = COLON
            return None
        return self._unexpected(text)

    def _mark(self, mark: bytes) -> Fault | None:
        if mark in CLOSERS and self.state in (VALUE, FIRST_VALUE):
            return self._open(mark)
        if self._closes(mark):
            self.stack.pop()
            self.state = NEXT
        elif mark == b"," and self.state == NEXT and self.stack:
            self._step()
        elif mark == b":" and self.state == COLON:
            self.state = VALUE
        else:
            return self._unexpected(mark)
        return None

    def _open(self, mark: bytes) -> Fault | None:
        self.stack.append([mark, 0 if mark == b"[" else ""])
        self.state = FIRST_VALUE if mark == b"[" else FIRST_KEY
        if len(self.stack) <= self.limit:
            return None
        return Fault(self._pointer(8), "nested too deeply", f"more than {self.limit} levels of nesting")

    def _closes(self, mark: bytes) -> bool:
        if not self.stack or mark != CLOSERS[self.stack[-1][0]]:  # type: ignore[index]
            return False
        return self.state == NEXT or self.state == {b"]": FIRST_VALUE, b"}": FIRST_KEY}[mark]

    def _step(self) -> None:
        top = self.stack[-1]
        if top[0] == b"[":
            top[1] = int(top[1]) + 1
            self.state = VALUE
        else:
            self.state = KEY

    def _pointer(self, levels: int | None = None) -> str:
        """Return the pointer of the value at hand; a key that is being read is not part of it yet."""
        stack = self.stack[:-1] if self.state in (KEY, FIRST_KEY, FIRST_VALUE) else self.stack
        return "".join(escaped(part) for _, part in stack[:levels])  # type: ignore[arg-type]

    def _string_fault(self, text: bytes) -> Fault | None:
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return Fault(self._pointer(), "not a valid string", f"{_shown(text)} ({error.msg})", "valid UTF-8 text")
        return None

    def _expected(self) -> str:
        if self.state != NEXT:
            return EXPECTED[self.state]
        return f"',' or '{CLOSERS[self.stack[-1][0]].decode()}'" if self.stack else "the end"  # type: ignore[index]

    def _unexpected(self, text: bytes) -> Fault:
        return Fault(self._pointer(), "not JSON", _shown(text), self._expected())

    def _no_token(self, position: int) -> Fault:
        position = SPACE.match(self.text, position).end()  # type: ignore[union-attr]
        rest = self.text[position : position + 60]
        if BEGUN.fullmatch(rest):
            return self._ended()
        if rest[:1] == b'"':
            return self._bad_string(position)
        word = WORD.match(rest)
        return self._unexpected(word.group() if word else first_character(rest))

    def _bad_string(self, position: int) -> Fault:
        """Tell a string that has no end from one with a control character or an unknown escape inside."""
        inside = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+').match(
            self.text, position + 1
        )
        stop = inside.end()  # type: ignore[union-attr]
        rest = self.text[stop : stop + 6]
        if len(rest) < 6 and (not rest or re.fullmatch(rb"\\(?:u[0-9a-fA-F]{0,3})?", rest)):
            return self._ended()
        what = "an unknown escape" if rest[:1] == b"\\" else "a control character"
        return Fault(self._pointer(), f"not a valid string: {what}", _shown(rest[:2] if what[3] == "u" else rest[:1]))

    def _ended(self) -> Fault:
        return Fault(
            self._pointer(), "the document is cut off", "the end of the data", self._expected(), truncated=True
        )

    def _behind(self, position: int) -> Fault | None:
        rest = self.text[SPACE.match(self.text, position).end() :]  # type: ignore[union-attr]
        return Fault("", "something follows the document", _shown(rest), "the end") if rest else None


def _shown(text: bytes) -> str:
    """Return `text` for an error message: short, printable."""
    return repr(text[:40].decode("utf-8", "backslashreplace")) + ("..." if len(text) > 40 else "")
