"""The optional packages: torch, and torchvision's tensors that know what they are."""

from __future__ import annotations

from functools import cache
from typing import Any

from annokit.errors import MissingExtraError


@cache
def torch() -> Any:
    """Return the module torch; MissingExtraError says how to install it."""
    try:
        import torch as module
    except ImportError:
        raise MissingExtraError.of("torch", "torch", "a torch dataset") from None
    return module


@cache
def vision(name: str) -> Any:
    """Return a class of torchvision.tv_tensors, None where torchvision is missing."""
    try:
        from torchvision import tv_tensors
    except ImportError:
        return None
    return getattr(tv_tensors, name)
