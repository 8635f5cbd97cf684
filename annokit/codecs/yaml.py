"""The part of YAML that dataset files use, without anything that could run code or grow without bound.

Read are maps and lists in block and flow style, plain and quoted scalars over one or several lines, ``|`` and ``>``
blocks, comments and one document with or without ``---``. Anchors, aliases, tags, directives, complex keys and tabs as
indentation are refused with the line. Scalars stay text, so that a class called ``no`` is ``no``; :func:`typed` says
what YAML would make of them.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from annokit.errors import FormatError

DEPTH = 64
"""Deepest nesting."""

INDICATORS = frozenset("&*!%@`")
"""What begins an anchor, an alias, a tag, a directive or nothing at all."""


class Plain(str):
    """A scalar without quotes, which YAML may take for a number, a truth value or nothing."""

    __slots__ = ()


def parse_yaml(text: str, *, path: str | None = None) -> Any:
    """Return the value of a document: dict, list, or str, of which :class:`Plain` are those without quotes.

    Parameters
    ----------
    text : str
        The document, without byte order mark.
    path : str, optional
        What errors call it.

    Raises
    ------
    FormatError
        The document is not YAML, or uses what is refused; the line is named.

    Examples
    --------
    >>> parse_yaml("names: [no, 'a b']  # two")
    {'names': ['no', 'a b']}
    """
    return _Parser(text, path).document()


def typed(value: Any) -> Any:
    """Return a parsed value with plain scalars as the bool, int, float, None or str that they mean."""
    if isinstance(value, dict):
        return {str(key): typed(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [typed(inner) for inner in value]
    if not isinstance(value, Plain):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if _INT.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else str(value)


_WORDS: dict[str, bool | None] = {
    **{word: True for base in ("yes", "true", "on") for word in (base, base.title(), base.upper())},
    **{word: False for base in ("no", "false", "off") for word in (base, base.title(), base.upper())},
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_ODD_NUMBER = re.compile(r"[-+.]?[0-9]")
_SAFE = re.compile(r"[A-Za-z_\u00c0-\u024f][\w .()/+-]*(?<![ ])", re.ASCII)
_UNPRINTABLE = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"\\\\]')


def dump_scalar(value: Any) -> str:
    """Return a bool, int, float, None or text as YAML; a text in quotes where it could be taken for something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text or "n" in text else text.replace("e", ".0e")
    if _SAFE.fullmatch(value) and value not in _WORDS and value.lower() not in ("y", "n"):
        return str(value)
    return '"' + _UNPRINTABLE.sub(_escape, value) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return "\\" + character if character in '"\\' else f"\\u{ord(character):04x}"


