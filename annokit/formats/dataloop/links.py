"""How annotations refer to each other: children to their parents, joints to their poses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.columns import MISSING, Table
from annokit.columns.base import Array
from annokit.columns.json import loads
from annokit.formats.dataloop.joints import usual_pose
from annokit.formats.dataloop.poses import client_id, joint_documents
from annokit.formats.dataloop.records import Members, marks
from annokit.model.schema import KIND_CODE

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset


class Links:
    """The references of some annotations.

    Parameters
    ----------
    ds : Dataset
        All of them.
    table : Table
        Those at hand.
    rows : (n,) int64 array
        Their rows, one after another.
    system : list of dict
        ``metadata.system`` of each of them.
    """

    def __init__(self, ds: Dataset, table: Table, rows: Array, system: list[Members]) -> None:
        self._ds, self._table, self._system = ds, table, system
        self._start = int(rows[0]) if len(rows) else 0
        ids = table.get("id")
        self._ids: list[Any] = [MISSING] * len(table) if ids is None else ids.to_list()
        self._numbers: dict[int, int] = {}

    def put_parents(self, nameless: list[Any]) -> None:
        """State the parents: by their ids, else by client ids."""
        parents = self._table.sparse("parent")
        if parents is None:
            return
        column: Any = parents.dense()
        for row, parent in zip(parents.present().tolist(), column.values.tolist(), strict=True):
            self._system[row].update(self._link(parent - self._start, bool(nameless[row]), self._system[row]))

    def _link(self, owner: int, nameless: bool, child: Members) -> dict[str, Any]:
        """Return how an annotation refers to the one at `owner`."""
        if self._ids[owner] is not MISSING and not nameless:
            return {"parentId": self._ids[owner]}
        if "clientParentId" in child:
            return {}
        return {"clientParentId": self._client(owner)}

    def _client(self, owner: int) -> Any:
        """Return the client id of an annotation, made up where it has none."""
        system = self._system[owner]
        stated = system.get("clientId")
        stated = loads(stated) if isinstance(stated, bytes) else stated
        if isinstance(stated, str):
            return stated
        item = int(self._table.array("item")[owner])
        number = self._numbers[item] = self._numbers.get(item, 0) + 1
        system["clientId"] = client_id(str(self._ds._items.value("name", item)), number)
        return system["clientId"]

    def joints(self, top: list[Members]) -> list[list[Any]]:
        """Return the points of each pose, a tuple of place and point where they stand elsewhere than behind it."""
        found: list[list[Any]] = [[] for _ in top]
        rows = np.flatnonzero(self._table.array("kind") == KIND_CODE["keypoints"])
        column = self._table.sparse("keypoints")
        if not len(rows) or column is None:
            return found
        kept, poses = marks(self._table, "joints"), marks(self._table, "pose")
        label = self._table.array("label").tolist()
        for row, joints in zip(rows.tolist(), column.values_of(rows), strict=True):
            known = self._ds.labels[label[row]] if label[row] >= 0 else None
            top[row]["coordinates"] = (
                usual_pose(None if known is None else known.name) if poses[row] is None else poses[row]
            )
            if kept[row] is not None:
                found[row] = [tuple(each) for each in kept[row]]
                continue
            skeleton = None if known is None else known.skeleton
            names = [str(number) for number in range(1, len(joints) + 1)] if skeleton is None else skeleton.joints
            found[row] = joint_documents(names, joints, self._link(row, False, {}))
        return found
