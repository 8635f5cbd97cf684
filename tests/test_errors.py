import pickle

import pytest

import annokit
from annokit.errors import FormatError, MissingExtraError, MissingSizeError


def test_a_format_error_names_place_found_and_expected():
    error = FormatError("wrong value", path="a.json", pointer="/images/3", item="x", found="7", expected="text")
    assert str(error) == "a.json, at /images/3, item 'x': wrong value (found 7; expected text)"
    assert (error.path, error.pointer, error.item, error.found, error.expected) == (
        "a.json",
        "/images/3",
        "x",
        "7",
        "text",
    )


@pytest.mark.parametrize(
    "error",
    [
        FormatError("wrong", path="a", line=3, found="x"),
        MissingSizeError.of("a.png"),
        MissingExtraError.of("plot", "matplotlib", "drawing"),
        annokit.AuthError("refused", status=401),
        annokit.AmbiguousFormatError("which", candidates=("coco", "savant")),
    ],
)
def test_errors_keep_their_facts_when_pickled(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_all_errors_have_one_base():
    errors = [getattr(annokit, name) for name in annokit.__all__ if name.endswith("Error")]
    assert len(errors) == 10
    assert all(issubclass(error, annokit.AnnokitError) for error in errors)


def test_a_missing_extra_says_how_to_install_it():
    assert 'pip install "annokit[plot]"' in str(MissingExtraError.of("plot", "matplotlib", "drawing"))
