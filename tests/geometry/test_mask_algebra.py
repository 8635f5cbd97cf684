"""Masks joined, cut and compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco

import annokit
from annokit import Mask
from annokit.geometry import mask_difference, mask_intersection, mask_iou, mask_union

STACKS = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


@given(STACKS)
def test_sets_of_pixels(stack):
    masks = [Mask.encode(flags) for flags in stack]
    np.testing.assert_array_equal(mask_union(masks).decode(), stack.any(axis=0))
    np.testing.assert_array_equal(mask_intersection(masks).decode(), stack.all(axis=0))
    np.testing.assert_array_equal(mask_difference(masks[0], masks[1:]).decode(), stack[0] & ~stack[1:].any(axis=0))
    first, last = masks[0], masks[-1]
    np.testing.assert_array_equal((first | last).decode(), stack[0] | stack[-1])
    np.testing.assert_array_equal((first & last).decode(), stack[0] & stack[-1])
    np.testing.assert_array_equal((first - last).decode(), stack[0] & ~stack[-1])


@given(STACKS)
def test_strings_are_those_of_pycocotools(stack):
    masks = [Mask.encode(flags) for flags in stack]
    listed = [{"size": list(mask.size), "counts": mask.rle} for mask in masks]
    assert mask_union(masks).rle == coco.merge(listed)["counts"]
    assert mask_intersection(masks).rle == coco.merge(listed, intersect=True)["counts"]


@given(STACKS)
def test_intersection_over_union(stack):
    masks = [Mask.encode(flags) for flags in stack]
    found = mask_iou(masks, masks[:2])
    both = (stack[:, None] & stack[None, :2]).sum(axis=(2, 3))
    either = (stack[:, None] | stack[None, :2]).sum(axis=(2, 3))
    np.testing.assert_allclose(found, np.where(either, both / np.maximum(either, 1), 0))


def test_none_and_other_sizes():
    mask, other = Mask.encode(np.ones((2, 3))), Mask.encode(np.ones((3, 2)))
    assert mask_iou([], [mask]).shape == (0, 1)
    assert mask_iou([mask], []).shape == (1, 0)
    with pytest.raises(annokit.UsageError, match="expected masks of one size; found none"):
        mask_union([])
    for wrong in (lambda: mask | other, lambda: mask_iou([mask], [other]), lambda: mask_intersection([mask, other])):
        with pytest.raises(annokit.UsageError, match="found 3 x 2, 2 x 3"):
            wrong()
    with pytest.raises(TypeError):
        _ = mask | 3


def test_run_lengths_that_do_not_fit():
    good, bad = Mask.encode(np.ones((2, 3))), Mask((2, 3), b"0")
    for wrong in (lambda: good & bad, lambda: mask_iou([good], [bad])):
        with pytest.raises(annokit.FormatError):
            wrong()


def test_hundreds_against_hundreds():
    rng = np.random.default_rng(0)
    masks = [Mask.encode(rng.random((20, 30)) < 0.5) for _ in range(200)]
    found = mask_iou(masks, masks)
    np.testing.assert_array_equal(np.diag(found), 1)
    np.testing.assert_array_equal(found, found.T)
