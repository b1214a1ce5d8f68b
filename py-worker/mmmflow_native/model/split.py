"""Rows to train on, to validate on and to test on, in order of time.

The split of Robyn 3.12: train = floor of the quantile train_size of 1…w,
validation = floor((1 − train_size) / 2 · w) rows, test the rest.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of the window per candidate: [0, train) [train, val) [val, w)."""

    train_end: IntArray  # (c,)
    val_end: IntArray  # (c,)

    def parts(self, w: int) -> tuple[tuple[IntArray, IntArray], ...]:
        """First and end row (c,) of validation and test."""
        end = np.full_like(self.val_end, w)
        return (self.train_end, self.val_end), (self.val_end, end)


def split(train_size: FloatArray, w: int) -> Split:
    """Split w rows for train sizes (c,) in (0, 1]; 1 trains on all rows."""
    position = 1.0 + (w - 1) * train_size
    below = np.floor(position)
    part = position - below
    quantile = (1.0 - part) * below + part * np.ceil(position)
    train = np.where(train_size < 1, np.floor(quantile), w).astype(np.int64)
    val = np.floor((1.0 - train_size) / 2.0 * w).astype(np.int64)
    return Split(train, np.where(train_size < 1, train + val, w))
