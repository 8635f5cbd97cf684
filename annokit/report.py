"""What happened to the data: one type for reading, loss, lint and downloading.

A :class:`Report` is a tuple of :class:`Issue`. An issue says once what happened (`code`, `severity`, `message`,
`field`, `fate`) and how often; the places are kept as arrays of row numbers and become rows only when asked for,
so that a report over a million annotations costs a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import attrs
import numpy as np

from annokit.wording import counted

SEVERITIES = ("error", "warning", "info")
FATES = (
    "kept", "restated", "rounded", "converted", "derived", "renamed", "expanded", "dropped", "refused",
    "invalid", "missing", "unread", "failed", "done", "skipped",
)  # fmt: skip

EXAMPLES = 5


class Row(NamedTuple):
    """One place of one issue; ``item`` is a name, ``annotation`` a row number in the dataset, either may be None."""

    item: str | None
    annotation: int | None
    field: str | None
    fate: str | None
    detail: str | None


@attrs.frozen(eq=False)
class Places:
    """The places of an issue, as columns.

    Parameters
    ----------
    items : sequence of (str or None)
        Item names, indexed by `item_rows`.
    item_rows : (n,) int64 array
        Position in `items` of each place, -1 for none.
    annotation_rows : (n,) int64 array or None
        Annotation row of each place, -1 for none.
    details : sequence of str, or str, or None
        One text per place, or one for all.
    """

    items: Sequence[str | None]
    item_rows: np.ndarray
    annotation_rows: np.ndarray | None = None
    details: Sequence[str] | str | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[str | None, int | None, str | None]]) -> Places:
        """Return places from (item, annotation, detail) tuples, for the small reports that are made one by one."""
        listed = list(rows)
        return cls(
            items=[item for item, _, _ in listed],
            item_rows=np.arange(len(listed), dtype=np.int64),
            annotation_rows=np.array([-1 if row is None else row for _, row, _ in listed], np.int64),
            details=[detail or "" for _, _, detail in listed],
        )

    def __len__(self) -> int:
        return len(self.item_rows)

    def row(self, index: int) -> tuple[str | None, int | None, str | None]:
        """Return (item, annotation, detail) of one place."""
        position = int(self.item_rows[index])
        item = None if position < 0 else self.items[position]
        annotation = None if self.annotation_rows is None else int(self.annotation_rows[index])
        detail = self.details if isinstance(self.details, str) or self.details is None else self.details[index]
        return item, None if annotation is None or annotation < 0 else annotation, detail or None


@attrs.frozen
class Issue:
    """One kind of thing that happened, and how often.

    Two issues are equal when all but their places are equal.
    """

    code: str = attrs.field()
    """Stable identifier, one of :data:`CODES`."""

    severity: str = attrs.field(validator=attrs.validators.in_(SEVERITIES))
    """``error``, ``warning`` or ``info``."""

    message: str
    """One sentence for a person."""

    count: int = 1
    """How many times it happened."""

    examples: tuple[str, ...] = ()
    """Up to five places or values, as text."""

    field: str | None = None
    """What was touched: a public name (``shape``, ``box``, ``attributes.<name>``) or the source's own key."""

    fate: str | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.in_(FATES)))
    """What became of it, one of :data:`FATES`."""

    places: Places | None = attrs.field(default=None, eq=False, repr=False)
    """Where; None where only the count is known."""

    @code.validator
    def _known(self, _: Any, value: str) -> None:
        if value not in CODES:
            raise ValueError(f"unknown issue code {value!r}; register it in annokit.report.CODES")

    @classmethod
    def at(cls, code: str, severity: str, message: str, places: Places, **facts: Any) -> Issue:
        """Return an issue counted and exemplified by its places."""
        examples = tuple(_example(*places.row(i)) for i in range(min(EXAMPLES, len(places))))
        return cls(code, severity, message, len(places), examples, places=places, **facts)

    def rows(self) -> Iterator[Row]:
        """Yield one row per known place, or one row for all where no place is known."""
        if self.places is None:
            yield Row(None, None, self.field, self.fate, self.message)
            return
        for index in range(len(self.places)):
            item, annotation, detail = self.places.row(index)
            yield Row(item, annotation, self.field, self.fate, detail or self.message)

    def to_dict(self) -> dict[str, Any]:
        """Return the issue as JSON types."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "count": self.count,
            "field": self.field,
            "fate": self.fate,
            "examples": list(self.examples),
        }


def _example(item: str | None, annotation: int | None, detail: str | None) -> str:
    place = " ".join(text for text in (item or "", "" if annotation is None else f"annotation {annotation}") if text)
    return f"{place}: {detail}" if place and detail else place or detail or ""


def _listed(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(issues)


@attrs.frozen(repr=False)
class Report:
    """All issues of one operation, in the order in which they were found.

    A report is true when there is anything to tell. It prints as a table, iterates over its issues and gives every
    single place through :meth:`rows`.
    """

    issues: tuple[Issue, ...] = attrs.field(default=(), converter=_listed)

    def __bool__(self) -> bool:
        return bool(self.issues)

    def __len__(self) -> int:
        return len(self.issues)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.issues)

    def __add__(self, other: Report) -> Report:
        return Report(self.issues + other.issues)

    def rows(self) -> Iterator[Row]:
        """Yield (item, annotation, field, fate, detail) one by one."""
        for issue in self.issues:
            yield from issue.rows()

    def of(self, *codes: str) -> Report:
        """Return the issues with one of `codes`."""
        return Report(issue for issue in self.issues if issue.code in codes)

    @property
    def severity(self) -> str | None:
        """The worst severity in the report, None when it is empty."""
        found = {issue.severity for issue in self.issues}
        return next((name for name in SEVERITIES if name in found), None)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types: counts by severity, and the issues."""
        counts = {name: sum(i.count for i in self.issues if i.severity == name) for name in SEVERITIES}
        return {"counts": counts, "issues": [issue.to_dict() for issue in self.issues]}

    def __str__(self) -> str:
        if not self.issues:
            return "nothing to report"
        lines = []
        for issue in self.issues:
            lines.append(f"{issue.severity:<7} {issue.count:>9,}  {issue.code}: {issue.message}")
            lines.extend(f"{'':19}- {example}" for example in issue.examples[:3])
        return "\n".join(lines)

    def __repr__(self) -> str:
        codes = ", ".join(sorted({issue.code for issue in self.issues}))
        return f"Report({counted(len(self.issues), 'issue')}: {codes or 'none'})"

    def _repr_html_(self) -> str:
        from annokit.display.report import report_html

        return report_html(self)


