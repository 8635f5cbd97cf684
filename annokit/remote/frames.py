"""What the items of a SAVANT dataset ask of the platform."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from annokit.columns import MISSING
from annokit.media.magic import IMAGE_KINDS
from annokit.model.schema import ITEM_KINDS
from annokit.remote.asks import WORKSPACE, Ask, values
from annokit.remote.savant import FrameSource, SavantClient

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset

_FRAMES = (ITEM_KINDS.index("frame"), ITEM_KINDS.index("image"))


def frame_asks(ds: Dataset, client: SavantClient) -> Iterator[Ask]:
    """Yield what each item wants: its frame, or why that is not asked for."""
    sequences = [(sequence.id, sequence.extras.get(WORKSPACE)) for sequence in ds.sequences]
    idents, kinds = values(ds, "id"), ds._items.array("kind").tolist()
    owners = ds._items.array("sequence").tolist()
    for row, name in enumerate(ds.names):
        ids = (*(sequences[owners[row]] if owners[row] >= 0 else (None, None)), idents[row])
        yield _ask(Ask(row, name), kinds[row], ids, client)


def _ask(ask: Ask, kind: int, ids: tuple[Any, Any, Any], client: SavantClient) -> Ask:
    if kind not in _FRAMES:
        reason = f"a whole {ITEM_KINDS[kind]}; the platform gives out single frames"
        return attrs.evolve(ask, fate="skipped", reason=reason)
    for value, told in zip(ids, _TOLD, strict=True):
        problem = _problem(value)
        if problem:
            return attrs.evolve(ask, reason=f"{told} {problem}")
    sequence, workspace, frame = map(str, ids)
    source = FrameSource(client, sequence, frame, workspace)
    return attrs.evolve(ask, source=source, key=source.key, kinds=IMAGE_KINDS)


_TOLD = ("the id of the sequence (rootId)", "the id of the workspace (workspaceId)", "the id of the frame (id)")


def _problem(value: Any) -> str | None:
    """Return what is wrong with an id, None when nothing is."""
    if value is None or value is MISSING or value == "":
        return "is missing"
    if isinstance(value, bool) or not isinstance(value, int | str):
        return "is no text or whole number"
    if any("\ud800" <= character <= "\udfff" for character in str(value)):
        return "is no valid text"
    return None
