"""Rows are split in order of time, as Robyn counts them."""

import numpy as np
import pytest
from mmmflow_native.model.split import split


@pytest.mark.parametrize(
    ("train_size", "w", "train", "val"),
    [
        (0.5, 10, 5, 2),  # quantile 5.5, validation 2.5 rows
        (0.6, 157, 94, 31),  # quantile 94.6, validation 31.4 rows
        (0.8, 186, 149, 18),  # quantile 149, validation 18.6 rows
    ],
)
def test_rows_are_the_floor_of_the_quantile(
    train_size: float, w: int, train: int, val: int
) -> None:
    rows = split(np.array([train_size]), w)

    assert rows.train_end.tolist() == [train]
    assert (rows.val_end - rows.train_end).tolist() == [val]


def test_train_size_of_1_trains_on_all_rows() -> None:
    rows = split(np.array([1.0]), 60)

    assert rows.train_end.tolist() == rows.val_end.tolist() == [60]


def test_test_rows_are_the_rest() -> None:
    (_, (first, end)) = split(np.array([0.5]), 10).parts(10)

    assert (first.tolist(), end.tolist()) == ([7], [10])
