import attrs
import pytest

import annokit
from annokit.errors import UsageError
from annokit.formats import registry
from annokit.formats.base import INTERFACE, Format


@pytest.fixture
def lines():
    """A format of lines of names, known while a test runs."""

    def read(source, context):
        builder = annokit.DatasetBuilder()
        for name in source.read_text(source.only).split():
            builder.add_item(name)
        return builder.build()

    found = Format(
        name="lines",
        title="Lines",
        sources=(),
        suffix=".lines",
        detect=lambda probe: {"": "ends with .lines"} if probe.names[0].endswith(".lines") else {},
        read=read,
    )
    yield found
    registry._registered.clear()
    registry.names.cache_clear()
    registry.get.cache_clear()


def test_a_registered_format_is_found_by_name_and_by_its_marks(lines, tmp_path):
    (tmp_path / "a.lines").write_text("x.png y.png")
    assert "lines" not in registry.names()
    registry.register(lines)
    assert registry.names()[-1] == "lines"
    assert [match.format for match in annokit.detect(tmp_path / "a.lines")] == ["lines"]
    assert annokit.read(tmp_path / "a.lines").names == annokit.read(tmp_path / "a.lines", "lines").names
    assert list(annokit.read(tmp_path / "a.lines").names) == ["x.png", "y.png"]


def test_registering_again_replaces(lines):
    registry.register(lines)
    other = attrs.evolve(lines, title="Other lines")
    registry.register(other)
    assert registry.get("lines").title == "Other lines"


@pytest.mark.parametrize(
    ("change", "told"),
    [({"name": "coco"}, "there is a format 'coco' already"), ({"interface": INTERFACE + 1}, "another version")],
)
def test_what_can_not_be_registered(lines, change, told):
    with pytest.raises(UsageError, match=told):
        registry.register(attrs.evolve(lines, **change))
    assert "lines" not in registry.names()


def test_only_formats_are_registered():
    with pytest.raises(UsageError, match=r"expected an annokit\.formats\.base\.Format, got dict"):
        registry.register({})


def test_an_unknown_format_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="unknown format 'cocoa'; there are: annokit, coco, csv"):
        registry.get("cocoa")
