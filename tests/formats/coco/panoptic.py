"""Panoptic documents with their PNGs, and an evaluation of them that knows nothing of annokit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (40, 30)
"""Width and height."""


def scene(ids=(1, 70000, 515)):
    """Return a bitmap of 30 rows and 40 columns with a block per id."""
    bitmap = np.zeros(SIZE[::-1], np.uint32)
    for place, ident in enumerate(ids):
        bitmap[3 : 8 + place, 2 + 9 * place : 8 + 9 * place] = ident
    return bitmap


def rgb(bitmap):
    """Return ids as colours, red lowest."""
    return np.stack([bitmap & 255, bitmap >> 8 & 255, bitmap >> 16 & 255], axis=2).astype(np.uint8)


def ids_of(path):
    """Return the ids that the pixels of a PNG state."""
    with Image.open(path) as image:
        assert image.mode == "RGB"
        pixels = np.asarray(image).astype(np.uint32)
    return pixels[:, :, 0] + 256 * pixels[:, :, 1] + 65536 * pixels[:, :, 2]


def segment(bitmap, ident, category=3, **further):
    """Return the record of a segment as the evaluation wants it."""
    rows, columns = np.nonzero(bitmap == ident)
    x, y = int(columns.min()), int(rows.min())
    box = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
    return {"id": ident, "category_id": category, "iscrowd": 0, "bbox": box, "area": len(rows), **further}


CATEGORIES = [
    {"id": 3, "name": "flower", "supercategory": "plant", "isthing": 1, "color": [0, 200, 7]},
    {"id": 7, "name": "sky", "supercategory": "sky", "isthing": 0, "color": [1, 2, 3]},
]


def document(*pictures, categories=CATEGORIES):
    """Return a document of (file name of the image, segments or None) pairs."""
    images = [
        {"id": 10 + number, "file_name": name, "width": SIZE[0], "height": SIZE[1]}
        for number, (name, _) in enumerate(pictures)
    ]
    records = [
        {"image_id": 10 + number, "file_name": name.rpartition(".")[0] + ".png", "segments_info": segments}
        for number, (name, segments) in enumerate(pictures)
        if segments is not None
    ]
    return {"images": images, "annotations": records, "categories": list(categories)}


def save(folder: Path, doc: dict[str, Any], bitmaps: dict[str, Any], stem="panoptic") -> Path:
    """Write a document and its PNGs, arrays of ids or bytes, and return its path."""
    (folder / stem).mkdir(parents=True, exist_ok=True)
    for name, bitmap in bitmaps.items():
        path = folder / stem / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(bitmap, bytes):
            path.write_bytes(bitmap)
        else:
            Image.fromarray(rgb(bitmap)).save(path)
    (folder / f"{stem}.json").write_text(json.dumps(doc))
    return folder / f"{stem}.json"


VOID = 0


def quality(truth: Path, prediction: Path) -> dict[int, tuple[float, int, int, int]]:
    """Return panoptic quality, true and false positives and false negatives by category, as the paper defines them.

    Raises ValueError where documents and PNGs contradict each other, as the official evaluation does.
    """
    a, b = (json.loads(path.read_text()) for path in (truth, prediction))
    others = {record["image_id"]: record for record in b["annotations"]}
    sums: dict[int, list[float]] = {category["id"]: [0.0, 0, 0, 0] for category in a["categories"]}
    for record in a["annotations"]:
        mine = _checked(truth, record, a["categories"])
        its = _checked(prediction, others[record["image_id"]], a["categories"])
        _add(sums, mine, its)
    return {
        category: (total / (tp + (fp + fn) / 2) if tp + fp + fn else 1.0, int(tp), int(fp), int(fn))
        for category, (total, tp, fp, fn) in sums.items()
    }


def _checked(path: Path, record, categories):
    ids = ids_of(path.with_suffix("") / record["file_name"])
    segments = {one["id"]: one for one in record["segments_info"]}
    present = {int(ident): int(count) for ident, count in zip(*np.unique(ids, return_counts=True), strict=True)}
    if present.keys() - {VOID} != segments.keys():
        raise ValueError(f"{record['file_name']}: the ids of the PNG and of the record differ")
    known = {category["id"] for category in categories}
    for ident, one in segments.items():
        if one["category_id"] not in known or one["area"] != present[ident]:
            raise ValueError(f"{record['file_name']}: segment {ident} is wrong")
        if one["bbox"] != segment(ids, ident)["bbox"]:
            raise ValueError(f"{record['file_name']}: the box of segment {ident} is wrong")
    return ids, segments


def _add(sums, mine, its) -> None:
    (ids, segments), (other_ids, other_segments) = mine, its
    matched, other_matched = set(), set()
    for ident, one in segments.items():
        for other, another in other_segments.items():
            if one["iscrowd"] or one["category_id"] != another["category_id"]:
                continue
            both = int(((ids == ident) & (other_ids == other)).sum())
            void = int(((ids == VOID) & (other_ids == other)).sum())
            iou = both / (one["area"] + another["area"] - both - void)
            if iou > 0.5:
                sums[one["category_id"]][0] += iou
                sums[one["category_id"]][1] += 1
                matched.add(ident)
                other_matched.add(other)
    for ident, one in segments.items():
        if ident not in matched and not one["iscrowd"]:
            sums[one["category_id"]][3] += 1
    for other, another in other_segments.items():
        ignored = [i for i, one in segments.items() if one["iscrowd"] and one["category_id"] == another["category_id"]]
        share = int((np.isin(ids, [VOID, *ignored]) & (other_ids == other)).sum())
        if other not in other_matched and share / another["area"] <= 0.5:
            sums[another["category_id"]][2] += 1
