"""PNG pictures that lie beside the documents of an export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset


def with_pictures(ds: Dataset, source: Source, context: ReadContext) -> Dataset:
    """Return the dataset with masks out of pictures."""
    return ds