def dump_yaml(value: Any) -> str:
    """Return JSON types as YAML on one line, in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{dump_scalar(key)}: {dump_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(dump_yaml, value)) + "]"
    return dump_scalar(value)


class _Parser:
    """A cursor over the text."""

    def __init__(self, text: str, path: str | None) -> None:
        self.text = re.sub(r"\r\n?", "\n", text) + "\n"
        self.ends_open = not self.text.endswith("\n\n")
        self.path = path
        self.at = 0
        self.depth = 0
        self.commented = False
        odd = _ODD_BREAK.search(self.text)
        if odd is not None:
            self.at = odd.start()
            self.fail(repr(odd[0]), "line ends and printable characters")

    def document(self) -> Any:
        self.blank()
        if self.text.startswith("%", self.at) and not self.column():
            self.fail("a directive", "a document without directives")
        if self.marker("---"):
            self.at += 3
            if not self.line_is_over() and (self.dash() or self.is_key()):
                self.fail(self.line_text(), "a map or a list on lines of its own")
            self.blank()
        if self.marker("..."):
            self.fail("an end without a document", "a document")
        value = self.node(-1) if not self.ended() else Plain("")
        self.blank()
        if self.marker("..."):
            self.at += 3
            self.blank()
        if self.at < len(self.text):
            self.fail("more text", "the end of the document")
        return value

    def node(self, above: int) -> Any:
        """Read the value that begins here, in a column right of `above`."""
        self.depth += 1
        if self.depth > DEPTH:
            self.fail("nesting", f"at most {DEPTH} levels")
        column = self.column()
        if self.dash():
            value: Any = self.sequence(column)
        elif self.is_key():
            value = self.mapping(column)
        else:
            value = self.scalar_or_flow(above)
        self.depth -= 1
        return value

    def mapping(self, column: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            key = self.key()
            if key in found:
                self.fail(f"the key {key!r} twice", "each key once")
            found[key] = self.value(column)
            self.blank()
            if self.ended() or self.column() < column:
                return found
            if self.column() > column or not self.is_key():
                self.fail(self.line_text(), "a key in the column of the others")

    def value(self, column: int) -> Any:
        """Read what follows a key's colon."""
        if not self.line_is_over():
            if self.dash() or self.is_key():
                self.fail(self.line_text(), "a value, or a list or map on its own lines")
            return self.scalar_or_flow(column)
        self.blank()
        if self.ended() or self.column() < column or (self.column() == column and not self.dash()):
            return Plain("")
        return self.sequence(column) if self.column() == column else self.node(column)

    def sequence(self, column: int) -> list[Any]:
        found: list[Any] = []
        while not self.ended() and self.column() == column and self.dash():
            self.at += 1
            if self.line_is_over():
                self.blank()
                nested = not self.ended() and self.column() > column
                found.append(self.node(column) if nested else Plain(""))
            else:
                found.append(self.node(column))
            self.blank()
        if not self.ended() and self.column() > column:
            self.fail(self.line_text(), "another - in the column of the first")
        return found

    def scalar_or_flow(self, above: int) -> Any:
        head = self.text[self.at]
        if head in "[{":
            value = self.flow()
        elif head in "\"'":
            value = self.quoted(above)
        elif head in "|>":
            return self.block(above)
        else:
            return self.plain(above)
        if not self.line_is_over():
            self.fail(self.line_text(), "the end of the line")
        return value

    # scalars ----------------------------------------------------------------------------------------------------------

    def plain(self, above: int) -> str:
        """Read a plain scalar that may go on over lines indented more than `above`."""
        self.refuse_indicator()
        text = self.piece(_PLAIN)
        while not self.commented:
            start = self.at
            breaks = self.breaks()
            if self.ended() or self.column() <= above or self.text[self.at] == "#":
                self.at = start
                break
            if self.is_key():
                self.fail(self.line_text(), "no key inside a value")
            text += "\n" * (breaks - 1) or " "
            text += self.piece(_PLAIN_MORE)
        return Plain(text)

    def piece(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            self.fail(self.line_text(), "a value")
        self.at = match.end()
        if not self.line_is_over():
            self.fail(self.line_text(), "the end of the line")
        return match[0]

    def breaks(self) -> int:
        """Skip line ends and indentation; return how many line ends there were."""
        match = _BREAKS.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return match[0].count("\n")

    def quoted(self, above: int) -> str:
        mark = self.text[self.at]
        pattern = _DOUBLE if mark == '"' else _SINGLE
        match = pattern.match(self.text, self.at)
        if match is None:
            self.fail("a quote without end", mark)
        inner = match[0][1:-1]
        for line in re.finditer(r"\n([ ]*)(\S?)(\S?\S?)", inner):
            outside = len(line[1]) <= above and line[2]
            if outside or (not line[1] and line[2] + line[3] in ("---", "...")):
                self.fail("a quoted text that leaves its place", "indentation")
        if mark == '"' and re.search(r"\\\n[ \t]*\n", inner):
            self.fail("an empty line after a line end that was escaped", "text")
        self.at = match.end()
        if mark == "'":
            return _fold(inner).replace("''", "'")
        return re.sub(_ESCAPE, self.unescape, _fold(re.sub(r"\\\n[ \t]*", "\\\\\n", inner), escaped=True))

    def unescape(self, found: re.Match[str]) -> str:
        code = found[0][1:]
        if code in _ESCAPES:
            return _ESCAPES[code]
        if len(code) in (3, 5, 9) and code[0] in "xuU" and int(code[1:], 16) < 0x110000:
            return chr(int(code[1:], 16))
        return self.fail(f"the escape {found[0]!r}", "an escape that YAML knows")

    def block(self, above: int) -> str:
        """Read a ``|`` or ``>`` block."""
        match = _BLOCK.match(self.text, self.at)
        if match is None:
            self.fail(self.line_text(), "a block that begins on the next line")
        self.at = match.end()
        style, chomp = match[1], match[2]
        lines: list[str] = []
        width = 0
        while self.at < len(self.text):
            end = self.text.index("\n", self.at)
            line = self.text[self.at : end]
            indent = len(line) - len(line.lstrip(" "))
            if line[indent:]:
                if not width and any(len(blank) > indent for blank in lines):
                    self.fail(line, "empty lines indented no more than the text")
                width = width or indent
                if indent < max(above + 1, 1, width):
                    break
            lines.append(line[width:] if width else line)
            self.at = end + 1
        told = [line if line.strip(" ") or (width and line) else "" for line in lines]
        if self.at >= len(self.text) and self.ends_open and chomp != "-" and told and told[-1]:
            return _chomped(told, style, chomp).removesuffix("\n")
        return _chomped(told, style, chomp)

    # flow style -------------------------------------------------------------------------------------------------------

    def flow(self) -> Any:
        self.depth += 1
        if self.depth > DEPTH:
            self.fail("nesting", f"at most {DEPTH} levels")
        head = self.text[self.at]
        if head == "[":
            value: Any = self.flow_items("]", self.flow)
        elif head == "{":
            value = {}
            for key, inner in self.flow_items("}", self.flow_pair):
                if key in value:
                    self.fail(f"the key {key!r} twice", "each key once")
                value[key] = inner
        else:
            value = self.flow_scalar()
        self.depth -= 1
        return value

    def flow_items(self, end: str, read: Any) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while self.flow_head() != end:
            found.append(read())
            if self.flow_head() == ",":
                self.at += 1
            elif self.flow_head() != end:
                self.fail(self.line_text(), f"a comma or {end}")
        self.at += 1
        return found

    def flow_pair(self) -> tuple[str, Any]:
        start = self.at
        key = self.flow_scalar()
        if self.flow_head() != ":" or "\n" in self.text[start : self.at]:
            self.fail(self.line_text(), "a colon on the line of its key")
        self.at += 1
        return key, Plain("") if self.flow_head() in ",}" else self.flow()

    def flow_scalar(self) -> str:
        if self.text[self.at] in "\"'":
            return self.quoted(-1)
        self.refuse_indicator()
        match = _FLOW_PLAIN.match(self.text, self.at)
        if match is None:
            self.fail(self.line_text(), "a value")
        self.at = match.end()
        return Plain(_fold(match[0]))

    def flow_head(self) -> str:
        self.blank()
        if self.ended():
            self.fail("the end of the document", "a closing bracket")
        return self.text[self.at]

    # places -----------------------------------------------------------------------------------------------------------

    def blank(self) -> None:
        """Skip white space and comments."""
        match = _SPACE.match(self.text, self.at)
        assert match is not None
        begin = self.text.rfind("\n", 0, match.end()) + 1
        if begin >= self.at and "\t" in self.text[begin : match.end()] and match.end() < len(self.text):
            self.at = match.end()
            self.fail("a tab", "spaces as indentation")
        self.at = match.end()

    def column(self) -> int:
        return self.at - self.text.rfind("\n", 0, self.at) - 1

    def ended(self) -> bool:
        return self.at >= len(self.text) or self.marker("---") or self.marker("...")

    def marker(self, text: str) -> bool:
        at_start = self.text.startswith(text, self.at) and not self.column()
        return at_start and self.text[self.at + 3 : self.at + 4] in (" ", "\t", "\n")

    def dash(self) -> bool:
        return self.text[self.at] == "-" and self.text[self.at + 1] in " \n"

    def line_is_over(self) -> bool:
        """Skip blanks; tell whether nothing but a comment is left on the line."""
        start = self.at
        while self.text[self.at] in " \t":
            self.at += 1
        self.commented = self.text[self.at] == "#" and self.at > start
        if self.commented:
            self.at = self.text.index("\n", self.at)
        return self.text[self.at] == "\n"

    def is_key(self) -> bool:
        match = _KEY.match(self.text, self.at)
        return match is not None

    def key(self) -> str:
        self.refuse_indicator()
        match = _KEY.match(self.text, self.at)
        assert match is not None
        end = match.end()
        found: str = Plain(match["plain"]) if match["quoted"] is None else self.quoted(-1)
        self.at = end
        return found

    def refuse_indicator(self) -> None:
        head = self.text[self.at]
        if head in INDICATORS or (head == "?" and self.text[self.at + 1] in " \n"):
            self.fail(self.line_text(), "no anchor, alias, tag, directive or complex key")

    def line_text(self) -> str:
        return repr(self.text[self.at : self.text.find("\n", self.at)][:60])

    def fail(self, found: str, expected: str) -> NoReturn:
        line = self.text.count("\n", 0, min(self.at, len(self.text) - 1)) + 1
        raise FormatError("this YAML can't be read", path=self.path, line=line, found=found, expected=expected)


_ODD_BREAK = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff]")
_FIRST = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=[^\s]))"
_REST = r"(?:(?:[^\s:#]|:(?=\S)|(?<=\S)#)|[ \t]+(?=[^\s:#]|:(?=\S)))*"
_PLAIN = re.compile(_FIRST + _REST)
_PLAIN_MORE = re.compile(r"(?:[^\s:#]|:(?=\S))" + _REST)
_FLOW_FIRST = r"(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-](?=[^\s,\[\]{}]))"
_FLOW_CHARACTER = r"(?:[^\s:#,\[\]{}?]|:(?=[^\s,\[\]{}])|(?<=\S)#)"
_FLOW_PLAIN = re.compile(rf"{_FLOW_FIRST}(?:{_FLOW_CHARACTER}|[ \t\n]+(?=[^\s:#,\[\]{{}}?]|:(?=[^\s,\[\]{{}}])))*")
_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SINGLE = re.compile(r"'(?:[^']|'')*'")
_KEY = re.compile(
    r"(?:(?P<quoted>\"(?:[^\"\\\n]|\\[^\n])*\"|'(?:[^'\n]|'')*')|(?P<plain>" + _FIRST + _REST + r"))[ \t]*:(?=[ \t\n])"
)
_BREAKS = re.compile(r"(?:[ \t]*\n)+[ ]*")
_SPACE = re.compile(r"(?:[ \t\n]|(?:^|(?<=[\s,\[\]{}]))#[^\n]*)*")
_BLOCK = re.compile(r"([|>])([-+]?)[ \t]*(?:(?<=[ \t])#[^\n]*)?\n")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029", "\n": "",
}  # fmt: skip


def _fold(text: str, *, escaped: bool = False) -> str:
    """Return text over several lines as one: a line end is a space, further ones are line ends."""
    if "\n" not in text:
        return text
    pattern = r"(?<!\\)[ \t]*\n(?:[ \t]*\n)*[ \t]*" if escaped else r"[ \t]*\n(?:[ \t]*\n)*[ \t]*"
    return re.sub(pattern, lambda found: "\n" * (found[0].count("\n") - 1) or " ", text)


def _chomped(lines: list[str], style: str, chomp: str) -> str:
    text = "".join(line + "\n" for line in lines)
    body = text.rstrip("\n")
    tail = text[len(body) :]
    if style == ">":
        body = re.sub(r"(?<=[^\n])(?<!^ )\n(\n*)(?=[^\s])", lambda found: found[1] or " ", body)
    if chomp == "-" or not body:
        return body if chomp == "-" or not tail else (body if chomp != "+" else tail)
    return body + (tail if chomp == "+" else "\n")
