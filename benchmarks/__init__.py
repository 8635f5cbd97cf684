"""Figures that anyone can measure again: each a ratio against a floor in one run."""
