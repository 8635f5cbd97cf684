"""Files as text: encodings, several documents in one, repairs, and what hostile files may not do."""

import time
from pathlib import Path

import pytest

import annokit
from annokit.errors import FormatError
from annokit.formats.voc.documents import parse, repaired
from annokit.limits import DEFAULT_LIMITS, Limits
from tests.formats.voc.samples import an_object, annotation, tree


def labels(ds):
    return [str(a.label) for a in ds.annotations]


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        (None, "utf-8"), (None, "utf-8-sig"), ("UTF-8", "utf-8"), ("utf-16", "utf-16"), ("UTF-16", "utf-16-be"),
        ("GBK", "gbk"), ("GB2312", "gbk"), ("Big5", "big5"), ("Shift_JIS", "shift_jis"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, declared, codec, ends):
    text = annotation("山.jpg", an_object("山 中"))
    head = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>\n'
    data = (head + text).replace("\n", ends).encode(codec)
    ds = annokit.read(tree(tmp_path, {"Annotations/山.xml": data}))
    assert (ds.names, labels(ds)) == (("山.jpg",), ["山 中"])
    assert ds[0].boxes(unit="pixel").tolist() == [[1, 2, 30, 20]]


def test_text_that_is_not_what_it_declares_is_located(tmp_path):
    data = annotation("a.jpg", an_object("Käse")).encode("latin-1")
    with pytest.raises(FormatError, match="the text is not utf-8") as caught:
        annokit.read(tree(tmp_path, {"Annotations/a.xml": data}), "voc")
    assert caught.value.line == 8 + 1
    assert Path(caught.value.path) == tmp_path / "Annotations/a.xml"


# several documents in one file --------------------------------------------------------------------------------------------

DECLARATION = '<?xml version="1.0"?>\n'


@pytest.mark.parametrize("head", ["", DECLARATION])
@pytest.mark.parametrize("between", ["", "\n\n", "<!-- next -->\n"])
def test_documents_one_behind_the_other(tmp_path, head, between):
    texts = [head + annotation(f"{name}.jpg", an_object(name)) for name in ("b", "a", "c d")]
    ds = annokit.read(tree(tmp_path / "in", {"sub/all.xml": between.join(texts)}), "voc:innotescus")
    assert ds.names == ("sub/b.jpg", "sub/a.jpg", "sub/c d.jpg")
    assert labels(ds) == ["b", "a", "c d"]
    assert [item.boxes(unit="pixel").tolist() for item in ds] == [[[1, 2, 30, 20]]] * 3
    annokit.write(ds, tmp_path / "out", "voc:innotescus", on_loss="allow")
    back = annokit.read(tmp_path / "out")
    assert sorted(back.names) == sorted(ds.names)
    assert {str(item.annotations[0].label) for item in back} == {"a", "b", "c d"}


def test_documents_without_a_file_name_are_called_by_their_file(tmp_path):
    text = "<annotation><size><width>4</width><height>3</height></size></annotation>" * 2
    assert annokit.read(tree(tmp_path, {"all.xml": text}), "voc").names == ("all", "all")


def test_pictures_of_several_documents_are_found(tmp_path):
    text = annotation("a.jpg", size=None) + annotation("b.jpg", size=None)
    ds = annokit.read(tree(tmp_path, {"all.xml": text, "a.jpg": None, "b.jpg": None}), "voc")
    assert [(item.width, item.height, Path(item.path).name) for item in ds] == [(40, 30, "a.jpg"), (40, 30, "b.jpg")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (annotation() + "stray" + annotation(), 9),
        (annotation() + "<annotation>", 9),
        (annotation() + "</annotation>", 9),
        (annotation() + "<!DOCTYPE x><annotation/>", 9),
    ],
)
def test_faults_between_documents_are_located(tmp_path, text, line):
    with pytest.raises(FormatError) as caught:
        annokit.read(tree(tmp_path, {"all.xml": text}), "voc:innotescus")
    assert Path(caught.value.path) == tmp_path / "all.xml"
    assert caught.value.line == line


