"""Label rows become sequences; what is known of labels, and what is to be told, is gathered over all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from annokit.columns.json import loads
from annokit.errors import FormatError, UsageError
from annokit.formats.encord.bulk import Boxes, opened
from annokit.formats.encord.colors import color_of, odd_color
from annokit.formats.encord.facts import EXPECTED, ITEM_KIND, KIND_OF_SHAPE, MAIN, ROW_KEYS, STATUS
from annokit.formats.encord.ontology import Ontology
from annokit.formats.encord.plain import (
    is_single,
    keyed,
    sequence_of,
    text_or_none,
    unit_extra,
    video_fields,
)
from annokit.formats.encord.ranged import add_ranged
from annokit.formats.encord.records import beyond, row_record
from annokit.formats.encord.row import Row
from annokit.formats.encord.spaces import add_spaces, without_labels
from annokit.model.builder import DatasetBuilder
from annokit.model.label import Label
from annokit.report import Issue, Places

if TYPE_CHECKING:
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset

Record = dict[str, Any]

MAPS = ("object_answers", "classification_answers", "object_actions")

_ODD = "this is no list of answers; it was kept as it is"
_ORPHAN = "attributes are stated for an object that appears nowhere; they are kept as they are"
_NO_ONTOLOGY = "the ontology does not hold a label's feature hash; the label is made of what the row says"


class Reader:
    """Turns label rows into sequences, items and annotations.

    Parameters
    ----------
    context : ReadContext
        What the caller asked for.
    ontology : Ontology
        What is known of labels and attributes.
    title : str, optional
        Read only the rows whose data are called so.
    """

    def __init__(self, context: ReadContext, ontology: Ontology, title: str | None) -> None:
        self._context = context
        self.ontology = ontology
        self._title = title
        self.builder = DatasetBuilder(unit="unit", form="xywh")
        self._positions: dict[Any, int] = {}
        self._titles: set[str] = set()
        self._sequences = 0
        for label in ontology.labels():
            self._positions[label.source_id] = self.builder.add_label(label)
        self._known = bool(self._positions)
        self._unread: Counter[str] = Counter()
        self._issues: dict[tuple[str, str, str], list[tuple[str | None, int | None, str]]] = {}
        self._left: Counter[str] = Counter()

    def text(self, where: str, pointer: str, text: bytes) -> None:
        """Add one label row, in bulk where it is plain."""
        found = opened(text)
        if found is not None and ITEM_KIND.get(str(found[0].get("data_type")).lower()) == "frame":
            self.row(where, pointer, *found)
            return
        try:
            record = loads(text)
        except FormatError as error:
            facts: dict[str, Any] = {"found": error.found, "expected": error.expected}
            self._context.problems.add(FormatError("this row can't be read", path=where, pointer=pointer, **facts))
        except (ValueError, RecursionError) as error:
            told = f"this is not JSON: {error}"
            self._context.problems.add(FormatError(told, path=where, pointer=pointer or None))
        else:
            self.row(where, pointer, record)

    def row(self, where: str, pointer: str, record: Any, boxes: Boxes | None = None) -> None:
        """Add one label row, whose objects may have been taken out of it."""
        if not isinstance(record, dict) or not isinstance(record.get("data_units"), dict):
            expected = 'a label row with "data_units"'
            if isinstance(record, dict) and "labels" in record:
                expected += "; this is the layout of 2020, which is not read"
            found = repr(record)[:60]
            error = FormatError("this is no label row", path=where, pointer=pointer, found=found, expected=expected)
            self._context.problems.add(error)
            return
        branch = record.get("branch_name") or MAIN
        self._titles.add(str(record.get("data_title")))
        if self._title is not None and record.get("data_title") != self._title:
            return
        if self._context.layer not in (branch, "all") and not (self._context.layer is None and branch == MAIN):
            self._left[branch] += 1
            return
        self._read_row(where, pointer, record, Row(self, record, str(branch), boxes))

    def _read_row(self, where: str, pointer: str, record: Record, row: Row) -> None:
        units = sorted(record["data_units"].items(), key=sequence_of)
        row.where, row.sequence, self._sequences = where, self._sequences, self._sequences + 1
        for place, (key, unit) in enumerate(units):
            if isinstance(unit, dict):
                row.unit(f"{pointer}/data_units/{key}", place, key, unit)
            else:
                self.bad(where, f"{pointer}/data_units/{key}", unit)
        add_spaces(row, f"{pointer}/spaces")
        add_ranged(row, pointer)
        for key in row.answers.orphans(row.seen):
            self.note("dangling-reference", "warning", _ORPHAN, None, f"{pointer}/object_answers/{key}")
        for inside, value in row.answers.odd():
            self.note("odd-value", "warning", _ODD, None, f"{pointer}/{inside}: {value!r:.60}")
        told = {
            "id": text_or_none(record.get("label_hash")),
            "name": text_or_none(record.get("data_title")),
            "dataset": text_or_none(record.get("dataset_title")),
            "task": text_or_none(record.get("data_type")),
            "status": STATUS.get(str(record.get("label_status"))),
        }
        extras = self._row_extras(record, told, units, row)
        self.builder.add_sequence(**told, extras=extras, **video_fields(record, units))

    def _row_extras(self, record: Record, stated: Record, units: list[tuple[str, Any]], row: Row) -> Record:
        own = {key: value for key, value in record.items() if key != "data_units"}
        self._count(own, ROW_KEYS)
        base = {
            **row_record({**stated, "task": str(stated["task"])}),
            **dict.fromkeys(("data_hash", "dataset_hash", *MAPS), ...),
        }
        extras = beyond(own, base)
        if row.spaces:
            extras["spaces"] = without_labels(record["spaces"], row.spaces)
        extras["label_status"] = record.get("label_status")
        if is_single(record):
            extras["#unit"] = [unit_extra(key, unit) for key, unit in units if isinstance(unit, dict)]
        orphans = row.answers.unused(row.seen, row.classified)
        silent = sorted(row.seen - row.answers.objects.keys()) + sorted(
            row.classified - row.answers.classifications.keys()
        )
        told = {"#orphans": orphans, "#unanswered": silent, "#options": row.options}
        return keyed({**extras, **{key: value for key, value in told.items() if value}})

    def bad(self, where: str, pointer: str, found: Any) -> None:
        """Note a record that can't be read."""
        shown = repr(found)[:60]
        error = FormatError("this record can't be read", path=where, pointer=pointer, found=shown, expected="an object")
        self._context.problems.add(error)

    def note(
        self, code: str, severity: str, message: str, row: int | None, detail: str, item: str | None = None
    ) -> None:
        """Note a place of an issue."""
        self._issues.setdefault((code, severity, message), []).append((item, row, detail))

    def _count(self, record: Record, known: tuple[str, ...], count: int = 1) -> None:
        self._unread.update({key: count for key in record if key not in EXPECTED and key not in known})

    def label(self, feature: Any, name: Any, color: Any, shape: Any) -> int:
        """Return the position of the label of a feature hash, else of a name and shape."""
        key = feature if isinstance(feature, str) else (str(name), str(shape))
        position = self._positions.get(key)
        if position is None:
            made = Label(
                str(name),
                feature if isinstance(feature, str) else None,
                color=color_of(color),
                shape=KIND_OF_SHAPE.get(str(shape)),
                extras={"encord/shape": shape if isinstance(shape, str) else None, **odd_color(color)},
            )
            position = self._positions[key] = self.builder.add_label(made)
            if self._known:
                self.note("dangling-reference", "warning", _NO_ONTOLOGY, None, f"{feature} {name!r}")
        return position

    def label_at(self, position: int) -> Label:
        """Return a label."""
        return self.builder.labels[position]

    def extras_of(self, record: Record, known: tuple[str, ...], base: Record, count: int = 1) -> Record:
        """Return what the model does not state of a record that occurs `count` times."""
        self._count(record, known, count)
        return beyond(record, base)

    def build(self) -> Dataset:
        """Return the dataset with its issues; UsageError where the wanted title is none of those that there are."""
        if self._title is not None and self._titles and self._title not in self._titles:
            told = ", ".join(sorted(self._titles)[:10])
            raise UsageError(f"no data are called {self._title!r}; titles: {told}")
        for key, count in sorted(self._unread.items()):
            message = f"the key {key!r} is not part of the model and is kept as it is"
            self.builder.report(Issue("unread-key", "info", message, count, (key,), field=key, fate="unread"))
        for branch, count in sorted(self._left.items()):
            message = f"rows of the branch {branch!r} are not read; read them by layer={branch!r} or layer='all'"
            issue = Issue("layer-not-read", "warning", message, count, (branch,), field="layer", fate="skipped")
            self.builder.report(issue)
        for (code, severity, message), places in self._issues.items():
            self.builder.report(Issue.at(code, severity, message, Places.of(places), fate="unread"))
        return self.builder.build()
