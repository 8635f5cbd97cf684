"""XML from anywhere, parsed safely: no document type, so no entities, and nothing fetched.

The bytes are decoded by Python, the part before the root is checked by hand, and the rest goes to the standard
library's own parser: without a document type it can meet none but the five built-in entities.
"""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers.expat import ErrorString

from annokit.errors import FormatError
from annokit.limits import DEFAULT_LIMITS, Limits

_DECLARED = re.compile(rb"""\A<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_ENCODINGS = re.compile(r"utf-?(?:8|16|32)|ascii|iso8859|iso2022|cp\d|gb|big5|euc|shift|koi8|mac|johab|tis|kz|ptcp")
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAKED = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_WRAPPER = "annokit-documents"


def parse_xml(data: bytes, *, path: str, limits: Limits = DEFAULT_LIMITS) -> Element:
    """Return the root element of a document.

    Parameters
    ----------
    data : bytes
        The document, in the encoding that it declares; UTF-8 where it declares none.
    path : str
        Name for error messages.
    limits : Limits
        ``xml_bytes`` bounds the document.

    Raises
    ------
    FormatError
        The document is not well-formed, too large, in an unknown encoding, or has a document type; the line is named.
    """
    text = _decoded(data, path, limits)
    _refuse_doctype(text, path)
    return _parsed(text, path)


def parse_documents(data: bytes, *, path: str, limits: Limits = DEFAULT_LIMITS) -> list[Element]:
    """Return the root elements of documents that stand one behind the other, each with or without a declaration.

    Parameters and errors are those of :func:`parse_xml`; an empty document gives an empty list.
    """
    text = _decoded(data, path, limits)
    _refuse_doctype(text, path)
    wrapper = _parsed(f"<{_WRAPPER}>{_without_declarations(text)}</{_WRAPPER}>", path)
    between = [wrapper.text, *(root.tail for root in wrapper)]
    for stray in between:
        if stray and not stray.isspace():
            raise FormatError("text stands between the documents", path=path, found=repr(stray.strip()[:40]))
    for root in wrapper:
        root.tail = None
    return list(wrapper)


def _parsed(text: str, path: str) -> Element:
    parser = XMLParser()
    try:
        parser.feed(text)
        return parser.close()
    except ParseError as error:
        line, column = error.position
        message = ErrorString(error.code) or "not well-formed"
        raise FormatError(f"the XML is broken: {message}, column {column + 1}", path=path, line=line) from error


def _decoded(data: bytes, path: str, limits: Limits) -> str:
    if len(data) > limits.xml_bytes:
        expected = f"at most {limits.xml_bytes}"
        raise FormatError("the XML document is too large", path=path, found=f"{len(data)} bytes", expected=expected)
    mark, encoding = _encoding(data, path)
    try:
        return data[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start + mark) + 1
        found = f"byte 0x{data[error.start + mark]:02x}"
        raise FormatError(f"the text is not {encoding}", path=path, line=line, found=found) from error


def _encoding(data: bytes, path: str) -> tuple[int, str]:
    """Return the bytes to skip and the encoding: by byte order mark, by the first character, by declaration."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return len(mark), encoding
    for start, encoding in _NAKED:
        if data.startswith(start):
            return 0, encoding
    declared = _DECLARED.match(data.lstrip()[:400])
    if declared is None:
        return 0, "utf-8"
    try:
        name = codecs.lookup(declared[1].decode()).name
    except LookupError:
        name = ""
    if not _ENCODINGS.match(name):
        raise FormatError("the XML declares an unknown encoding", path=path, line=1, found=declared[1].decode())
    # the declaration was readable byte by byte, so "UTF-16" is a mistake for UTF-8 that some writers make
    return 0, "utf-8" if name.startswith(("utf-16", "utf-32")) else _WIDER.get(name, name)


def _refuse_doctype(text: str, path: str) -> None:
    position = _skip_prolog(text)
    if text.startswith("<!", position):
        line = text.count("\n", 0, position) + 1
        found = repr(text[position : position + 40])
        raise FormatError("the XML has a document type, which is refused", path=path, line=line, found=found)


_SPACE = re.compile(r"[ \t\r\n\ufeff]*")


def _skip_prolog(text: str) -> int:
    """Return where the first thing begins that is neither space, comment nor processing instruction."""
    position = 0
    while True:
        match = _SPACE.match(text, position)
        position = match.end() if match else position
        end = next((end for start, end in (("<?", "?>"), ("<!--", "-->")) if text.startswith(start, position)), None)
        if end is None:
            return position
        found = text.find(end, position + 2)
        if found < 0:
            return position + 2
        position = found + len(end)


_PASSAGES = re.compile(r"<!--|<!\[CDATA\[|<\?xml\s")
_ENDS = {"<!--": "-->", "<![CDATA[": "]]>"}


def _without_declarations(text: str) -> str:
    """Return the text without XML declarations, its lines unchanged."""
    pieces: list[str] = []
    done = position = 0
    while match := _PASSAGES.search(text, position):
        end = _ENDS.get(match[0], "?>")
        found = text.find(end, match.end())
        if found < 0:
            break
        position = found + len(end)
        if match[0] not in _ENDS:
            pieces += (text[done : match.start()], "\n" * text.count("\n", match.start(), position))
            done = position
    return "".join([*pieces, text[done:]])