def test_other_roots_are_told(tmp_path):
    files = {"a.xml": annotation(), "b.xml": "<plist/>", "c.xml": annotation("c.jpg") + "<other/>"}
    ds = annokit.read(tree(tmp_path, files), "voc")
    assert ds.names == ("a.jpg", "c.jpg")
    issue = ds.issues.of("skipped-record").issues[0]
    assert (issue.count, issue.examples) == (2, ("b.xml: <plist>", "c.xml: <other>"))


# text that was not escaped ------------------------------------------------------------------------------------------------


def unescaped(name: str, attributes: str = "{}") -> str:
    box = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>"
    return f"<annotation><filename>a.jpg</filename><object><name>{name}</name><attributes>{attributes}</attributes>{box}</object></annotation>"


@pytest.mark.parametrize(
    ("name", "attributes", "told"),
    [
        ("cat & mouse", "{}", {}),
        ("R&D &amp; more", "{}", {}),
        ("a < b", "{}", {}),
        ("a <b> c", "{}", {}),
        ("cat", "{'size': '<10 & >5'}", {"size": "<10 & >5"}),
        ("cat", "{'html': '<b>x</i>'}", {"html": "<b>x</i>"}),
        ("AT&T;", "{}", {}),
        ("&#12;&lt;", "{}", {}),
    ],
)
def test_text_is_repaired_on_request_alone(tmp_path, name, attributes, told):
    root = tree(tmp_path, {"annotations/a.xml": unescaped(name, attributes)})
    if name != "&#12;&lt;":
        with pytest.raises(FormatError):
            annokit.read(root, "voc:dataloop")
        ds = annokit.read(root, "voc:dataloop", repair=True)
        assert labels(ds) == [name.replace("&amp;", "&")]
        assert dict(ds.annotations[0].attributes) == told
        issue = ds.issues.of("repaired").issues[0]
        assert (issue.severity, issue.count) == ("warning", 1)
        assert "a.xml" in issue.examples[0]
    else:
        with pytest.raises(FormatError):  # a control character is no matter of escaping
            annokit.read(root, "voc:dataloop", repair=True)


def test_repair_changes_nothing_that_is_sound(tmp_path):
    root = tree(tmp_path, {"annotations/a.xml": annotation(objects=an_object("a &amp; b"))})
    ds = annokit.read(root, "voc:dataloop", repair=True)
    assert ds == annokit.read(root, "voc:dataloop")
    assert not ds.issues.of("repaired")


def test_markup_that_is_well_formed_is_kept(tmp_path):
    ds = annokit.read(
        tree(tmp_path / "in", {"annotations/a.xml": unescaped("cat", "{'html': '<b>x</b>'}")}), "voc:dataloop"
    )
    assert ds._annotations.value("extras/voc/attributes", 0) == {
        "#xml": "<attributes>{'html': '<b>x</b>'}</attributes>"
    }
    assert [issue.field for issue in ds.issues.of("unread-key")] == ["attributes"]
    annokit.write(ds, tmp_path / "out", "voc:dataloop", on_loss="raise")
    assert annokit.read(tmp_path / "out", "voc:dataloop") == ds


def test_what_is_written_is_escaped(tmp_path):
    root = tree(tmp_path / "in", {"annotations/a.xml": unescaped("a <b> & c", "{'x': '</b>'}")})
    ds = annokit.read(root, "voc:dataloop", repair=True)
    annokit.write(ds, tmp_path / "out", "voc:dataloop")
    back = annokit.read(tmp_path / "out")
    assert labels(back) == ["a <b> & c"]
    assert dict(back.annotations[0].attributes) == {"x": "</b>"}


# hostile files ------------------------------------------------------------------------------------------------------------

