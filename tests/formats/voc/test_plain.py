"""Plain documents give the same whichever way they are read."""

import sys
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import annokit
import annokit.formats.voc.read
from annokit.formats.voc.plain import Node, cut, outline
from annokit.model.compare import differences
from tests.formats.voc.samples import an_object, annotation

READING = sys.modules["annokit.formats.voc.read"]
"""The module; the package has a function of its name."""

TEXTS = st.sampled_from(
    ["", " ", "1", "0", "-3", "007", "12.50", "1e3", "nan", "inf", " 5 ", "\n7\n", "cat", "猫", "a\tb", "x y", "{'a': 1}", "['b', 'c']",
     "[1", "a]]b", "9" * 30, "\x0b", "&amp;", "&lt;b&gt;", "a > b", "]]>", "-0.0", "0.1", "True"]
)  # fmt: skip
GAPS = st.sampled_from(["", "\n", " \t", "\r\n", "stray", "<!-- c -->"])


@st.composite
def elements(draw, tag, depth=0):
    gap = draw(GAPS) if draw(st.integers(0, 9)) == 0 else "\n"
    attribute = ' a="b"' if draw(st.integers(0, 30)) == 0 else ""
    if draw(st.integers(0, 15)) == 0:
        return f"<{tag}{attribute}/>{gap}"
    if tag == "bndbox":
        corners = (
            draw(st.permutations(["xmin", "ymin", "xmax", "ymax"]))
            if draw(st.booleans())
            else ["xmin", "ymin", "xmax", "ymax"]
        )
        inner = "".join(
            f"<{c}>{draw(TEXTS) if draw(st.integers(0, 5)) == 0 else draw(st.integers(0, 9))}</{c}>" for c in corners
        )
    elif depth < 2 and (tag in ("source", "size", "part") or draw(st.integers(0, 20)) == 0):
        names = ["width", "height", "depth"] if tag == "size" else ["database", "name", "bndbox", "x"]
        inner = "".join(draw(elements(name, depth + 1)) for name in draw(st.lists(st.sampled_from(names), max_size=3)))
    else:
        inner = draw(TEXTS)
    return f"<{tag}{attribute}>{inner}</{tag}>{gap}"


TAGS = ["pose", "truncated", "occluded", "difficult", "attributes", "part", "bndbox", "extra"]


@st.composite
def documents(draw):
    heads = draw(
        st.lists(
            st.sampled_from(["folder", "filename", "size", "source", "segmented", "path", "depth", "own"]), max_size=5
        )
    )
    parts = [draw(elements(tag)) for tag in heads]
    for _ in range(draw(st.integers(0, 3))):
        tags = ["name", *draw(st.lists(st.sampled_from(TAGS), max_size=4, unique=draw(st.booleans()))), "bndbox"]
        parts.append(f"<object>{''.join(draw(elements(tag, 1)) for tag in tags)}</object>{draw(GAPS)}")
    if draw(st.booleans()):
        parts.append(draw(elements("segmented")))
    declaration = draw(
        st.sampled_from(["", "<?xml version='1.0'?>\n", '<?xml version="1.0" encoding="UTF-8"?>', "\ufeff"])
    )
    return f"{declaration}<annotation>{draw(GAPS)}{''.join(parts)}</annotation>{draw(st.sampled_from(['', chr(10)]))}"


def both(tmp_path, text, dialect, monkeypatch):
    """What is read plainly, and what by the parser."""
    (tmp_path / "a.xml").write_text(text, encoding="utf-8", newline="")
    found = []
    for way in (cut, lambda data: None):
        monkeypatch.setattr(READING, "cut", way)
        found.append(annokit.read(tmp_path / "a.xml", dialect, on_bad="collect"))
    return found


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@pytest.mark.parametrize("dialect", ["voc", "voc:dataloop", "voc:innotescus"])
@given(text=documents())
def test_both_ways_agree(tmp_path, monkeypatch, dialect, text):
    with monkeypatch.context() as patch:
        plain, parsed = both(tmp_path, text, dialect, patch)
    assert list(differences(plain, parsed)) == []
    assert str(plain.issues) == str(parsed.issues)


@settings(max_examples=50, deadline=None)
@given(text=documents())
def test_what_is_cut_is_well_formed(text):
    found = cut(text.encode())
    if found is None or outline(found.tags) is None or any(outline(tags) is None for tags, _ in found.objects):
        return
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "annotation"
    assert [child.tag for child in root if child.tag != "object"] == [node.tag for node in outline(found.tags).nodes]
    assert len([child for child in root if child.tag == "object"]) == len(found.objects)


@pytest.mark.parametrize(
    "text",
    [
        "<annotation><a></b></annotation>",
        "<annotation><a></annotation>",
        "<annotation></a></annotation>",
        "<annotation><object><a></object></a></annotation>",
        "<annotation>x>name<cat</name></annotation>",
        "<annotation><object><name>a</name></object></annotation><annotation></annotation>",
        "<annotation><1a></1a></annotation>",
        "<annotation><a b='c'></a></annotation>",
        "<annotation></annotation",
        "<annotation><object></annotation>",
    ],
)
def test_what_is_broken_or_not_plain_is_left_to_the_parser(text):
    found = cut(text.encode())
    assert found is None or outline(found.tags) is None or any(outline(tags) is None for tags, _ in found.objects)


def test_usual_documents_are_plain():
    text = annotation(objects=an_object() + an_object("dog"), more="	<segmented>0</segmented>\n	<folder/>\n")
    for data in (text, f"<?xml version='1.0' encoding='utf-8'?>\n{text}", text.replace("\n", "\r\n"), f"\ufeff{text}"):
        found = cut(data.encode())
        assert [len(tags) for tags, _ in found.objects] == [18, 18]
        assert outline(found.tags).nodes[0] == Node("filename", 1)


@pytest.mark.parametrize("dialect", ["voc", "voc:dataloop", "voc:innotescus"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(documents(), min_size=3, max_size=6))
def test_blocks_make_no_difference(tmp_path, monkeypatch, dialect, texts):
    for place, text in enumerate(texts):
        (tmp_path / f"{place}.xml").write_text(text, encoding="utf-8", newline="")
    found = []
    for block in (1, 2, 2048):
        with monkeypatch.context() as patch:
            patch.setattr(READING, "BLOCK", block)
            found.append(annokit.read(tmp_path, dialect, on_bad="collect"))
    for ds in found[:2]:
        assert list(differences(ds, found[2])) == []
        assert str(ds.issues) == str(found[2].issues)
