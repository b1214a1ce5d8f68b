"""Splits by dynamic programming are the best there are."""

from itertools import product

import numpy as np
import pytest
from mmmflow_native.budget.knapsack import combine, single

VALUES = np.random.default_rng(3).random((3, 7)).round(2)
STEPS = 12


def test_every_total_has_the_best_of_all_its_splits() -> None:
    whole = combine([single(i, v, STEPS) for i, v in enumerate(VALUES)])
    for total in range(STEPS + 1):
        best = max(
            sum(float(VALUES[i, e]) for i, e in enumerate(split))
            for split in product(range(7), repeat=3)
            if sum(split) == total
        )
        assert whole.value[total] == pytest.approx(best)


def test_a_split_is_worth_what_it_says() -> None:
    whole = combine([single(i, v, STEPS) for i, v in enumerate(VALUES)])
    for total in range(STEPS + 1):
        steps = whole.steps[total]
        assert steps.sum() == total
        worth = sum(float(VALUES[i, e]) for i, e in enumerate(steps))
        assert worth == pytest.approx(whole.value[total])


def test_more_than_all_can_take_is_impossible() -> None:
    whole = combine([single(0, VALUES[0], 20), single(1, VALUES[1], 20)])
    assert np.isfinite(whole.value[: 2 * 6 + 1]).all()
    assert (whole.value[2 * 6 + 1 :] == -np.inf).all()


def test_a_group_keeps_within_its_limits() -> None:
    group = combine([single(i, VALUES[i], STEPS) for i in (0, 1)])
    whole = combine([group.within(3, 5), single(2, VALUES[2], STEPS)])
    for total in np.flatnonzero(np.isfinite(whole.value)):
        assert 3 <= whole.steps[total][:2].sum() <= 5


def test_of_equal_splits_the_first_part_keeps_more() -> None:
    flat = np.zeros(5)
    whole = combine([single(0, flat, 4), single(1, flat, 4)])
    assert whole.steps.tolist() == [[b, 0] for b in range(5)]
