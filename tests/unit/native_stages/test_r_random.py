"""R's random numbers: what R ≥ 3.6 itself prints."""

import pytest
from mmmflow_native.choice.r_random import RRandom


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (123, [3, 10, 2, 8, 6, 9, 1, 7, 5, 4]),
        (42, [1, 5, 10, 8, 2, 4, 6, 9, 7, 3]),
    ],
)
def test_a_permutation_is_rs_sample(seed: int, expected: list[int]) -> None:
    assert (RRandom(seed).sample(10, 10) + 1).tolist() == expected


def test_drawing_with_replacement_goes_on_in_the_same_stream() -> None:
    one, two = RRandom(7), RRandom(7)
    at_once = one.resample(90, 500)
    in_parts = [*two.resample(90, 200), *two.resample(90, 300)]
    assert at_once.tolist() == in_parts
    assert 0 <= at_once.min() <= at_once.max() < 90


def test_more_than_one_draw_can_index_is_refused() -> None:
    with pytest.raises(ValueError, match="100000 is more than"):
        RRandom(1).resample(100_000, 1)
