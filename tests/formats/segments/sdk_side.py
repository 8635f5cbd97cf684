"""What the platform's own SDK makes of a release; run by a Python that has it.

::

    python sdk_side.py release.json out/

Writes ``out/bitmaps.npz`` (instance and semantic bitmaps by sample), ``out/names.json`` and ``out/coco.json``.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from segments import SegmentsDataset
from segments.utils import export_dataset, get_semantic_bitmap


def main(release: str, out: str) -> None:
    """Read and export a release."""
    folder = Path(out)
    dataset = SegmentsDataset(release, segments_dir=None, preload=False)
    arrays, names = {}, []
    for number, sample in enumerate(dataset):
        names.append({"name": sample["name"], "size": sample["image"].size, "annotations": sample["annotations"]})
        if sample["segmentation_bitmap"] is None:
            continue
        arrays[f"instance {number}"] = sample["segmentation_bitmap"]
        arrays[f"semantic {number}"] = get_semantic_bitmap(sample["segmentation_bitmap"], sample["annotations"])
    np.savez(folder / "bitmaps.npz", **arrays)
    (folder / "names.json").write_text(json.dumps(names))
    cached = SegmentsDataset(release, segments_dir=str(folder / "cache"))
    second = {
        f"cached {number}": np.asarray(sample["segmentation_bitmap"])
        for number, sample in enumerate(cached)
        if sample["segmentation_bitmap"] is not None
    }
    np.savez(folder / "cached.npz", **second)
    path, _ = export_dataset(dataset, str(folder / "coco"), export_format="coco-instance")
    shutil.copy(path, folder / "coco.json")


if __name__ == "__main__":
    main(*sys.argv[1:])
