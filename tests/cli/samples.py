"""Small exports, and the command run as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NAME = "früme ☃ 1.png"


def batch(folder: Path, name: str = NAME, **more: Any) -> Path:
    """Write a SAVANT batch of one frame with a box and a point."""
    points = [{"x": 0.1, "y": 0.2}, {"x": 0.3, "y": 0.4}]
    shapes = [{"type": "rectangle", "points": points}, {"type": "keypoint", "points": points[:1]}]
    frame = {"id": "f1", "framePath": f"s3://b/{name}", "labels": [{"code": "tööl", "shapes": shapes}]}
    sequence = {"rootId": "s1", "workspaceId": "w", "featureSet": [frame], **more}
    path = folder / "batch.json"
    path.write_text(json.dumps({"sequences": [sequence]}), encoding="utf-8")
    return path


def coco(folder: Path, images: int = 1, url: str | None = None) -> Path:
    """Write a COCO file of boxes."""
    listed = [{"id": i, "file_name": f"{i}.png", "width": 37, "height": 23} for i in range(images)]
    if url is not None:
        listed = [{**image, "coco_url": f"{url}/{image['id']}.png"} for image in listed]
    boxes = [
        {"id": i, "image_id": i, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
        for i in range(images)
    ]
    path = folder / "coco.json"
    document = {"images": listed, "annotations": boxes, "categories": [{"id": 1, "name": "tööl"}]}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def environment(**more: str) -> Mapping[str, str]:
    """Return an environment without what could change the outcome."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SAVANT_", "ANNOKIT_", "LC_", "LANG", "PYTHONIO"))}
    return {**kept, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **more}


def annokit(*arguments: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "annokit", *map(str, arguments)],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        timeout=60,
        check=False,
    )


def _take_ctrl_c() -> None:
    """Undo what a background job inherits: Ctrl-C is ignored there."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(*arguments: object, cwd: Path, **more: str) -> subprocess.Popen[bytes]:
    """Start the command as a terminal would, so that Ctrl-C reaches it."""
    return subprocess.Popen(
        [sys.executable, "-m", "annokit", *map(str, arguments)],
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_take_ctrl_c,  # noqa: PLW1509 - no other thread holds a lock that the signal call needs
    )