CODES: dict[str, str] = {
    # reading
    "unread-key": "A key that the reader does not map was kept verbatim.",
    "odd-value": "A known field holds a value that its column can't; it was kept verbatim.",
    "bad-record": "A record can't be read and was left out (with on_bad='collect').",
    "dangling-reference": "A record points at an item, label or parent that does not exist.",
    "duplicate-id": "Two records state the same id.",
    "duplicate-name": "Items of several datasets have one name.",
    "duplicate-key": "A JSON object states the same key twice.",
    "layer-not-read": "Annotations of another layer were not read.",
    "unsupported-record": "A record of a kind that the model does not hold was kept verbatim.",
    "skipped-record": "A record was skipped by default; an option reads it.",
    "assumed": "The file does not say; a documented assumption was made.",
    "repaired": "The file breaks its format's syntax and was repaired as asked.",
    "ambiguous-media": "Several files fit one name; none was taken.",
    "missing-media": "The file that a record names does not lie in the given folders.",
    "missing-file": "A file that the format consists of is missing.",
    "bad-media": "A media or mask file can't be decoded.",
    "size-mismatch": "A stated size differs from the file's.",
    "mask-without-annotation": "A mask holds an id that no annotation states.",
    "annotation-without-mask": "An annotation has no pixels in its mask.",
    "not-finite": "A coordinate is not a finite number.",
    # loss
    "restated": "Numbers are restated in another unit or form.",
    "rounded": "Numbers are rounded.",
    "converted": "A shape becomes another kind.",
    "dropped": "Something that the target can't hold is left out.",
    "refused": "Something would make the target wrong; the row is left out.",
    "renamed": "A name was made safe or unique for the target.",
    "expanded": "Tracks are written frame by frame.",
    "derived": "A value that the target requires was computed.",
    "unknown-size": "An item of unknown size is written without what needs its size.",
    "left-out": "Something is left out since it was not asked for.",
    # fetching
    "fetched": "A file was downloaded.",
    "fetch-failed": "A file could not be downloaded.",
    "fetch-skipped": "A file was complete already, or is not one that can be asked for.",
    # lint and others
    "lint": "The data look wrong.",
}
"""Registry of issue codes: every code that any part of annokit may use, and what it means."""
