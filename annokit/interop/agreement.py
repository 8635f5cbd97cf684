"""What two annotators agree on, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import attrs
import numpy as np

from annokit.wording import counted

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

Array = np.ndarray[Any, Any]

Kind = Literal["only_a", "only_b", "label", "attributes"]
"""Only one of both has it; both have it under different labels; they say different things of it."""


class Disagreement(NamedTuple):
    """What two annotators see differently."""

    item: str
    """Name of the picture."""

    label: str
    """Label that `a` gives, else that of `b`."""

    a: int | None
    """Annotation row of :attr:`Agreement.dataset`, None where there is none."""

    b: int | None
    """Same of the other annotator."""

    iou: float | None
    """Intersection over union; None where one is missing, or they are no shapes."""

    kind: Kind
    """What differs."""


@attrs.frozen
class LabelAgreement:
    """How far two annotators agree on the objects of a label."""

    label: str
    """Its names from the topmost class down, joined by dots."""

    a: int
    """Annotations of the first annotator."""

    b: int
    """Annotations of the second one."""

    agreed: int
    """Pairs that both give this label."""

    iou: float | None
    """Mean intersection over union of those pairs that are shapes; None where there are none."""

    @property
    def f1(self) -> float:
        """Harmonic mean of the shares of both that are agreed, 0 to 1."""
        return 2 * self.agreed / (self.a + self.b) if self.a + self.b else 1.0


@attrs.frozen(eq=False, slots=False, repr=False)
class Agreement:
    """What two annotators agree on, and what not."""

    a: str
    """The first annotator's layer."""

    b: str
    """The second one's."""

    dataset: Dataset
    """What was compared: the dataset that was given, frames between key frames added."""

    matches: Array
    """(n, 2) int64 annotation rows that belong together."""

    iou: Array
    """(n,) float64 intersection over union of each pair, NaN where they are no shapes."""

    labels: tuple[LabelAgreement, ...]
    """Agreement label by label, of the labels that either gives, in the dataset's order."""

    differing: tuple[Array, Array, Array]
    """Positions in `matches` whose labels differ, and whose attributes do; annotation rows without a partner."""

    left_out: tuple[str, ...] = ()
    """Names of media on which only one of both has worked."""

    @property
    def f1(self) -> float:
        """Agreement over all labels, 0 to 1."""
        total = sum(label.a + label.b for label in self.labels)
        return 2 * sum(label.agreed for label in self.labels) / total if total else 1.0

    @cached_property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """All that they see differently, picture by picture."""
        ds = self.dataset
        names, items = [label.path for label in ds.labels] + [""], ds._annotations.array("item")
        of_label = ds._annotations.array("label")
        found = []
        for row, a, b, iou, kind in sorted(self._rows()):
            item = str(ds.names[items[row]]) if items[row] >= 0 else ""
            found.append(Disagreement(item, names[of_label[row]], a, b, iou, kind))
        return tuple(found)

    def _rows(self) -> Iterator[tuple[int, int | None, int | None, float | None, Kind]]:
        labels, attributes, alone = self.differing
        kinds: tuple[Kind, Kind] = ("label", "attributes")
        for places, kind in zip((labels, attributes), kinds, strict=True):
            for place in places.tolist():
                a, b = self.matches[place].tolist()
                iou = float(self.iou[place])
                yield a, a, b, None if iou != iou else iou, kind  # noqa: PLR0124 - NaN differs from itself
        first = layers_of(self.dataset) == self.a
        for row in alone.tolist():
            if first[row]:
                yield row, row, None, None, "only_a"
            else:
                yield row, None, row, None, "only_b"

    def to_records(self) -> list[dict[str, Any]]:
        """Return the disagreements as dictionaries."""
        return [disagreement._asdict() for disagreement in self.disagreements]

    def __str__(self) -> str:
        lines = [f"{self.a} and {self.b}: f1 {self.f1:.3f}, {counted(len(self.disagreements), 'disagreement')}"]
        for label in self.labels:
            iou = "" if label.iou is None else f", mean iou {label.iou:.3f}"
            lines.append(f"  {label.label}: f1 {label.f1:.3f}, {label.agreed:,} of {label.a:,} and {label.b:,}{iou}")
        if self.left_out:
            lines.append(f"  not compared, since only one of both has worked on them: {', '.join(self.left_out[:10])}")
        return "\n".join(lines)

    __repr__ = __str__


def layers_of(ds: Dataset) -> Array:
    """Return the layer of each annotation, None where it states none."""
    found = np.full(len(ds._annotations), None, object)
    column = ds._annotations.sparse("layer")
    if column is not None:
        rows = column.present()
        found[rows] = np.array([*column.values_of(rows), None], object)[:-1]
    return found
