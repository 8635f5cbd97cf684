"""Upright boxes as (n, 4) arrays: forms, units, overlap.

==========  ==================================================================================================
form        columns
==========  ==================================================================================================
``xyxy``    left, top, right, bottom; half-open
``xywh``    left, top, width, height
``cxcywh``  centre, width, height
``xyxy1``   first and last pixel, counted from 1, inclusive, as in Pascal VOC: left = xmin - 1, right = xmax
==========  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from annokit.errors import UsageError

FORMS = ("xyxy", "xywh", "cxcywh", "xyxy1")
"""Names of the forms; the position of a name is its code in a column of codes."""

Form: TypeAlias = str | int | np.ndarray


def _columns(*columns: np.ndarray) -> np.ndarray:
    return np.stack(columns, axis=-1)


def _xywh_to_xyxy(x: np.ndarray, y: np.ndarray, w: np.ndarray, h: np.ndarray) -> np.ndarray:
    return _columns(x, y, x + w, y + h)


def _cxcywh_to_xyxy(x: np.ndarray, y: np.ndarray, w: np.ndarray, h: np.ndarray) -> np.ndarray:
    return _columns(x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def _xyxy1_to_xyxy(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return _columns(x0 - 1, y0 - 1, x1, y1)


def _xyxy_to_xywh(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return _columns(x0, y0, x1 - x0, y1 - y0)


def _xyxy_to_cxcywh(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return _columns((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0)


def _xyxy_to_xyxy1(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return _columns(x0 + 1, y0 + 1, x1, y1)


def _xywh_to_cxcywh(x: np.ndarray, y: np.ndarray, w: np.ndarray, h: np.ndarray) -> np.ndarray:
    return _columns(x + w / 2, y + h / 2, w, h)


def _cxcywh_to_xywh(x: np.ndarray, y: np.ndarray, w: np.ndarray, h: np.ndarray) -> np.ndarray:
    return _columns(x - w / 2, y - h / 2, w, h)


_STEPS: dict[tuple[str, str], Callable[..., np.ndarray]] = {
    ("xywh", "xyxy"): _xywh_to_xyxy,
    ("cxcywh", "xyxy"): _cxcywh_to_xyxy,
    ("xyxy1", "xyxy"): _xyxy1_to_xyxy,
    ("xyxy", "xywh"): _xyxy_to_xywh,
    ("xyxy", "cxcywh"): _xyxy_to_cxcywh,
    ("xyxy", "xyxy1"): _xyxy_to_xyxy1,
    ("xywh", "cxcywh"): _xywh_to_cxcywh,
    ("cxcywh", "xywh"): _cxcywh_to_xywh,
}
"""Direct conversions; what is not here goes through ``xyxy``. Width and height are never computed anew without need."""


def code(form: str) -> int:
    """Return the code of the form named `form`; raise UsageError where there is none."""
    if form not in FORMS:
        raise UsageError(f"unknown box form {form!r}; known: {', '.join(sorted(FORMS))}")
    return FORMS.index(form)


def convert(boxes: np.ndarray, source: Form, target: Form) -> np.ndarray:
    """Restate boxes in another form.

    Parameters
    ----------
    boxes : (n, 4) array
        In the form `source`.
    source, target : str, int or (n,) uint8 array
        A form's name or code, or a code for every box.

    Returns
    -------
    (n, 4) array
        Rows whose form does not change come back bit for bit; `boxes` itself where no row's does.

    Raises
    ------
    UsageError
        An unknown form.
    """
    a, b = _codes(source), _codes(target)
    if np.ndim(a) == 0 and np.ndim(b) == 0:
        return _convert(boxes, FORMS[int(a)], FORMS[int(b)])
    pairs = np.broadcast_to(a * len(FORMS) + b, len(boxes))
    if not len(pairs):
        return boxes
    if (pairs == pairs[0]).all():
        return _convert(boxes, *_names(int(pairs[0])))
    kinds = np.flatnonzero(np.bincount(pairs))
    out = np.array(boxes, np.float64)
    for kind in kinds.tolist():
        rows = pairs == kind
        out[rows] = _convert(boxes[rows], *_names(kind))
    return out


def _names(pair: int) -> tuple[str, str]:
    return FORMS[pair // len(FORMS)], FORMS[pair % len(FORMS)]


def _codes(form: Form) -> np.ndarray:
    codes = np.asarray(code(form) if isinstance(form, str) else form, np.int64)
    if codes.size and not 0 <= codes.min() <= codes.max() < len(FORMS):
        raise UsageError(f"box form codes run from 0 to {len(FORMS) - 1}, got {int(codes.min())} to {int(codes.max())}")
    return codes


def _convert(boxes: np.ndarray, source: str, target: str) -> np.ndarray:
    if source == target:
        return boxes
    columns = np.moveaxis(np.asarray(boxes), -1, 0)
    if (step := _STEPS.get((source, target))) is not None:
        return step(*columns)
    return _convert(_convert(boxes, source, "xyxy"), "xyxy", target)


def scale(boxes: np.ndarray, x: float | np.ndarray, y: float | np.ndarray) -> np.ndarray:
    """Return (n, 4) boxes of any form with columns 0 and 2 multiplied by `x`, 1 and 3 by `y` (one, or one per box)."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return np.asarray(boxes * np.stack(np.broadcast_arrays(x, y, x, y), axis=-1))


def area(boxes: np.ndarray) -> np.ndarray:
    """Return the (n,) areas of (n, 4) xyxy boxes, 0 where a side is negative."""
    return np.asarray(np.maximum(boxes[..., 2] - boxes[..., 0], 0) * np.maximum(boxes[..., 3] - boxes[..., 1], 0))


def clip(boxes: np.ndarray, width: float | np.ndarray = 1.0, height: float | np.ndarray = 1.0) -> np.ndarray:
    """Return (n, 4) xyxy boxes cut at the borders of a `width` x `height` frame; NaN stays NaN."""
    limit = scale(np.ones_like(boxes, np.float64), width, height)
    return np.asarray(np.clip(boxes, 0.0, limit))


def pairwise_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the (n,) intersection over union of xyxy boxes `a` and `b`, row by row; 0 where both are empty."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    sides = np.maximum(high - low, 0)
    common = sides[..., 0] * sides[..., 1]
    union = area(a) + area(b) - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0))


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the (n, m) intersection over union of (n, 4) and (m, 4) xyxy boxes; 0 where both are empty."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return pairwise_iou(a[:, None], b[None])