LAUGHS = "<!DOCTYPE lolz [<!ENTITY a 'lol'>" + "".join(
    f"<!ENTITY {new} '{f'&{old};' * 10}'>" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
HOSTILE = {
    "billion laughs": LAUGHS + "]><annotation><filename>&j;</filename></annotation>",
    "quadratic": f"<!DOCTYPE x [<!ENTITY a '{'a' * 10_000}'>]><annotation><filename>{'&a;' * 10_000}</filename></annotation>",
    "external entity": "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><annotation><filename>&e;</filename></annotation>",
    "parameter entity": "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x.dtd'> %p;]><annotation/>",
    "external subset": "<!DOCTYPE annotation SYSTEM 'http://127.0.0.1:9/x.dtd'><annotation/>",
    "behind a comment": "<?xml version='1.0'?><!-- <annotation> --><!DOCTYPE x><annotation/>",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_document_types_are_refused(tmp_path, name, codec):
    files = {"Annotations/a.xml": HOSTILE[name].encode(codec), "Annotations/b.xml": annotation("b.jpg")}
    root = tree(tmp_path, files)
    began = time.perf_counter()
    with pytest.raises(FormatError, match="document type, which is refused"):
        annokit.read(root, "voc")
    ds = annokit.read(root, "voc", on_bad="collect", repair=True)
    assert ds.names == ("b.jpg",)
    assert time.perf_counter() - began < 5


def test_undefined_entities_are_no_text(tmp_path):
    with pytest.raises(FormatError, match="undefined entity") as caught:
        annokit.read(tree(tmp_path, {"a.xml": "<annotation>\n<filename>&xxe;</filename></annotation>"}), "voc")
    assert caught.value.line == 2


def test_an_include_fetches_nothing(tmp_path):
    text = "<annotation xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='file:///etc/passwd' parse='text'/></annotation>"
    ds = annokit.read(tree(tmp_path, {"a.xml": text}), "voc")
    assert ds._items.value("extras/voc/{http://www.w3.org/2001/XInclude}include", 0) == {
        "#xml": '<ns0:include xmlns:ns0="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text" />'
    }


@pytest.mark.parametrize(
    "inner",
    [
        "<a>" * 100_000 + "</a>" * 100_000,
        "<object>" * 5_000 + "</object>" * 5_000,
        "<object><name>a</name>" + "<b>" * 70 + "</b>" * 70 + "</object>",
    ],
)
def test_deep_nesting_is_refused(tmp_path, inner):
    root = tree(tmp_path, {"a.xml": f"<annotation>{inner}</annotation>", "b.xml": annotation("b.jpg")})
    with pytest.raises(FormatError, match=r"nested too deep|can't be read"):
        annokit.read(root, "voc")
    assert "b.jpg" in annokit.read(root, "voc", on_bad="collect").names


def test_the_size_of_a_document_is_limited(tmp_path):
    root = tree(tmp_path, {"a.xml": annotation(objects=an_object() * 50)})
    with pytest.raises(FormatError, match="too large"):
        annokit.read(root, "voc", limits=Limits(xml_bytes=1000))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "<annotation>",
        "<annotation><object></annotation>",
        "plain text",
        "<annotation a=b/>",
        "<annotation>\0</annotation>",
        "\ufeff",
        "<annotation/> x",
    ],
)
def test_broken_files_are_errors_of_their_own(tmp_path, text):
    root = tree(tmp_path, {"a.xml": text, "b.xml": annotation("b.jpg", an_object())})
    with pytest.raises(FormatError) as caught:
        annokit.read(root, "voc")
    assert Path(caught.value.path) == tmp_path / "a.xml"
    ds = annokit.read(root, "voc", on_bad="collect")
    assert (ds.names, labels(ds)) == (("b.jpg",), ["cat"])
    assert ds.issues.of("bad-record").issues[0].count == 1


def test_parse_and_repaired_alone():
    assert [root.tag for root in parse(b"<a/>", "x", DEFAULT_LIMITS)] == ["a"]
    assert [root.tag for root in parse(b"<a/><b/>", "x", DEFAULT_LIMITS)] == ["a", "b"]
    assert repaired(b"<a>\xff & </a>", "x", DEFAULT_LIMITS) is None
    assert repaired(b"<a> & </b>", "x", DEFAULT_LIMITS) is None
    assert [root.text for root in repaired(b"<a> & </a>", "x", DEFAULT_LIMITS)] == [" & "]
