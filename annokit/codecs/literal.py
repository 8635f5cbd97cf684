"""Python's literals as text, read without evaluating: lists, dictionaries, text, numbers, True, False and None."""

from __future__ import annotations

import re
from typing import Any

from annokit.errors import FormatError

_DEPTH = 32
_LENGTH = 1 << 20
_DIGITS = 4000
_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])")
_WORD = re.compile(r"(?:True|False|None)(?!\w)")
_TEXT = re.compile(r"""'((?:[^'\\]|\\.)*+)'|"((?:[^"\\]|\\.)*+)\"""", re.DOTALL)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_WORDS = {"True": True, "False": False, "None": None}


def parse_literal(text: str) -> Any:
    r"""Return the value that ``repr`` wrote.

    Raises
    ------
    FormatError
        The text is no literal of lists, dictionaries with text as keys, text, finite numbers, True, False and None.

    Examples
    --------
    >>> parse_literal("{'1': 'red', '2': ['a', None]}")
    {'1': 'red', '2': ['a', None]}
    """
    if len(text) > _LENGTH:
        raise FormatError("this is no literal", found=f"{len(text)} characters", expected=f"at most {_LENGTH}")
    parser = _Parser(text)
    value = parser.value(0)
    parser.skip()
    if parser.place != len(text):
        raise parser.fault()
    return value


class _Parser:
    """Reads one text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0

    def fault(self) -> FormatError:
        shown = self.text[self.place : self.place + 20]
        return FormatError("this is no literal", found=f"{shown!r} at character {self.place}")

    def skip(self) -> None:
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place

    def take(self, mark: str) -> bool:
        """Step over a mark where it is the next thing."""
        self.skip()
        found = self.text.startswith(mark, self.place)
        self.place += len(mark) * found
        return found

    def value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise self.fault()
        if self.take("["):
            return self.items("]", lambda: self.value(depth + 1))
        if self.take("{"):
            return dict(self.items("}", lambda: self.pair(depth + 1)))
        return self.scalar()

    def items(self, end: str, read: Any) -> list[Any]:
        found: list[Any] = []
        while not self.take(end):
            if found and not self.take(","):
                raise self.fault()
            if found and self.take(end):
                break
            found.append(read())
        return found

    def pair(self, depth: int) -> tuple[str, Any]:
        key = self.value(depth)
        if not isinstance(key, str) or not self.take(":"):
            raise self.fault()
        return key, self.value(depth)

    def scalar(self) -> Any:
        for pattern, made in ((_TEXT, _text), (_WORD, _word), (_NUMBER, _number)):
            match = pattern.match(self.text, self.place)
            if match is not None:
                self.place = match.end()
                return made(match)
        raise self.fault()


def _word(match: re.Match[str]) -> bool | None:
    return _WORDS[match[0]]


def _number(match: re.Match[str]) -> int | float:
    text = match[0]
    if text.lstrip("+-").isdigit() and len(text) < _DIGITS:
        return int(text)
    value = float(text) if len(text) < _DIGITS else float("inf")
    if value - value != 0.0:
        raise FormatError("this is no literal", found=text[:20], expected="a finite number")
    return value


def _text(match: re.Match[str]) -> str:
    inner: str = match[1] if match[1] is not None else match[2]
    return _ESCAPE.sub(_unescaped, inner) if "\\" in inner else inner


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 else match[0]
    return _SIMPLE.get(code, code if code in "\\'\"" else match[0])
