"""Datasets for torch: map-style, light to pickle, the same in forked and spawned workers.

>>> from torch.utils.data import DataLoader  # doctest: +SKIP
>>> from annokit.interop.torch import as_dataset, collate  # doctest: +SKIP
>>> loader = DataLoader(as_dataset(ds), batch_size=16, num_workers=4, collate_fn=collate)  # doctest: +SKIP

What a target needs of the annotations is laid out once as flat tensors, which torch shares between processes; a worker
slices them, so that its memory does not grow. Needs the extra ``torch``.
"""

from annokit.interop.torch.batches import collate, unpack
from annokit.interop.torch.dataset import TorchDataset, as_dataset

__all__ = ["TorchDataset", "as_dataset", "collate", "unpack"]
