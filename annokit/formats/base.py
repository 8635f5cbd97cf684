"""What a format is: one record of names, facts and functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import attrs

from annokit.errors import UsageError
from annokit.formats.holds import Holds

if TYPE_CHECKING:
    from annokit.formats.context import ReadContext, WriteContext
    from annokit.formats.detect import Probe
    from annokit.model.dataset import Dataset

INTERFACE = 1
"""Version of this record; a third party's format states the one that it was written for."""

Task = Literal["classification", "detection", "instance", "semantic", "panoptic", "keypoints", "tracking", "time"]


@attrs.frozen(kw_only=True)
class Format:
    """A family of files.

    The functions are plain: `read` gets an open source and returns a dataset, `write` gets a dataset that was narrowed
    already and an open output. Both take the dialect's record from their context and their own options as keywords; an
    option that they do not name is refused before anything is opened.
    """

    name: str
    """What users write: ``coco``."""

    title: str
    """What people call it."""

    sources: tuple[str, ...]
    """Where the format is described."""

    dialects: Mapping[str, Any] = attrs.field(factory=lambda: {"": None})
    """Frozen record of facts by the name after the colon; ``""`` is the default."""

    detect: Callable[[Probe], Mapping[str, str]]
    """Return reason by dialect for which a path is this format by its own marks; empty where it is not."""

    read: Callable[..., Dataset] | None = None
    """``read(source, context, **options)``."""

    write: Callable[..., None] | None = None
    """``write(dataset, output, context, **options)``."""

    holds: Callable[[Any, Mapping[str, Any]], Holds] = lambda _dialect, _options: Holds()
    """What a dialect's record can hold, given the options of the write."""

    choose: Callable[[Dataset], str] | None = None
    """Dialect for a dataset that is written without naming one."""

    tasks: frozenset[Task] = frozenset()
    """What people train on it for."""

    output: Literal["file", "folder"] = "file"
    """Whether a write makes one file or a tree."""

    output_of: Callable[[Dataset, Any], Literal["file", "folder"]] | None = None
    """Whether a write of a narrowed dataset to a path makes one file or a tree, where that depends on them."""

    places_media: bool = False
    """Whether the writer itself puts pictures into its tree; otherwise they go to ``images/`` beside what it writes."""

    finish: Callable[[Dataset, ReadContext, Mapping[str, Any]], Dataset] | None = None
    """``finish(dataset, context, options)``: what a read does once media are found and sizes are known."""

    suffix: str = ".json"
    """Name ending of the one file."""

    interface: int = INTERFACE
    """Version of this record."""

    def dialect(self, name: str) -> Any:
        """Return a dialect's record; UsageError lists the choices."""
        if name not in self.dialects:
            known = ", ".join(sorted(self.full_name(d) for d in self.dialects))
            raise UsageError(f"{self.name!r} has no dialect {name!r}; there are: {known}")
        return self.dialects[name]

    def full_name(self, dialect: str) -> str:
        """Return ``format:dialect``, or the format alone for its default."""
        return f"{self.name}:{dialect}" if dialect else self.name


Reader = Callable[["Any", "ReadContext"], "Dataset"]
Writer = Callable[["Dataset", "Any", "WriteContext"], None]
