from __future__ import annotations

import sys

import pytest

from annokit.display.plot import plot_item, plot_labels
from annokit.errors import MissingExtraError
from tests.display.scenes import every_kind


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    for call in (lambda: plot_item(every_kind()[0]), lambda: plot_labels(every_kind())):
        with pytest.raises(MissingExtraError, match=r'matplotlib: pip install "annokit\[plot\]"') as caught:
            call()
        assert caught.value.extra == "plot"


def test_axes_of_an_item_count_pixels() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = every_kind()[0].plot()
    assert ax.get_images()[0].get_extent() == [0, 320, 200, 0]
    assert ax.get_title() == "all.png"
    assert plot_item(every_kind(None)[0], ax, labels=False) is ax
    matplotlib.pyplot.close("all")


def test_bars_of_labels() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ds = every_kind()
    ax = plot_labels(ds)
    assert [text.get_text() for text in ax.get_yticklabels()] == [label.name for label in ds.labels]
    assert {bar.get_width() for bar in ax.patches} == {1}
    matplotlib.pyplot.close("all")
