"""Hand-written item documents, and reading and writing them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import annokit
from annokit.model.dataset import Dataset

Document = dict[str, Any]


def p(x: float, y: float) -> Document:
    """A point without depth."""
    return {"x": x, "y": y}


def z(x: float, y: float) -> Document:
    """A point with depth."""
    return {"x": x, "y": y, "z": 0}


def note(kind: str, label: str = "cat", coordinates: Any = None, **rest: Any) -> Document:
    """An annotation; `system` and `user` are its metadata."""
    made: Document = {"type": kind, "label": label, "attributes": rest.pop("attributes", [])}
    if coordinates is not None:
        made["coordinates"] = coordinates
    system, user = rest.pop("system", {}), rest.pop("user", {})
    return {**made, "metadata": {"system": system, "user": user}, **rest}


def item(*notes: Any, name: str = "/a.jpg", **rest: Any) -> Document:
    """An item; `system` is its metadata."""
    system = {"width": 640, "height": 480, "mimetype": "image/jpeg", **rest.pop("system", {})}
    system = {key: value for key, value in system.items() if value is not ...}
    metadata = {"system": system, **rest.pop("metadata", {})}
    return {"filename": name, "metadata": metadata, "annotations": list(notes), **rest}


def save(tmp_path: Path, *documents: Any) -> Path:
    """Write documents into a tree, each under its own name."""
    folder = tmp_path / "in"
    for number, document in enumerate(documents):
        name = document.get("filename", f"/{number}.jpg") if isinstance(document, dict) else f"/{number}.jpg"
        path = folder / f"json{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document), encoding="utf-8")
    return folder


def load(tmp_path: Path, *documents: Any, **options: Any) -> Dataset:
    """Read documents out of a tree."""
    return annokit.read(save(tmp_path, *documents), "dataloop", **options)


def written(ds: Dataset, tmp_path: Path, **options: Any) -> dict[str, Any]:
    """Write a dataset, and return its documents by the name of the file."""
    out = tmp_path / "out"
    annokit.write(ds, out, "dataloop", overwrite=True, on_loss=options.pop("on_loss", "raise"), **options)
    return {file.relative_to(out).as_posix(): json.loads(file.read_bytes()) for file in sorted(out.rglob("*.json"))}


def returned(tmp_path: Path, *documents: Any, **options: Any) -> tuple[Dataset, list[Any]]:
    """Read documents and write them back; return the dataset, and the documents without the ontology."""
    ds = load(tmp_path, *documents, **options)
    files = written(ds, tmp_path)
    assert list(annokit.read(tmp_path / "out", "dataloop", **options).names) == list(ds.names)
    return ds, [document for name, document in files.items() if name.startswith("json/")]
