"""annokit: labelled images and video from any platform, in one typed model.

>>> import annokit
>>> ds = annokit.read("export.json")  # doctest: +SKIP
>>> for item in ds:  # doctest: +SKIP
...     for annotation in item.annotations:
...         print(item.name, annotation.label, annotation.shape)
>>> annokit.write(ds, "coco.json", "coco")  # doctest: +SKIP

The names below load their modules on first use, so that ``import annokit`` costs little more than ``import numpy``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "annokit.errors": (
        "AmbiguousFormatError", "AnnokitError", "AuthError", "FetchError", "FormatError", "LossError", "MediaError",
        "MissingExtraError", "MissingSizeError", "UsageError",
    ),
    "annokit.formats.detect": ("Match", "detect"),
    "annokit.formats.exports.options": ("ExportOptions",),
    "annokit.formats.exports.write": ("export",),
    "annokit.formats.io": ("LossWarning", "convert", "plan", "read", "write"),
    "annokit.formats.table": ("formats",),
    "annokit.geometry": (
        "Box", "Cuboid", "Ellipse", "Keypoints", "Mask", "Point", "Polygon", "Polyline", "RotatedBox", "TimeSpan",
    ),
    "annokit.interop.consensus": ("compare_layers",),
    "annokit.interop.encord": ("from_encord",),
    "annokit.interop.segments": ("semantic_bitmap",),
    "annokit.interop.video": ("extract_frames",),
    "annokit.limits": ("Limits",),
    "annokit.model.annotation": ("Annotation",),
    "annokit.model.builder": ("DatasetBuilder",),
    "annokit.model.concat": ("concat",),
    "annokit.model.dataset": ("Dataset",),
    "annokit.model.item": ("Item",),
    "annokit.model.label": ("AttributeDefinition", "Label", "Option", "Skeleton"),
    "annokit.model.label_set": ("LabelSet",),
    "annokit.model.sequence": ("Sequence",),
    "annokit.remote.fetch": ("FetchResult", "fetch"),
    "annokit.remote.savant": ("SavantClient",),
    "annokit.report": ("Issue", "Report"),
}  # fmt: skip
"""Public names by the module that holds them."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AmbiguousFormatError",
    "AnnokitError",
    "Annotation",
    "AttributeDefinition",
    "AuthError",
    "Box",
    "Cuboid",
    "Dataset",
    "DatasetBuilder",
    "Ellipse",
    "ExportOptions",
    "FetchError",
    "FetchResult",
    "FormatError",
    "Issue",
    "Item",
    "Keypoints",
    "Label",
    "LabelSet",
    "Limits",
    "LossError",
    "LossWarning",
    "Mask",
    "Match",
    "MediaError",
    "MissingExtraError",
    "MissingSizeError",
    "Option",
    "Point",
    "Polygon",
    "Polyline",
    "Report",
    "RotatedBox",
    "SavantClient",
    "Sequence",
    "Skeleton",
    "TimeSpan",
    "UsageError",
    "__version__",
    "compare_layers",
    "concat",
    "convert",
    "detect",
    "export",
    "extract_frames",
    "fetch",
    "formats",
    "from_encord",
    "plan",
    "read",
    "semantic_bitmap",
    "write",
]


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'annokit' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)


if TYPE_CHECKING:
    from annokit.errors import (
        AmbiguousFormatError,
        AnnokitError,
        AuthError,
        FetchError,
        FormatError,
        LossError,
        MediaError,
        MissingExtraError,
        MissingSizeError,
        UsageError,
    )
    from annokit.formats.detect import Match, detect
    from annokit.formats.exports.options import ExportOptions
    from annokit.formats.exports.write import export
    from annokit.formats.io import LossWarning, convert, plan, read, write
    from annokit.formats.table import formats
    from annokit.geometry import (
        Box,
        Cuboid,
        Ellipse,
        Keypoints,
        Mask,
        Point,
        Polygon,
        Polyline,
        RotatedBox,
        TimeSpan,
    )
    from annokit.interop.consensus import compare_layers
    from annokit.interop.encord import from_encord
    from annokit.interop.segments import semantic_bitmap
    from annokit.interop.video import extract_frames
    from annokit.limits import Limits
    from annokit.model.annotation import Annotation
    from annokit.model.builder import DatasetBuilder
    from annokit.model.concat import concat
    from annokit.model.dataset import Dataset
    from annokit.model.item import Item
    from annokit.model.label import AttributeDefinition, Label, Option, Skeleton
    from annokit.model.label_set import LabelSet
    from annokit.model.sequence import Sequence
    from annokit.remote.fetch import FetchResult, fetch
    from annokit.remote.savant import SavantClient
    from annokit.report import Issue, Report
