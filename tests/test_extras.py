"""What needs an optional package says which one and how to install it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import annokit
from annokit.codecs.output import open_output
from annokit.errors import MissingExtraError

ROOT = Path(__file__).parents[1]


def dataset(path: str | None = None, **known: Any) -> annokit.Dataset:
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=4, height=3, path=path, **known)
    builder.add_annotation(item, "cat", annokit.Box(0, 0, 0.5, 1))
    return builder.build()


def as_torch(tmp_path: Path) -> None:
    from annokit.interop.torch import as_dataset

    as_dataset(dataset())[0]


def frames(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0" * 64)
    annokit.extract_frames(dataset(kind="frame", frame=0), tmp_path / "a.mp4", tmp_path / "frames", progress=False)


def encrypted(tmp_path: Path) -> None:
    open_output(tmp_path / "a.zip", kind="folder", password="secret")


def bucket(tmp_path: Path) -> None:
    annokit.fetch(dataset(uri="s3://bucket/a.png"), tmp_path / "out", progress=False)


def compared(tmp_path: Path) -> None:
    builder = annokit.DatasetBuilder()
    item = builder.add_item("a.png", width=4, height=3)
    for layer in ("anna", "ben"):
        builder.add_annotation(item, "cat", annokit.Box(0, 0, 0.5, 1), layer=layer)
    annokit.compare_layers(builder.build(), "anna", "ben")


USES: dict[str, tuple[tuple[str, ...], Callable[[Path], Any]]] = {
    "consensus": (("scipy",), compared),
    "pandas": (("pandas",), lambda tmp_path: dataset().to_pandas()),
    "plot": (("matplotlib",), lambda tmp_path: dataset().plot_labels()),
    "torch": (("torch",), as_torch),
    "video": (("av",), frames),
    "zip": (("pyzipper",), encrypted),
    "cloud": (("fsspec", "s3fs"), bucket),
}

TOOLS = {"notebooks", "test", "dev"}
"""Extras that no function of the library needs."""


@pytest.mark.parametrize("extra", sorted(USES))
def test_a_missing_package_is_named_with_the_line_that_installs_it(extra, tmp_path, monkeypatch):
    packages, use = USES[extra]
    for package in packages:
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)
    if extra == "torch":
        from annokit.interop.torch import extra as optional

        optional.torch.cache_clear()
    with pytest.raises(MissingExtraError) as caught:
        use(tmp_path)
    assert f'pip install "annokit[{extra}]"' in str(caught.value)
    assert any(package in str(caught.value) for package in packages)


def test_every_extra_is_tried_here():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(declared) == {*USES, *TOOLS}


def test_plain_use_needs_none_of_them(monkeypatch):
    for packages, _ in USES.values():
        for package in packages:
            monkeypatch.setitem(sys.modules, package, None)
    stream = BytesIO()
    annokit.write(dataset(), stream, "annokit")
    assert annokit.read(BytesIO(stream.getvalue())) == dataset()
    assert "cat" in dataset()._repr_html_()
