"""What became of a fetch: the dataset with its files, and the report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.media.size import image_sizes
from annokit.model.media import STILL, with_bitmaps, with_paths, with_sizes
from annokit.model.schema import ITEM_KINDS
from annokit.remote.asks import Ask
from annokit.remote.job import Result
from annokit.remote.sizes import contradictions
from annokit.report import Issue, Places, Report

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Line = tuple[int, str, str | None]

_KINDS: dict[str, tuple[str, str, str]] = {
    "failed": ("fetch-failed", "error", "not downloaded"),
    "skipped": ("fetch-skipped", "info", "not asked for"),
    "complete": ("fetch-skipped", "info", "complete already"),
    "done": ("fetched", "info", "downloaded"),
}
"""Code, severity and message of the issues, in the order of the report."""

_FIELDS = {"path": "path", "bitmap_path": "bitmap"}
_IMAGE, _FRAME = ITEM_KINDS.index("image"), ITEM_KINDS.index("frame")


class Outcome:
    """Gathers what became of every ask.

    Parameters
    ----------
    ds : Dataset
        Whose items asked.
    directory : path
        Where the files lie.
    """

    def __init__(self, ds: Dataset, directory: str | os.PathLike[str]) -> None:
        self._ds = ds
        self._root = Path(directory).absolute()
        self._paths: dict[str, dict[int, Path]] = {"path": {}, "bitmap_path": {}}
        self._sizes: dict[str, np.ndarray] = {role: np.full((len(ds), 2), -1, np.int64) for role in self._paths}
        self._lines: dict[tuple[str, str], list[Line]] = {}

    def settle(self, ask: Ask) -> None:
        """Note an ask that was not tried."""
        self._note(ask.fate, ask.role, ask.row, ask.reason)

    def add(self, row: int, role: str, result: Result) -> None:
        """Note the result of an ask."""
        fate = "complete" if result.status == "skipped" else result.status
        self._note(fate, role, row, result.reason if result.path is None else result.path)
        if result.path is not None:
            self._paths[role][row] = self._root / result.path
            self._sizes[role][row] = (-1, -1) if result.size is None else result.size

    def _note(self, kind: str, role: str, row: int, detail: str | None) -> None:
        self._lines.setdefault((kind, role), []).append((row, role, detail))

    def finish(self) -> tuple[Dataset, Report]:
        """Return the dataset with paths and sizes filled in, and the report."""
        unread = self._measure()
        mismatches = contradictions(self._ds, self._sizes["path"], self._sizes["bitmap_path"])
        issues = [*self._issues("failed"), *mismatches, *unread]
        for kind in ("skipped", "complete", "done"):
            issues += self._issues(kind)
        return self._filled(), Report(issues)

    def _filled(self) -> Dataset:
        ds = self._ds
        unknown = (ds._items.array("size") <= 0).any(axis=1, keepdims=True)
        filled = with_sizes(ds, np.where(unknown, self._sizes["path"], -1))
        filled = with_paths(filled, self._merged("path"))
        return with_bitmaps(filled, self._merged("bitmap_path")) if self._paths["bitmap_path"] else filled

    def _merged(self, role: str) -> list[Any]:
        """Return every item's path: the new one, else the one that it had."""
        column = self._ds._items.get(role)
        old = [None] * len(self._ds) if column is None else column.values_of(np.arange(len(self._ds)))
        new = self._paths[role]
        return [new.get(row, path if isinstance(path, str) else None) for row, path in enumerate(old)]

    def _measure(self) -> list[Issue]:
        """Read the sizes of pictures that the download did not know, and return what can't be read."""
        kinds, sizes = self._ds._items.array("kind"), self._sizes["path"]
        rows = [
            row
            for row, path in sorted(self._paths["path"].items())
            if sizes[row, 0] < 0 and (kinds[row] == _IMAGE or (kinds[row] == _FRAME and _claims(path)))
        ]
        paths = [self._paths["path"][row] for row in rows]
        read = image_sizes(paths)
        sizes[rows] = read.sizes
        if not read.errors:
            return []
        bad = np.array([rows[place] for place, _ in read.errors], np.int64)
        places = Places(self._ds.names, bad, details=[str(error) for _, error in read.errors])
        message = "a file can't be read as a picture"
        return [Issue.at("bad-media", "warning", message, places, field="path", fate="invalid")]

    def _issues(self, kind: str) -> list[Issue]:
        code, severity, message = _KINDS[kind]
        issues = []
        for role, field in _FIELDS.items():
            lines = sorted(self._lines.get((kind, role), ()))
            if lines:
                rows = np.array([row for row, _, _ in lines], np.int64)
                details = [detail or "" for _, _, detail in lines]
                common = f": {details[0]}" if kind in ("failed", "skipped") and len(set(details)) == 1 else ""
                places = Places(self._ds.names, rows, details=details)
                fate = "skipped" if kind == "complete" else kind
                issues.append(Issue.at(code, severity, message + common, places, field=field, fate=fate))
        return issues


def _claims(path: Path) -> bool:
    return path.name.lower().endswith(STILL)
