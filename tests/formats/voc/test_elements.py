"""What elements mean, and that those which mean nothing to the model come back."""

import pytest

import annokit
from annokit.errors import FormatError
from tests.formats.voc.samples import an_object, annotation, tree

BOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>20</ymax></bndbox>"


def objects(tmp_path, *inner, fmt="voc", **options):
    """What is read of objects, each given by what stands in it beside its name."""
    text = annotation(objects="".join(f"<object><name>cat</name>{one}</object>" for one in inner))
    return annokit.read(tree(tmp_path / "in", {"Annotations/a.xml": text}), fmt, **options)


def comes_back(tmp_path, ds, fmt="voc", **options):
    """Whether a dataset is the same after writing without loss; the text that was written."""
    annokit.write(ds, tmp_path / "out", fmt, on_loss="raise", overwrite=True)
    assert annokit.read(tmp_path / "out", fmt, **options) == ds
    return next((tmp_path / "out").rglob("*.xml")).read_text(encoding="utf-8")


def attributes(ds):
    return [dict(a.attributes) for a in ds.annotations]


def test_the_usual_elements_are_attributes(tmp_path):
    ds = objects(
        tmp_path,
        f"<pose>Left</pose><truncated>1</truncated><occluded>0</occluded><difficult>1</difficult>{BOX}",
        f"<difficult>0</difficult>{BOX}<pose>N/A</pose>",
        BOX,
    )
    assert attributes(ds) == [
        {"pose": "Left", "truncated": 1, "occluded": 0, "difficult": 1},
        {"pose": "N/A", "difficult": 0},
        {},
    ]
    text = comes_back(tmp_path, ds)
    assert text.count("<pose>") == 2
    assert text.count("<truncated>") == text.count("<occluded>") == 1


@pytest.mark.parametrize("told", ["", " 1 ", "yes", "2", "0.4", "-1", "01", "Unspecified", "тест <&> \"'"])
def test_flags_may_say_anything(tmp_path, told):
    escaped = told.replace("&", "&amp;").replace("<", "&lt;")
    ds = objects(tmp_path, f"<truncated>{escaped}</truncated>{BOX}")
    assert attributes(ds) == [{"truncated": int(told) if told in (" 1 ", "2", "-1") else told}]
    comes_back(tmp_path, ds)


def test_attributes_by_name_and_value(tmp_path):
    pair = "<attribute><name>{}</name><value>{}</value></attribute>"
    ds = objects(
        tmp_path,
        f"{BOX}<attributes>{pair.format('colour', 'red')}{pair.format('age', '12')}{pair.format('x.y', '0.5')}</attributes>",
        f"{BOX}<attributes>{pair.format('colour', '')}</attributes>",
        f"{BOX}<attributes/>",
    )
    assert attributes(ds) == [{"colour": "red", "age": 12, "x.y": "0.5"}, {"colour": ""}, {}]
    assert comes_back(tmp_path, ds).count("<attribute>") == 4


@pytest.mark.parametrize(
    "inner",
    [
        "<attributes><attribute><name>a</name><value>1</value></attribute><attribute><name>a</name><value>2</value></attribute></attributes>",
        "<attributes><attribute><name>a</name></attribute></attributes>",
        "<attributes><colour>red</colour></attributes>",
        "<truncated>1</truncated><attributes><attribute><name>truncated</name><value>0</value></attribute></attributes>",
        "<truncated>1</truncated><truncated>0</truncated>",
        "<pose><a>1</a></pose>",
    ],
)
def test_attributes_that_contradict_or_are_made_otherwise_stay_as_they_are(tmp_path, inner):
    ds = objects(tmp_path, BOX + inner)
    unread = [issue.field for issue in ds.issues.of("unread-key")]
    assert unread == [inner.rpartition("</")[2].rstrip(">")]
    text = comes_back(tmp_path, ds)
    text = "".join(text.split())
    assert [part in text for part in inner.partition("<attributes>")] == [True] * 3


