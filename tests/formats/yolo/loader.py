"""The rules by which Ultralytics finds and checks labels, written down again to judge the trees that annokit writes."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import yaml

FORMATS = {"bmp", "dng", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp", "pfm", "heic"}


class RejectedError(Exception):
    """The loader would stop, or leave out a picture."""


def data_of(root: Path) -> dict[str, Any]:
    """Check ``data.yaml`` as training does."""
    data = yaml.safe_load((root / "data.yaml").read_text("utf-8"))
    for key in ("train", "val"):
        if key not in data:
            raise RejectedError(f"{key} missing")
    names = data["names"]
    names = dict(enumerate(names)) if isinstance(names, list) else {int(k): str(v) for k, v in names.items()}
    if names and max(names) >= len(names):
        raise RejectedError("gaps in names")
    if data.get("nc", len(names)) != len(names):
        raise RejectedError("nc")
    return {**data, "names": names}


def images_of(folder: Path) -> list[str]:
    """All pictures in and below a folder."""
    found = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]  # noqa: PTH118
    return sorted(name for name in found if name.rpartition(".")[2].lower() in FORMATS)


def label_of(image: str) -> Path:
    """The label file of a picture."""
    start, end = f"{os.sep}images{os.sep}", f"{os.sep}labels{os.sep}"
    return Path(end.join(image.rsplit(start, 1)).rsplit(".", 1)[0] + ".txt")


def rows_of(path: Path, classes: int, joints: tuple[int, int] | None) -> np.ndarray:
    """The rows of a label file; raises where the loader leaves out the picture."""
    if not path.is_file():
        raise RejectedError(f"no label file {path}")
    rows = [line.split() for line in path.read_text("utf-8").strip().splitlines() if line]
    if not rows:
        return np.zeros((0, 5))
    if any(len(row) > 6 for row in rows) and joints is None:
        if any(len(row) < 7 or len(row) % 2 == 0 for row in rows):
            raise RejectedError("rows of segments and boxes are mixed")
        rings = [np.array(row[1:], np.float32).reshape(-1, 2) for row in rows]
        ids = np.array([[float(row[0])] for row in rows], np.float32)
        found = np.concatenate([ids, [_box(ring) for ring in rings]], axis=1)
        points = np.concatenate(rings)
    else:
        found = np.array(rows, np.float32)
        width = 5 if joints is None else 5 + joints[0] * joints[1]
        if found.shape[1] != width:
            raise RejectedError(f"{found.shape[1]} columns instead of {width}")
        points = found[:, 1:] if joints is None else found[:, 5:].reshape(-1, joints[1])[:, :2]
    if points.size and points.max() > 1.01:
        raise RejectedError(f"{path}: beyond 1")
    if found.min() < -0.01:
        raise RejectedError(f"{path}: negative")
    if found[:, 0].max() >= classes or (found[:, 0] % 1).any():
        raise RejectedError("class")
    return found


def _box(ring: np.ndarray) -> list[float]:
    low, high = ring.min(axis=0), ring.max(axis=0)
    return [*((low + high) / 2), *(high - low)]


def load(root: Path) -> dict[str, dict[str, np.ndarray]]:
    """The rows of every picture of every split, by the picture's path below the split's folder."""
    data = data_of(root)
    joints = tuple(data["kpt_shape"]) if "kpt_shape" in data else None
    return {
        key: {
            str(Path(image).relative_to(root / data[key])): rows_of(label_of(image), len(data["names"]), joints)
            for image in images_of(root / data[key])
        }
        for key in ("train", "val", "test")
        if data.get(key)
    }
