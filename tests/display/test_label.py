from __future__ import annotations

from annokit.model.label import AttributeDefinition, Label, Skeleton
from annokit.model.label_set import LabelSet
from tests.display.markup import harmless
from tests.display.scenes import hostile


def test_a_label_tells_what_it_is() -> None:
    parent = Label("animal")
    definition = AttributeDefinition(name="tail", type="boolean")
    label = Label("cat", 7, parent, (255, 0, 0), attributes=(definition,), skeleton=Skeleton(("nose", "eye")))
    page = harmless(label._repr_html_())
    for text in ("cat", "7", "animal.cat", "tail (boolean)", "nose, eye"):
        assert text in page.text
    assert page.of("span", "annokit-swatch")[0]["style"] == "background:#ff0000"


def test_a_label_set_lists_all_and_its_own_attributes() -> None:
    labels = LabelSet([Label("cat", 0), Label("dog", "d")], [AttributeDefinition(name="weather")])
    page = harmless(labels._repr_html_())
    for text in ("2 labels", "cat", "dog", "0", "'d'", "weather (text)"):
        assert text in page.text
    assert len(page.of("tr")) == 4


def test_a_long_label_set_is_cut_and_says_so() -> None:
    html = LabelSet(Label(str(place)) for place in range(600))._repr_html_()
    assert "and 100 more" in harmless(html).text


def test_hostile_labels_are_shown_as_text() -> None:
    labels = hostile().labels
    for page in (harmless(labels._repr_html_()), harmless(labels[0]._repr_html_()), harmless(labels[1]._repr_html_())):
        assert "script" not in {tag for tag, _ in page.tags}
    assert "<script>alert(1)" in harmless(labels[0]._repr_html_()).text