def test_parts_points_and_what_other_tools_add_come_back(tmp_path):
    more = (
        "<part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4.5</ymax></bndbox></part>",
        "<part><name>hand</name><bndbox><xmin>5</xmin><ymin>6</ymin><xmax>7</xmax><ymax>8</ymax></bndbox></part>",
        "<actions><jumping>1</jumping><phoning>0</phoning></actions>",
        "<point><x>4</x><y>5</y></point>",
        "<polygon><x1>1</x1><y1>2</y1><x2>3</x2><y2>4</y2></polygon>",
        "<robndbox><cx>1</cx><cy>2</cy><w>3</w><h>4</h><angle>0.5</angle></robndbox>",
        "<deleted>0</deleted><id>7</id>",
    )
    ds = objects(tmp_path, BOX + "".join(more), BOX)
    unread = {issue.field: issue.count for issue in ds.issues.of("unread-key")}
    assert unread == {"part": 2, "actions": 1, "point": 1, "polygon": 1, "robndbox": 1, "deleted": 1, "id": 1} | {
        "part": 1
    }
    held = ds._annotations.value("extras/voc/part", 0)
    assert [part["name"] for part in held] == ["head", "hand"]
    assert held[0]["bndbox"]["ymax"] == "4.5"
    text = "".join(comes_back(tmp_path, ds).split())
    assert [one in text for one in more] == [True] * len(more)


def test_elements_of_the_picture_come_back(tmp_path):
    more = (
        "<folder>VOC2012</folder><path>C:\\data\\a.jpg</path><owner><flickrid>Fried Camels</flickrid><name>Jinky</name></owner>"
        "<source><database>D &amp; E</database><annotation>PASCAL</annotation></source><segmented>1</segmented>"
        "<verified>yes</verified><note>one</note><note>two</note>"
    )
    text = annotation(objects=an_object(), more=more)
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}), "voc:standard")
    assert ds._items.value("extras/voc/owner", 0) == {"flickrid": "Fried Camels", "name": "Jinky"}
    assert ds._items.value("extras/voc/segmented", 0) == 1
    assert ds._items.value("extras/voc/note", 0) == ["one", "two"]
    assert {issue.field for issue in ds.issues.of("unread-key")} == {"verified", "note"}
    written = comes_back(tmp_path, ds, "voc:standard")
    assert [part in written for part in ("D &amp; E", "Fried Camels", "C:\\data\\a.jpg", "<note>two</note>")] == [
        True
    ] * 4
    order = [
        written.index(f"<{tag}>")
        for tag in ("folder", "filename", "path", "source", "owner", "size", "segmented", "object")
    ]
    assert order == sorted(order)


def test_xml_attributes_and_mixed_text_come_back(tmp_path):
    text = (
        '<annotation verified="yes &lt;&quot;"><filename>a.jpg</filename>'
        '<object id="7"><name>cat</name><mark kind="x">text <b>and</b> more</mark>' + BOX + "</object></annotation>"
    )
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}), "voc")
    assert ds._items.value("extras/voc/#attrib", 0) == {"verified": 'yes <"'}
    assert ds._annotations.value("extras/voc/#attrib", 0) == {"id": "7"}
    written = comes_back(tmp_path, ds)
    assert '<annotation verified="yes &lt;&quot;">' in written
    assert '<object id="7">' in written
    assert '<mark kind="x">text <b>and</b> more</mark>' in written


def test_alphabetical_elements_as_in_2011(tmp_path):
    text = (
        "<annotation><filename>a.jpg</filename><folder>VOC2011</folder><object><bndbox><xmax>3</xmax><xmin>1</xmin>"
        "<ymax>4</ymax><ymin>2</ymin></bndbox><difficult>0</difficult><name>cat</name><occluded>0</occluded>"
        "<pose>Frontal</pose><truncated>0</truncated></object><segmented>0</segmented><size><depth>3</depth>"
        "<height>30</height><width>40</width></size></annotation>"
    )
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}), "voc:standard")
    assert (ds[0].width, ds[0].height) == (40, 30)
    assert ds[0].boxes(unit="pixel").tolist() == [[0, 1, 3, 4]]
    comes_back(tmp_path, ds, "voc:standard")


