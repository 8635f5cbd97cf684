"""A release, taken in part by part and made a dataset of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from annokit.codecs.records import Block, Reading, Rest
from annokit.columns import Column, Fixed, Json, Sparse, Table, Text
from annokit.columns.base import Array
from annokit.columns.json import dumps, loads
from annokit.errors import FormatError, UsageError
from annokit.formats.segments.batch import KEPT, Batch, Columns, Notes
from annokit.formats.segments.envelope import Envelope, envelope_of, with_task
from annokit.formats.segments.facts import OWN, WHOLE
from annokit.formats.segments.issues import issues_of
from annokit.formats.segments.layers import ALL as EVERY
from annokit.formats.segments.layers import LAYER as MAIN
from annokit.formats.segments.layers import main_layer, seen_layers
from annokit.formats.segments.samples import Samples, labels_of
from annokit.model.dataset import Dataset
from annokit.model.label_set import LabelSet
from annokit.model.rows import ANNOTATION_DEFAULTS, ANNOTATION_MAKERS, Rows
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.formats.context import ReadContext

Record = dict[str, Any]

ALL = "all"
"""What a caller says who wants every layer."""

LAYER = "#layer"
"""Column of the numbers of layers, while a release is taken in."""


@attrs.frozen
class Wanted:
    """What the caller wants of a release."""

    layer: str | None
    """Name of a layer, ``all``, or None for the main one."""

    words: frozenset[str] | None
    """Statuses, None for any."""

    metadata: Mapping[str, Any]
    """What the metadata must hold."""

    def fits(self, record: Record, layer: str) -> bool:
        """Tell whether a sample is wanted."""
        if self.words is not None:
            label = labels_of(record.get("labels")).get(layer)
            word = label.get("label_status") if isinstance(label, dict) else None
            if (word.upper() if isinstance(word, str) else "UNLABELED") not in self.words:
                return False
        if not self.metadata:
            return True
        stated = record.get("metadata")
        return isinstance(stated, dict) and all(k in stated and stated[k] == v for k, v in self.metadata.items())


class Release:
    """Takes in a release as its parts come.

    Parameters
    ----------
    context : ReadContext
        What the caller asked for.
    where : str
        Name of the file.
    wanted : Wanted
        Which samples and layers to read.
    main : str, optional
        The main layer, where it is known already.
    """

    def __init__(self, context: ReadContext, where: str, wanted: Wanted, main: str | None = None) -> None:
        self._context = context
        self._where = where
        self._wanted = wanted
        self._main_layer = main
        self._notes = Notes()
        self._members: dict[str, Record] = {}
        self._seen: dict[str, None] = {}
        self._layers: list[str] = []
        self._samples: Samples | None = None
        self._codes: dict[int, dict[Any, int]] = {}
        self._tables: list[Table] = []
        self._count = 0

    def reading(self, total: int | None) -> Reading:
        """Return how the file is split."""
        context = self._context
        return Reading(
            label=self._where, limits=context.limits, total=total, progress=context.progress, repeats=context.repeats
        )

    def take(self, part: Block | Rest) -> None:
        """Take in samples, or what stands beside them."""
        if isinstance(part, Rest):
            self._members[part.pointer] = {key: None if raw is None else loads(raw) for key, raw in part.members}
            return
        for record in part.records:
            if isinstance(record, dict):
                self._seen.update(dict.fromkeys(labels_of(record.get("labels"))))
        self._add(self._begun(), part)

    def whole(self, document: Record) -> Dataset:
        """Return the dataset of a parsed release whose samples are an object instead of a list."""
        inner = document.get("dataset")
        pointer, owner = ("/dataset", inner) if isinstance(inner, dict) and "samples" in inner else ("", document)
        self._members = {"": document, "/dataset": inner if isinstance(inner, dict) else {}}
        self.take(Block(f"{pointer}/samples", 0, list(owner["samples"].values())))
        again = self.again()
        return self.dataset() if again is None else again.whole(document)

    def _begun(self) -> Samples:
        """Return what gathers the samples; the main layer is guessed from the first ones where nobody names it."""
        if self._samples is None:
            wanted = self._wanted.layer
            guess = self._main_layer or Envelope({}, {}, [], [], []).main_layer(list(self._seen))
            self._layers = [guess if wanted in (None, ALL) else str(wanted)]
            self._samples = Samples(self._layers, self._wanted.layer == ALL, self._notes)
        return self._samples

    def _add(self, samples: Samples, block: Block) -> None:
        for place, record in enumerate(block.records, block.first):
            if not isinstance(record, dict):
                self._bad(f"{block.pointer}/{place}", record)
            elif self._wanted.fits(record, self._layers[0]):
                samples.add(record)
        batch, samples.batch = samples.batch, Batch()
        if batch.records:
            self._flush(batch)

    def _bad(self, pointer: str, found: Any) -> None:
        error = FormatError(
            "this sample can't be read", path=self._where, pointer=pointer, found=f"{found!r:.60}", expected="an object"
        )
        self._context.problems.add(error)

    def _flush(self, batch: Batch) -> None:
        """Turn the annotations gathered so far into columns."""
        codes: dict[Any, int] = {}
        table = Columns(batch, self._count, self._notes).table(codes, self._context.limits.extras_columns)
        self._count += len(batch.records)
        layer = np.array(batch.layer, np.int64)
        label = self._recoded(table.array("label"), codes, layer)
        self._tables.append(table.replace({"label": Fixed(label), LAYER: Fixed(layer)}))

    def _recoded(self, label: Array, codes: dict[Any, int], layer: Array) -> Array:
        """Return codes of categories that hold for the whole file, those of each layer by themselves."""
        count = int(layer.max()) + 1
        final = np.full((count, len(codes) + 1), -1, np.int64)
        idents = list(codes)
        for number in range(count):
            known = self._codes.setdefault(number, {})
            for code in np.unique(label[(layer == number) & (label >= 0)]).tolist():
                final[number, code] = known.setdefault(idents[code], len(known))
        found: Array = final[layer, label]
        return found

    def again(self) -> Release | None:
        """Return what is to take the release in once more where the layer was guessed wrong, else None."""
        wanted = self._wanted
        if wanted.layer is None and self._members.get("", {}).get(OWN) == WHOLE:
            wanted = attrs.evolve(wanted, layer=ALL)
        main = self._main(self._envelope())
        if self._samples is None or (main == self._layers[0] and wanted is self._wanted):
            return None
        return Release(self._context, self._where, wanted, main)

    def dataset(self) -> Dataset:
        """Return the dataset with its issues."""
        envelope = self._envelope()
        self._main(envelope)
        samples = self._begun()
        with_task(envelope, self._layers[0])
        labels, places = envelope.labels(self._layers, self._notes)
        annotations, dangling = self._annotations(places)
        items = _in_dataset(samples.items.table(), envelope.info)
        made = Dataset(
            items,
            annotations,
            samples.sequences.table(),
            LabelSet(labels, envelope.attributes(self._notes)),
            info=envelope.info,
        )
        made = made._with(extras=self._extras(made))
        unread = [name for name in self._known(envelope) if name not in self._layers]
        found = issues_of(made, self._notes, dangling, self._layers[0], unread, samples.left)
        return made._with(issues=Report(found))

    def _envelope(self) -> Envelope:
        top = self._members.get("", {})
        inner = self._members.get("/dataset", top.get("dataset"))
        inner = inner if isinstance(inner, dict) else None
        if "samples" not in top and "samples" not in (inner or {}):
            raise FormatError(
                "this is no Segments.ai release",
                path=self._where,
                found="no samples",
                expected='a list "samples", in "dataset" or beside it',
            )
        return envelope_of(top, inner, self._where)

    def _extras(self, ds: Dataset) -> dict[str, bytes]:
        """Return what the dataset keeps to tell its layers."""
        found = {}
        if main_layer(ds, seen_layers(ds)) != self._layers[0]:
            found[MAIN] = dumps(self._layers[0])
        if self._wanted.layer == ALL and self._members.get("", {}).get(OWN) == WHOLE:
            found[EVERY] = b"true"
        return found

    def _known(self, envelope: Envelope) -> list[str]:
        return list(dict.fromkeys((*envelope.names(), *self._seen)))

    def _main(self, envelope: Envelope) -> str:
        """Return the layer to read once everything is known."""
        wanted, known = self._wanted.layer, self._known(envelope)
        if wanted is not None and wanted != ALL:
            if wanted not in known:
                listed = ", ".join(map(repr, known)) or "none"
                raise UsageError(f"the release has no layer {wanted!r}; it has {listed}")
            return wanted
        return envelope.main_layer(list(self._seen))

    def _annotations(self, places: Mapping[tuple[str, Any], int]) -> tuple[Table, Array]:
        """Return the annotations with positions of labels, and the rows whose category is not defined."""
        if not self._tables:
            return Rows(ANNOTATION_MAKERS, ANNOTATION_DEFAULTS).table(), np.zeros(0, np.int64)
        table = Table.join(self._tables)
        layer, code = table.array(LAYER), table.array("label")
        most = max(map(len, self._codes.values()), default=0)
        position = np.full((len(self._layers), most + 1), -1, np.int64)
        for number, codes in self._codes.items():
            for ident, place in codes.items():
                position[number, place] = places.get((self._layers[number], ident), -1)
        label = position[layer, code]
        nameless = np.flatnonzero(label < 0)
        dangling = nameless[code[nameless] >= 0]
        slots = layer.astype(np.min_scalar_type(len(self._layers)))
        changes: dict[str, Column | None] = {
            "label": Fixed(label),
            "layer": Sparse(len(table), None, slots, Text.of(self._layers)),
            LAYER: None,
        }
        if len(dangling):
            idents = {number: [ident for _, ident in codes] for number, codes in self._codes.items()}
            pairs = zip(layer[dangling].tolist(), code[dangling].tolist(), strict=True)
            changes[KEPT + "category_id"] = _joined(table, dangling, [idents[a][b] for a, b in pairs])
        return table.replace(changes), nameless


def _joined(table: Table, rows: Array, values: list[Any]) -> Sparse:
    """Return the verbatim category ids, those of `rows` added."""
    old = table.sparse(KEPT + "category_id")
    if old is not None:
        rows, values = np.concatenate([old.present(), rows]), [*old.dense().to_list(), *values]
    order = rows.argsort(kind="stable")
    return Sparse(len(table), rows[order], None, Json.of(values).take(order))


def _in_dataset(items: Table, info: Record) -> Table:
    """Return the items with the name of the dataset on the platform."""
    inner = info.get("dataset")
    name = inner.get("name") if isinstance(inner, dict) else None
    if not isinstance(name, str) or not len(items):
        return items
    return items.replace({"dataset": Sparse.constant(len(items), Text.of([name]))})
