from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annokit.codecs.xml import parse_documents, parse_xml
from annokit.errors import FormatError
from annokit.limits import Limits

BODY = "<annotation><object><name>{}</name><x a='1'/></object></annotation>"


@pytest.mark.parametrize(
    ("declared", "encoding", "name"),
    [
        ("UTF-8", "utf-8", "Käse 猫"),
        ("utf-8", "utf-8-sig", "Käse 猫"),
        ("UTF-16", "utf-16", "Käse 猫"),
        ("UTF-16", "utf-16-le", "猫"),
        ("UTF-16", "utf-16-be", "猫"),
        ("UTF-16", "utf-8", "written as UTF-8: é"),
        ("GBK", "gbk", "猫"),
        ("gb2312", "gb2312", "猫"),
        ("GB18030", "gb18030", "猫😀"),
        ("Big5", "big5", "貓"),
        ("Shift_JIS", "shift_jis", "猫"),
        ("EUC-KR", "euc-kr", "고양이"),
        ("ISO-8859-1", "latin-1", "Käse"),
        ("windows-1251", "cp1251", "Кот"),
        ("US-ASCII", "ascii", "cat"),
    ],
)
def test_declared_encodings(declared: str, encoding: str, name: str) -> None:
    data = (f"<?xml version='1.0' encoding='{declared}'?>\n" + BODY.format(name)).encode(encoding)
    root = parse_xml(data, path="x.xml")
    assert root.findtext("object/name") == name
    assert root.find("object/x").attrib == {"a": "1"}  # type: ignore[union-attr]


def test_utf8_without_a_declaration() -> None:
    for start in ("", "\n  ", "\ufeff", "<!-- <!DOCTYPE x> -->\n", "<?pi <!DOCTYPE ?>"):
        assert parse_xml((start + BODY.format("é")).encode(), path="x").findtext("object/name") == "é"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE x><x/>",
        b"<?xml version='1.0'?>\n<!-- c -->\n<!DOCTYPE x [<!ENTITY a 'aaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><x/>",
        b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
        b"<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1/x.dtd'> %p;]><x/>",
        "<!DOCTYPE x><x/>".encode("utf-16"),
        "\ufeff<!DOCTYPE x><x/>".encode(),
        b"\r\n\t <!DOCTYPE x><x/>",
        b"<?xml version='1.0' encoding='GBK'?><!DOCTYPE x><x/>",
        b"<!ENTITY a 'b'><x/>",
    ],
)
def test_document_types_are_refused(data: bytes) -> None:
    for parse in (parse_xml, parse_documents):
        with pytest.raises(FormatError, match="document type") as caught:
            parse(data, path="x.xml")  # type: ignore[operator]
        assert caught.value.line is not None
        assert caught.value.path == "x.xml"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"plain", 1),
        (b"<a>\n<b>\n</a>", 3),
        (b"<a>\n&undefined;</a>", 2),
        (b"<a/>\n<b/>", 2),
        (b"<a>\n\n\xff</a>", 3),
        (b"<?xml version='1.0' encoding='ascii'?>\n<a>\xe9</a>", 2),
        (b"<a/>\n<!DOCTYPE x>", 2),
        (b"<a>\0</a>", 1),
        (b"<!-- no end", 1),
        (b"<?pi no end", 1),
        (b"<!--", 1),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", 1),
        (b"<?xml version='1.0' encoding='zlib'?><a/>", 1),
        (b"<?xml version='1.0' encoding='punycode'?><a/>", 1),
        (b"<?xml version='1.0' encoding='unicode_escape'?><a/>", 1),
    ],
)
def test_broken_documents_are_located(data: bytes, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        parse_xml(data, path="dir/x.xml")
    assert caught.value.path == "dir/x.xml"
    assert caught.value.line == line


def test_the_size_is_limited() -> None:
    assert parse_xml(b"<a></a>", path="x", limits=Limits(xml_bytes=7)).tag == "a"
    with pytest.raises(FormatError, match="too large"):
        parse_xml(b"<a></a>", path="x", limits=Limits(xml_bytes=6))


def test_several_roots() -> None:
    data = b"""<?xml version="1.0"?>
<!-- first -->
<a>1</a>
<?xml version="1.0"
 encoding="UTF-8"?>
<a>2<![CDATA[<?xml in text?>]]></a><b><!-- <?xml ?> --></b>
"""
    roots = parse_documents(data, path="x")
    assert [(root.tag, root.text, root.tail) for root in roots] == [
        ("a", "1", None),
        ("a", "2<?xml in text?>", None),
        ("b", None, None),
    ]
    assert parse_documents(b"", path="x") == []
    assert [root.tag for root in parse_documents(b"<a/>", path="x")] == ["a"]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"<a/>\n<?xml\nversion='1.0'?>\n<b>", 4),
        (b"<a/>\n<!DOCTYPE x><b/>", 2),
        (b"<a/>\n</annokit-documents><annokit-documents>", 2),
        (b"<a/>\n<?xml version", 2),
    ],
)
def test_broken_series_are_located(data: bytes, line: int) -> None:
    with pytest.raises(FormatError) as caught:
        parse_documents(data, path="x")
    assert caught.value.line == line


def test_text_between_documents_is_refused() -> None:
    for data in (b"stray <a/>", b"<a/> stray <b/>", b"<a/>stray"):
        with pytest.raises(FormatError, match="stray"):
            parse_documents(data, path="x")


@given(st.text(alphabet="<>!?-[]/ax &;'\"=\n\ufeff", max_size=40))
def test_noise_gives_elements_or_a_format_error(text: str) -> None:
    for parse in (parse_xml, parse_documents):
        try:
            parse(text.encode(), path="x")  # type: ignore[operator]
        except FormatError as error:
            assert error.path == "x"  # noqa: PT017 - either outcome is right


NAMES = st.text(alphabet="abcäöü", min_size=1, max_size=5)


@given(st.recursive(st.text("ab<&é \n"), lambda inner: st.lists(st.tuples(NAMES, inner), max_size=4), max_leaves=10))
def test_it_agrees_with_the_standard_library(tree: object) -> None:
    root = ElementTree.Element("root")

    def fill(element: ElementTree.Element, value: object) -> None:
        if isinstance(value, str):
            element.text = value
            return
        for name, inner in value:  # type: ignore[attr-defined]
            fill(ElementTree.SubElement(element, name, {"k": name}), inner)

    fill(root, tree)
    data = ElementTree.tostring(root, "utf-8")
    ours = parse_xml(data, path="x")
    assert ElementTree.tostring(ours) == ElementTree.tostring(ElementTree.fromstring(data))


@pytest.mark.parametrize("piece", [b"<!--", b"<![CDATA[", b"<?xml ", b"<a>", b"<?a?>", b"<!-- -->"])
def test_long_hostile_input_takes_linear_time(piece: bytes) -> None:
    for parse in (parse_xml, parse_documents):
        try:
            parse(piece * 50_000, path="x")  # type: ignore[operator]
        except FormatError:
            continue
