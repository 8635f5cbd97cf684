"""Reading Dataloop exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annokit.errors import FormatError
from annokit.formats.dataloop.documents import documents
from annokit.formats.dataloop.given import given_ontology
from annokit.formats.dataloop.pictures import with_items, with_pictures
from annokit.formats.dataloop.reader import Reader
from annokit.formats.dataloop.sift import Wanted
from annokit.formats.mask_sizes import odd_masks
from annokit.report import Report

if TYPE_CHECKING:
    from annokit.codecs.source import Source
    from annokit.formats.context import ReadContext
    from annokit.model.dataset import Dataset


def read(  # noqa: PLR0913 - all but the first two are options by keyword
    source: Source,
    context: ReadContext,
    *,
    ontology: Any = None,
    system: bool = False,
    hidden: bool = False,
    notes: bool = False,
    masks: bool = True,
) -> Dataset:
    """Read an export.

    Parameters
    ----------
    source : Source
        A folder or an archive of item documents, a single one, a list of them, or one per line.
    context : ReadContext
        What the caller asked for.
    ontology : path or dict, optional
        The ontology, or its document: colours, hierarchy, definitions of attributes, templates of poses. One that lies
        beside the documents is found.
    system : bool
        Read annotations that the workflow itself made too, such as ``completed``.
    hidden : bool
        Read hidden items too.
    notes : bool
        Read remarks of reviewers too, as annotations without shape.
    masks : bool
        Make masks of PNG pictures that lie beside the documents, one per item and label, where an item has no shape of
        that label. What is left out by default is listed, kept and written back.
    """
    given = None if ontology is None else given_ontology(ontology)
    reader = Reader(context, Wanted(system, hidden, notes), given)
    reader.add(documents(source, context))
    ds = reader.dataset(in_order=source.only is None)
    if not len(ds) and reader._told.foreign:
        raise FormatError(
            "this is no Dataloop export",
            path=source.label,
            found=f"nothing but JSON that is no item, such as {reader._told.foreign[0][2]}",
            expected="documents of items",
        )
    if masks and source.only is None:
        ds = with_pictures(ds, source, context)
    ds = ds._with(issues=ds.issues + Report(odd_masks(ds)))
    return with_items(ds, source, context)
