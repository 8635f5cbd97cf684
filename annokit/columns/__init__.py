"""Immutable columns: what every table of a dataset is made of.

========  =====================================================  ====================================
column    holds                                                  storage
========  =====================================================  ====================================
Fixed     numbers of one dtype, one row each                     ``values (n, ...)``
Number    JSON numbers that remember int or float                ``values (n, ...) float64``, ``whole``
Text      UTF-8 text                                             ``data (m,) uint8``, ``offsets (n+1,)``
Json      any JSON value, verbatim                               a Text of JSON documents
Ragged    lists                                                  ``offsets (n+1,)`` over another column
Struct    several columns side by side                           a column per field
Sparse    values that only some rows have, or that rows share    ``rows``, ``slots`` over another column
========  =====================================================  ====================================

A column answers ``len``, ``value(row)``, ``take(rows)``, ``slice``, ``equals(other)``, ``join``, ``compact`` and
``parts`` (its arrays, for files). :class:`Table` is a dictionary of columns with one row count.
"""

from annokit.columns.base import MISSING, Column, concat
from annokit.columns.fixed import Fixed
from annokit.columns.json import Json
from annokit.columns.number import Number
from annokit.columns.ragged import Ragged
from annokit.columns.select import Selection
from annokit.columns.sparse import Sparse
from annokit.columns.struct import Struct
from annokit.columns.table import Table
from annokit.columns.text import Text

__all__ = [
    "MISSING",
    "Column",
    "Fixed",
    "Json",
    "Number",
    "Ragged",
    "Selection",
    "Sparse",
    "Struct",
    "Table",
    "Text",
    "concat",
]