def test_objects_without_a_name_are_located(tmp_path):
    bad = [f"<object>{BOX}</object>", f"<object><name>a</name><name>b</name>{BOX}</object>", "<object/>"]
    files = {
        "Annotations/a.xml": annotation(objects=bad[0] + an_object()),
        "Annotations/b.xml": annotation("b.jpg", objects=bad[1] + bad[2]),
    }
    root = tree(tmp_path, files)
    with pytest.raises(FormatError, match="3 records can't be read") as caught:
        annokit.read(root, "voc")
    assert str(caught.value).count("an object has no name") == 3
    ds = annokit.read(root, "voc", on_bad="collect")
    assert [str(a.label) for a in ds.annotations] == ["cat"]
    assert [row.item for row in ds.issues.of("bad-record").rows()] == ["a.jpg", "b.jpg", "b.jpg"]


def test_labels_come_in_the_order_of_their_first_use_and_may_be_anything(tmp_path):
    names = ["собака", "a b", "", "0", "#x", "x:y", "猫 &amp; mouse", "собака"]
    text = annotation(objects="".join(an_object(name) for name in names))
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}), "voc")
    assert ds.labels.names == ("собака", "a b", "", "0", "#x", "x:y", "猫 & mouse")
    assert ds[0].label_ids.tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    comes_back(tmp_path, ds)


def test_white_space_of_indented_files_is_no_part_of_what_they_say(tmp_path):
    text = """<annotation>
  <filename>
    a.jpg
  </filename>
  <size><width>
    40
  </width><height> 30 </height></size>
  <object>
    <name>
      cat
    </name>
    <pose>\tLeft </pose>
    <truncated>
      1
    </truncated>
    <bndbox><xmin>
      1
    </xmin><ymin> 2</ymin><xmax>30 </xmax><ymax>20</ymax></bndbox>
  </object>
</annotation>"""
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}), "voc")
    assert (ds.names, ds.labels.names, ds[0].width, ds[0].height) == (("a.jpg",), ("cat",), 40, 30)
    assert attributes(ds) == [{"pose": "Left", "truncated": 1}]
    assert ds[0].boxes(unit="pixel").tolist() == [[1, 2, 30, 20]]
    assert not ds.issues.of("odd-value")
    comes_back(tmp_path, ds)


def test_labels_with_white_space_around_are_renamed_and_that_is_told(tmp_path):
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.jpg", width=40, height=30)
    for name in (" cat ", "cat", "a b"):
        builder.add_annotation(item, name, annokit.Box(0, 0, 0.5, 0.5))
    report = annokit.write(builder.build(), tmp_path / "out", "voc", on_loss="allow")
    assert {(i.field, i.fate) for i in report if str(i.field).startswith("label")} == {
        ("label.name", "renamed"), ("label", "converted")
    }  # fmt: skip
    assert annokit.read(tmp_path / "out").labels.names == ("cat", "a b")


