"""Packing samples into few tensors, and taking them apart again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from annokit.interop.torch.extra import torch

Sample = tuple[Any, Any]


def collate(samples: Sequence[Sample]) -> tuple[Any, Any]:
    """Pack samples into few tensors, which pass between processes much faster than many.

    Parameters
    ----------
    samples : sequence of (image, target)
        As :func:`as_dataset` gives them.

    Returns
    -------
    images : (B, 3, H, W) uint8 tensor, or list of tensors
        A list where sizes differ.
    targets : dict or tensor
        For dictionaries: every entry that has a row per object, laid one sample after another, and ``offsets`` (B + 1,)
        int64, so that sample i has the rows ``offsets[i]`` up to ``offsets[i + 1]``; ``image_id`` (B,) int64; ``masks``
        stay a list. Tensors are stacked where their shapes agree.
    """
    images, targets = zip(*samples, strict=True)
    return _stacked(images), _packed(targets) if isinstance(targets[0], dict) else _stacked(targets)


def _stacked(tensors: Sequence[Any]) -> Any:
    module = torch()
    same = len({tuple(tensor.shape) for tensor in tensors}) == 1
    return module.stack([_plain(tensor) for tensor in tensors]) if same else list(tensors)


def _plain(tensor: Any) -> Any:
    return tensor.as_subclass(torch().Tensor)


def _packed(targets: Sequence[dict[str, Any]]) -> dict[str, Any]:
    module = torch()
    lengths = [0, *(len(target["labels"]) for target in targets)]
    packed: dict[str, Any] = {"offsets": module.tensor(lengths).cumsum(0)}
    for name in targets[0]:
        values = [target[name] for target in targets]
        if name == "masks":
            packed[name] = values
        elif isinstance(values[0], module.Tensor):
            packed[name] = module.cat([_plain(value) for value in values])
        else:
            packed[name] = module.tensor(values)
    return packed


def unpack(targets: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the targets that :func:`collate` packed as one dictionary per sample; tensors are views."""
    ends = targets["offsets"].tolist()
    whole = ("image_id", "masks")
    return [
        {name: value[place] if name in whole else value[a:b] for name, value in targets.items() if name != "offsets"}
        for place, (a, b) in enumerate(pairwise(ends))
    ]
