"""What the platform's own SDK makes of a release; run by a Python that has it.

::

    python sdk_side.py release.json out/ [KIND ...]

Writes ``out/bitmaps.npz`` (instance and semantic bitmaps by sample), ``out/cached.npz`` (the same on second access) and
``out/names.json``; what each kind of export made to ``out/<kind>/``; and to ``out/errors.json`` what those raised that
fail.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
from segments import SegmentsDataset
from segments.utils import export_dataset, get_semantic_bitmap


def main(release: str, out: str, *kinds: str) -> None:
    """Read and export a release."""
    folder = Path(out)
    dataset = SegmentsDataset(release, segments_dir=None, preload=False)
    cached = SegmentsDataset(release, segments_dir=str(folder / "cache"))
    if "bitmap" in dataset.task_type:
        samples(dataset, cached, folder)
    errors = {}
    for kind in kinds:
        try:
            export(dataset if kind == "coco-instance" else cached, kind, folder / kind)
        except Exception as error:
            errors[kind] = f"{type(error).__name__}: {error}"
    (folder / "errors.json").write_text(json.dumps(errors))


def samples(dataset: SegmentsDataset, cached: SegmentsDataset, folder: Path) -> None:
    """Save what samples hold."""
    arrays, names = {}, []
    for number, sample in enumerate(dataset):
        names.append({"name": sample["name"], "size": sample["image"].size, "annotations": sample["annotations"]})
        if sample["segmentation_bitmap"] is None:
            continue
        arrays[f"instance {number}"] = sample["segmentation_bitmap"]
        arrays[f"semantic {number}"] = get_semantic_bitmap(sample["segmentation_bitmap"], sample["annotations"])
    np.savez(folder / "bitmaps.npz", **arrays)
    (folder / "names.json").write_text(json.dumps(names))
    second = {
        f"cached {number}": np.asarray(sample["segmentation_bitmap"])
        for number, sample in enumerate(cached)
        if sample["segmentation_bitmap"] is not None
    }
    np.savez(folder / "cached.npz", **second)


def export(dataset: SegmentsDataset, kind: str, folder: Path) -> None:
    """Export one kind, and bring what lies elsewhere into its folder."""
    folder.mkdir()
    before = set(Path(dataset.image_dir or folder).rglob("*"))
    export_dataset(dataset, str(folder), export_format=kind)
    for path in sorted(set(Path(dataset.image_dir or folder).rglob("*")) - before):
        if path.is_file() and folder not in path.parents:
            shutil.copy(path, folder / path.name)
    for path in sorted(folder.rglob("*.txt")):
        shutil.copy(path, folder.parent / f"{kind} {path.name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
