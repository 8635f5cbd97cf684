"""Other tools that convert boxes of COCO to YOLO, each in an interpreter of its own that an environment variable names.

``ANNOKIT_PEER_GLOBOX``, ``ANNOKIT_PEER_LABELFORMAT`` and ``ANNOKIT_PEER_DATUMARO`` are paths of Python interpreters in
which these tools are installed; those that are not set are left out. A peer is started once, imports its tool, and
times its own conversions, so that neither starting nor importing counts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

LOOP = """
import sys, time, warnings, logging
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
told = sys.stdout; sys.stdout = sys.stderr
SETUP
print("ready", file=told, flush=True)
for line in sys.stdin:
    source, target = line.rstrip("\\n").split("\\t")
    began = time.perf_counter()
    try:
        convert(source, target)
    except Exception as error:
        print("failed", type(error).__name__, str(error)[:200].replace("\\n", " "), file=told, flush=True)
    else:
        print(time.perf_counter() - began, file=told, flush=True)
"""

SETUPS = {
    "globox": """
from globox import AnnotationSet
def convert(source, target):
    found = AnnotationSet.from_coco(source)
    found.save_yolo_v5(target, label_to_id={name: n for n, name in enumerate(sorted(found._labels()))})
""",
    "labelformat": """
from pathlib import Path
from labelformat import formats
def convert(source, target):
    output = formats.YOLOv8ObjectDetectionOutput(output_file=Path(target) / "data.yaml", output_split="train")
    output.save(label_input=formats.COCOObjectDetectionInput(input_file=Path(source)))
""",
    "datumaro": """
import os
from datumaro import Dataset
def convert(source, target):
    tree = f"{target}-{os.path.basename(source)}"
    if not os.path.isdir(tree):  # the folders that it looks for
        os.makedirs(tree + "/annotations")
        os.makedirs(tree + "/images/train")
        os.symlink(source, tree + "/annotations/instances_train.json")
    Dataset.import_from(tree, "coco_instances").export(target, "yolo", save_media=False)
""",
}
"""How each tool converts boxes."""


class Peer:
    """One tool, waiting for work.

    Parameters
    ----------
    name : str
        Its name.
    python : str
        An interpreter that has it.
    """

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        code = LOOP.replace("SETUP", SETUPS[name])
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [python, "-c", code], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{name} can't be imported by {python}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def convert(self, source: Path, target: Path) -> float:
        """Convert a file once and return the seconds that it took; RuntimeError where the tool fails."""
        assert self._process.stdin is not None
        shutil.rmtree(target, ignore_errors=True)
        self._process.stdin.write(f"{source}\t{target}\n")
        self._process.stdin.flush()
        answer = self._answer()
        try:
            return float(answer)
        except ValueError:
            raise RuntimeError(f"{self.name}: {answer}") from None


def named_peers() -> dict[str, str]:
    """Return the interpreters that the environment names, by tool."""
    found = {name: os.environ.get(f"ANNOKIT_PEER_{name.upper()}", "") for name in SETUPS}
    return {name: python for name, python in found.items() if python}
