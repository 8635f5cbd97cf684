"""Where everything lies in an export tree, and the manifest that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from annokit.codecs.names import clean_part, safe_names
from annokit.codecs.source import OUTSIDE
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError

MANIFEST = "annokit-export.json"
"""The file, at the top of a tree, that tells which folder is what."""

ANNOTATIONS, PICTURES = "annotations", "datasets"


@attrs.frozen(kw_only=True)
class Place:
    """One dataset of one task and subset: where its annotations lie, and where its pictures."""

    dataset: str
    """Name of the dataset."""

    subset: str | None = None
    """Name of the part of a split export; None where it is not split."""

    task: str | None = None
    """Name of the task; None where there is but one."""

    folder: str = ""
    """Folder of the annotations, without a slash at its end."""

    pictures: str = ""
    """Folder of the pictures, likewise; empty where they lie among the annotations."""

    files: dict[str, str] = attrs.field(factory=dict)
    """File in `pictures` by the name of its item, where that is another one."""

    format: str | None = None
    """Format of the annotations, where it is known."""


def places_of(keys: Sequence[tuple[str | None, str | None, str]], format: str) -> list[Place]:
    """Return a place for each (subset, task, dataset), with folders that are safe and different on every system."""
    parts = [sorted({key[level] or "" for key in keys} - {""}) for level in range(3)]
    safe = [_folders(names) for names in parts]
    found = []
    for subset, task, dataset in keys:
        root = f"{safe[0][subset]}/" if subset else ""
        below = f"{safe[1][task]}/" if task else ""
        own = safe[2][dataset]
        found.append(
            Place(
                dataset=dataset,
                subset=subset,
                task=task,
                folder=f"{root}{ANNOTATIONS}/{below}{own}",
                pictures=f"{root}{PICTURES}/{own}",
                format=format,
            )
        )
    return found


def _folders(names: Sequence[str]) -> dict[str, str]:
    """Return one folder for each name; a slash in it makes no further folder."""
    return dict(zip(names, safe_names([clean_part(name) for name in names]), strict=True))


def format_manifest(name: str, places: Sequence[Place]) -> bytes:
    """Return the manifest."""
    records = [
        {key: value for key, value in attrs.asdict(place).items() if value not in (None, {})} for place in places
    ]
    head = dumps({"annokit": "export", "version": 1, "name": name}).decode()[:-1]
    lines = ",\n".join(dumps(record).decode() for record in records)
    return f'{head},"places":[\n{lines}\n]}}\n'.encode()


def parse_manifest(data: bytes, where: str) -> list[Place]:
    """Return the places that a manifest lists.

    Raises
    ------
    FormatError
        It is damaged.
    """
    try:
        document: Any = loads(data)
        return [Place(**_checked(record)) for record in document["places"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError("the manifest of the export is damaged", path=where, found=f"{error!r:.80}") from error


def _checked(record: Any) -> dict[str, Any]:
    """Return a record; ValueError where it holds something else than names that stay in the tree."""
    files = record.get("files", {})
    plain = {key: value for key, value in record.items() if key != "files"}
    for value in (*plain.values(), *files.values()):
        if not isinstance(value, str):
            raise TypeError(value)
    for path in (plain.get("folder", ""), plain.get("pictures", ""), *files.values()):
        if OUTSIDE.search(path):
            raise ValueError(f"{path!r} leaves the tree")
    return dict(record)
