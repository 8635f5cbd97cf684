"""Gathers that the tests of several processes import by name, in other interpreters too."""

import os
from typing import Any

import numpy as np

from annokit.codecs.json_fields import FieldDecoder, Fields
from annokit.codecs.json_numbers import ints
from annokit.codecs.records import Block


class Ids:
    """Keeps the ids of two arrays and the process in which it works."""

    def __init__(self) -> None:
        self.paths = {"/annotations": FieldDecoder(), "/images": FieldDecoder()}
        self._ids: dict[str, list[Any]] = {"/annotations": [], "/images": []}

    def take(self, block: Block) -> None:
        fields: Fields = block.records
        self._ids[block.pointer].append(ints(fields.column("id")).values)

    def result(self) -> dict[str, Any]:
        arrays = {key: np.concatenate(ids or [np.zeros(0, np.int64)]) for key, ids in self._ids.items()}
        return {**arrays, "process": os.getpid()}


class Listed(Ids):
    """The same for a document that is a list."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = {"": FieldDecoder()}
        self._ids = {"": []}


class Nested(Ids):
    """The same for an array inside an object."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = {"/dataset/samples": FieldDecoder()}
        self._ids = {"/dataset/samples": []}


class Dying(Ids):
    """Ends every process but the first one that it is used in."""

    def __init__(self) -> None:
        super().__init__()
        if "ANNOKIT_TEST_PARENT" in os.environ and os.environ["ANNOKIT_TEST_PARENT"] != str(os.getpid()):
            os._exit(3)
