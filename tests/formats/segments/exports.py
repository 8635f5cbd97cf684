"""What users of ``segments.utils.export_dataset`` call instead, by its name of each kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import annokit

EXPORTS: dict[str, Callable[[Any, Path], Any]] = {
    "coco-panoptic": lambda ds, out: annokit.write(ds, out, "coco:panoptic", on_loss="allow"),
    "coco-instance": lambda ds, out: annokit.write(ds, out / "coco.json", "coco", on_loss="allow"),
    "yolo": lambda ds, out: annokit.write(ds, out, "yolo:ultralytics-detect", on_loss="allow"),
    "instance": lambda ds, out: annokit.write(ds, out, "masks:instance", on_loss="allow"),
    "instance-color": lambda ds, out: annokit.write(ds, out, "masks:instance", preview=True, on_loss="allow"),
    "semantic": lambda ds, out: annokit.write(ds, out, "masks:semantic", on_loss="allow"),
    "semantic-color": lambda ds, out: annokit.write(ds, out, "masks:semantic", preview=True, on_loss="allow"),
    "polygon": lambda ds, out: annokit.write(ds, out / "coco.json", "coco", masks="outlines", on_loss="allow"),
}
"""Every kind that the SDK (1.33) exports."""
