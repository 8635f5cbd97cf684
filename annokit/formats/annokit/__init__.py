"""The library's own file: every column of a dataset as it is, mapped into memory when it is opened.

A file holds everything that a dataset holds: items, annotations and sequences, labels with all that is known of them,
info, the keys of other formats, the issues of the read, and paths on this machine. Reading it back gives an equal
dataset, always.

Layout
------
That of safetensors (:mod:`annokit.formats.annokit.layout`): the length of a header, the header as JSON, then
little-endian arrays at multiples of 64 bytes; so other programs read the columns with any reader of safetensors, and
this one needs nothing but numpy. The header's ``__metadata__`` holds the version, a digest, checksums and the tree of
columns (:mod:`annokit.formats.annokit.tree`). There is no pickle and nothing that is executed. The same dataset always
gives the same bytes. Ends in ``.annokit``.

Opening
-------
A file on disk is mapped: opening costs milliseconds and next to no memory at any size, arrays are read when they are
touched, and all processes that open it share one copy. A dataset that was read so, or a selection of it, is pickled as
a reference to the file, so that workers that are spawned open the file themselves; it must still lie there when they
do. The dataset needs its file: replacing or deleting it is safe, cutting it short in place is not. With
``mapped=False``, or from an archive or a stream, everything is read into memory instead.

Damage
------
Header, length, labels and info are verified always; the arrays are when there are at most 16 MiB of them, or with
``verify=True``, which should be given for large files from people that you do not trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from annokit.formats.annokit.layout import MARK
from annokit.formats.annokit.reading import SUFFIX, read
from annokit.formats.annokit.writing import write
from annokit.formats.base import Format
from annokit.formats.holds import Holds
from annokit.model.schema import MASK_ENCODINGS

if TYPE_CHECKING:
    from annokit.formats.detect import Probe


def detect(probe: Probe) -> Mapping[str, str]:
    """Recognise a file by its first bytes or by its name."""
    named = probe.ending(SUFFIX)
    if len(named) == 1:
        return {"": f"a file that ends in {SUFFIX}"}
    if len(probe.names) == 1 and probe.head(probe.names[0])[8 : 8 + len(MARK)] == MARK:
        return {"": "a header with annokit's version"}
    return {}


def holds(_dialect: Any, _options: Mapping[str, Any]) -> Holds:
    """Hold everything as it is."""
    return Holds(
        mask_encodings=frozenset(MASK_ENCODINGS),
        dangling=True,
        grouped=False,
        notes="Everything, unchanged; paths too.",
    )


FORMAT = Format(
    name="annokit",
    title="annokit's own file",
    sources=("annokit.formats.annokit",),
    detect=detect,
    read=read,
    write=write,
    holds=holds,
    suffix=SUFFIX,
    tasks=frozenset(
        ("classification", "detection", "instance", "semantic", "panoptic", "keypoints", "tracking", "time")
    ),
)
