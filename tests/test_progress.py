import io
import warnings

from annokit.progress import bar


def test_a_bar_counts_without_a_warning():
    told = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with bar(total=2, unit="file", file=told) as shown:
            shown.update(2)
    assert "2/2" in told.getvalue()


def test_a_bar_can_be_silent():
    told = io.StringIO()
    with bar(total=2, disable=True, file=told) as shown:
        shown.update(1)
    assert told.getvalue() == ""
