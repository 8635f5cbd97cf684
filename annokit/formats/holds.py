"""What a target can hold, as data: the one place where loss is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from annokit.model.schema import KINDS

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.report import Issue

KEPT = "kept"
DROPPED = "dropped"
REFUSED = "refused"

Step = Callable[["Dataset", bool], "tuple[Dataset, list[Issue]]"]
"""``step(dataset, apply)`` returns the dataset without what the target can't hold, and what was found.

With `apply` False it may return the dataset as it came where no later step looks at what it changes."""

ANNOTATION_FIELDS = frozenset(
    (
        "box", "keypoints", "span", "id", "track", "keyframe", "interpolation", "score", "parent", "layer", "author",
        "created", "updated", "review",
    )
)  # fmt: skip
"""Annotation columns beside the shape, its label and its item."""

ITEM_FIELDS = frozenset(("id", "uri", "size", "frame", "timestamp", "sequence", "dataset", "split", "status", "bitmap"))

SEQUENCE_FIELDS = frozenset(("id", "name", "dataset", "task", "split", "status", "fps", "size", "uri", "frames"))

LABEL_FACETS = frozenset(("source_id", "parent", "color", "attributes", "skeleton", "shape", "is_thing", "extras"))


def _all_kept() -> dict[str, str]:
    return dict.fromkeys(KINDS, KEPT)


@attrs.frozen(kw_only=True)
class Holds:
    """What a target can hold. The default holds everything.

    ===========  ==========================================================================================
    value        meaning for a kind of shape
    ===========  ==========================================================================================
    ``kept``     as it is
    a kind       converted to it by the policy of :mod:`annokit.formats.conversions`, recorded
    ``dropped``  the annotation stays without shape
    ``refused``  the annotation is left out
    ===========  ==========================================================================================
    """

    kinds: Mapping[str, str] = attrs.field(factory=_all_kept)
    """Fate of each kind of shape; ``none`` is an annotation without shape. A kind that is not named is refused."""

    annotation_fields: frozenset[str] = ANNOTATION_FIELDS
    """Columns of annotations that are kept."""

    item_fields: frozenset[str] = ITEM_FIELDS
    """Columns of items that are kept."""

    sequence_fields: frozenset[str] | None = SEQUENCE_FIELDS
    """Columns of sequences that are kept; None where the target knows no sequences."""

    label_facets: frozenset[str] = LABEL_FACETS
    """What is kept of a label besides its name."""

    mask_encodings: frozenset[str] = frozenset(("rle", "runs"))
    """How masks may be stated, out of ``MASK_ENCODINGS``; all others become run lengths of the same pixels."""

    attributes: bool = True
    """Whether attributes of annotations are kept."""

    item_attributes: bool = True
    """Whether attributes of items are kept."""

    sequence_attributes: bool = True
    """Whether attributes of sequences are kept."""

    extras: tuple[str, ...] | None = None
    """Formats whose own keys are kept; None for all."""

    info: bool = True
    """Whether the dataset's info is kept."""

    unit: str | None = None
    """Unit in which all numbers are stated; None for whatever they have."""

    form: str | None = None
    """Form in which all boxes are stated."""

    time_unit: str | None = None
    """Unit in which all spans are stated."""

    item_kind: str | None = None
    """Kind that every item gets; None for whatever it has."""

    decimals: int | None = None
    """Decimals of coordinates; None for exact."""

    labelled_only: bool = False
    """Whether an annotation without label is refused."""

    dangling: bool = False
    """Whether an annotation that belongs to no item is kept."""

    grouped: bool = True
    """Whether annotations are stored item by item."""

    sorted_items: bool = False
    """Whether reading brings items in the order of their names."""

    steps: tuple[Step, ...] = ()
    """What only this target needs, before kinds are converted."""

    late_steps: tuple[Step, ...] = ()
    """What only this target needs, once everything that it does not know is gone and before numbers are restated."""

    final_steps: tuple[Step, ...] = ()
    """What only this target needs, after everything else: what is computed from the numbers as they are written."""

    notes: str = ""
    """What else a user should know."""

    def summary(self) -> dict[str, Any]:
        """Return the declaration as JSON types, for tables."""
        return {
            "kinds": dict(self.kinds),
            "annotation_fields": sorted(self.annotation_fields),
            "item_fields": sorted(self.item_fields),
            "label_facets": sorted(self.label_facets),
            "sequences": self.sequence_fields is not None,
            "attributes": self.attributes,
            "unit": self.unit,
            "form": self.form,
            "decimals": self.decimals,
            "notes": self.notes,
        }