# Dataloop -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{'1': 'red', '2': ['a', 'b'], '3': True, '4': None, '5': 1.5, '6': -2}",
            {"1": "red", "2": ["a", "b"], "3": True, "4": None, "5": 1.5, "6": -2},
        ),
        ("{}", {}),
        ("[]", {}),
        ("", {}),
        ("['all', 'b c']", {"all": True, "b c": True}),
        ("{'all': 0}", {"all": 0}),
        ("{\"it's\": 'x\\ny\\u00e9'}", {"it's": "x\nyé"}),
        ("{'猫': '&lt;b&gt; &amp; c'}", {"猫": "<b> & c"}),
    ],
)
def test_dataloops_attributes_are_read_as_python_wrote_them(tmp_path, text, expected):
    ds = objects(tmp_path, f"<attributes>{text}</attributes>{BOX}", fmt="voc:dataloop")
    assert attributes(ds) == [expected]
    assert not ds.issues.of("odd-value")
    annokit.write(ds, tmp_path / "out", "voc:dataloop", on_loss="raise")
    back = annokit.read(tmp_path / "out", "voc:dataloop")
    assert attributes(back) == [expected]
    assert back == ds
    written = (tmp_path / "out/annotations/a.xml").read_text(encoding="utf-8")
    assert ("<attributes>[" in written) == text.startswith("[")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch pwned')",
        "{'a': open('x')}",
        "[1, 2]",
        "{1: 'a'}",
        "'text'",
        "{'a': 1e999}",
        "{'a'",
        "None",
        "[" * 2000,
        "{'a': b'x'}",
        "('a',)",
        "{'a', 'b'}",
    ],
)
def test_nothing_is_evaluated(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    ds = objects(tmp_path, f"<attributes>{text}</attributes>{BOX}", fmt="voc:dataloop")
    assert attributes(ds) == [{}]
    assert ds._annotations.value("extras/voc/attributes", 0) == text
    assert [row.detail for row in ds.issues.of("odd-value").rows()] == [f"attributes: {text:.60}"]
    assert not (tmp_path / "pwned").exists()
    comes_back(tmp_path, ds, "voc:dataloop")


def test_other_simple_elements_are_not_evaluated_either(tmp_path):
    ds = objects(tmp_path, f"<truncated>__import__('os')</truncated><x>exit()</x>{BOX}", fmt="voc:dataloop")
    assert attributes(ds) == [{"truncated": "__import__('os')"}]
    assert ds._annotations.value("extras/voc/x", 0) == "exit()"


def test_dataloops_folder_and_path_repeat_the_name(tmp_path):
    more = (
        "<folder>c</folder><path>/b/c/a.jpg</path><source><database>Unknown</database></source><segmented>0</segmented>"
    )
    text = annotation(objects=f"<object><name>animal.cat</name><attributes/>{BOX}</object>", more=more)
    ds = annokit.read(tree(tmp_path / "in", {"annotations/b/c/a.xml": text}), "voc:dataloop")
    assert ds.names == ("b/c/a.jpg",)
    assert [name for name in ds._items.columns if name.startswith("extras")] == []
    written = comes_back(tmp_path, ds, "voc:dataloop")
    assert [
        part in written
        for part in (
            "<folder>c</folder>",
            "<path>/b/c/a.jpg</path>",
            "<database>Unknown</database>",
            "<depth>3</depth>",
        )
    ] == [True] * 4
    other = annotation(more=more.replace("/b/c/", "/elsewhere/"))
    moved = annokit.read(tree(tmp_path / "other", {"annotations/a.xml": other}), "voc:dataloop")
    assert moved._items.value("extras/voc/path", 0) == "/elsewhere/a.jpg"


def test_values_that_a_dialect_cannot_state_are_told(tmp_path):
    ds = objects(
        tmp_path,
        f"<attributes>{{'a': [1], 'b': True, 'c': None, 'd': 1.5, 'e': 'x'}}</attributes>{BOX}",
        fmt="voc:dataloop",
    )
    report = annokit.plan(ds, "voc")
    changed = {(issue.field, issue.fate) for issue in report if str(issue.field).startswith("attributes")}
    assert changed == {
        ("attributes.a", "restated"), ("attributes.b", "restated"), ("attributes.c", "dropped"), ("attributes.d", "restated"),
        ("attributes.pose", "derived"), ("attributes.truncated", "derived"), ("attributes.difficult", "derived"),
    }  # fmt: skip
    annokit.write(ds, tmp_path / "out", "voc", on_loss="allow")
    told = attributes(annokit.read(tmp_path / "out", "voc"))[0]
    assert told == {
        "a": "[1]",
        "b": "true",
        "d": "1.5",
        "e": "x",
        "pose": "Unspecified",
        "truncated": 0,
        "difficult": 0,
    }
    annokit.write(ds, tmp_path / "inno", "voc:innotescus", on_loss="allow")
    assert attributes(annokit.read(tmp_path / "inno", "voc:innotescus")) == [{}]


def test_innotescus_writes_poses_that_say_nothing(tmp_path):
    flags = "<pose>N/A</pose><truncated>0</truncated><difficult>0</difficult>"
    more = "<folder/><source><database> </database></source><segmented>0</segmented>"
    text = annotation(objects=f"<object><name>cat</name>{flags}{BOX}</object>", more=more)
    ds = annokit.read(tree(tmp_path / "in", {"a.xml": text}))
    assert attributes(ds) == [{}]
    written = comes_back(tmp_path, ds, "voc:innotescus")
    assert "".join(flags.split()) in "".join(written.split())
    assert "<database> </database>" in written
    assert [path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".xml"] == ["a.xml"]
    told = annokit.read(tree(tmp_path / "b", {"a.xml": text.replace("N/A", "Left")}), "voc:innotescus")
    assert attributes(told) == [{"pose": "Left"}]
