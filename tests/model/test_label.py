import pytest

from annokit import Label


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (["dog"], "dog"),
        (["animal", "dog"], "animal.dog"),
        (["animal", "animal.dog"], "animal.dog"),
        (["animal", "animal.dog", "pug"], "animal.dog.pug"),
        (["animal", "animal.dog", "animal.dog.pug"], "animal.dog.pug"),
        (["animal", "animals"], "animal.animals"),
    ],
)
def test_a_path_names_every_class_above_once(names, path):
    label = None
    for name in names:
        label = Label(name, parent=label)
    assert label.path == path


def test_the_path_of_a_deep_tree_costs_a_step_per_class():
    label = Label("0")
    for depth in range(1, 500):
        label = Label(str(depth), parent=label)
    assert label.path == ".".join(map(str, range(500)))
