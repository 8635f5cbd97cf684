"""The map-style dataset."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annokit.errors import MediaError, UsageError
from annokit.interop.torch.extra import torch, vision
from annokit.interop.torch.targets import TARGETS, Maker

if TYPE_CHECKING:
    from annokit.model.dataset import Dataset
    from annokit.model.item import Item


def as_dataset(
    ds: Dataset,
    transform: Callable[[Any, Any], Any] | None = None,
    target: str = "detection",
    *,
    load: Callable[[Item], Any] | None = None,
    first_label: int = 0,
) -> TorchDataset:
    """Return a map-style torch dataset of (image, target) pairs.

    Parameters
    ----------
    ds : Dataset
        The items.
    transform : callable, optional
        ``transform(image, target)``, as torchvision's v2 transforms take them.
    target : {"detection", "segmentation", "semantic", "classification"}
        ==================  ================================================================================
        target              what a sample's second part is
        ==================  ================================================================================
        ``detection``       dict: ``boxes`` (N, 4) float32 xyxy pixels, ``labels`` (N,) int64, ``area`` (N,) float32,
                            ``iscrowd`` (N,) int64, ``image_id`` int, the item's row; annotations without box or label
                            are not among them
        ``segmentation``    the same and ``masks`` (N, H, W) uint8
        ``semantic``        (H, W) int64, label position + 1, 0 background
        ``classification``  () int64 label position, -1 none; (labels,) float32 of 0 and 1 where items have several
        ==================  ================================================================================
    load : callable, optional
        Gives the picture of an item as a PIL image, array or tensor; by default ``item.image``. For spawned workers it
        must be a function of a module.
    first_label : int
        Number of the first label in ``labels``; torchvision's detectors keep 0 for the background and want 1.

    Returns
    -------
    TorchDataset
        Images are (3, H, W) uint8 tensors, ``tv_tensors`` where torchvision is installed.

    Raises
    ------
    MissingSizeError
        Boxes in pixels need a size that nobody knows.
    """
    if target not in TARGETS:
        raise UsageError(f"target {target!r}; expected one of {', '.join(sorted(TARGETS))}")
    torch()
    return TorchDataset(ds, transform, TARGETS[target](ds, first_label), load)


class TorchDataset:
    """Pairs of picture and target by item row; see :func:`as_dataset`."""

    def __init__(
        self,
        items: Dataset,
        transform: Callable[[Any, Any], Any] | None,
        maker: Maker,
        load: Callable[[Item], Any] | None,
    ) -> None:
        self._items = maker.keep(items)
        self._transform = transform
        self._maker = maker
        self._load = load

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        row = range(len(self))[index]
        item = self._items[row]
        picture = self._picture(item)
        target = self._maker.target(item, row)
        return (picture, target) if self._transform is None else self._transform(picture, target)

    def _picture(self, item: Item) -> Any:
        if self._load is not None:
            return as_tensor(self._load(item))
        image = item.image.convert("RGB")
        if item.width is not None and image.size != item.size:
            raise MediaError(
                f"the picture of {item.name!r} is {image.size[0]}x{image.size[1]}, its labels lie in "
                f"{item.width}x{item.height}",
                path=str(item.path),
            )
        return as_tensor(image)


def as_tensor(picture: Any) -> Any:
    """Return a picture as a (3, H, W) uint8 tensor; a tensor comes back as it is."""
    module = torch()
    if isinstance(picture, module.Tensor):
        return picture
    array = np.array(picture)
    array = array[:, :, None] if array.ndim == 2 else array
    tensor = module.from_numpy(array).permute(2, 0, 1).contiguous()
    wrap = vision("Image")
    return tensor if wrap is None else wrap(tensor)
