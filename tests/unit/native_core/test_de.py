"""Differential evolution keeps what no other member dominates."""

import numpy as np
from mmmflow_native.model.problem import FloatArray
from mmmflow_native.optimise.de import (
    DifferentialEvolution,
    crowding_distance,
    dominates,
    survivors,
)


def _errors(unit: FloatArray) -> FloatArray:
    """Two errors that can't both be 0: the front is x[0] + x[1] = 1."""
    distance = ((unit[:, 1:] - 0.5) ** 2).sum(axis=1)
    along = unit[:, 0]
    return np.column_stack([along + distance, 1 - along + distance])


def _evolve(seed: int, generations: int) -> FloatArray:
    trial = DifferentialEvolution(6, seed)
    for _ in range(generations):
        errors = _errors(trial.ask(1000))
        trial.tell(errors)
    return errors


def test_dominating_is_better_somewhere_and_worse_nowhere() -> None:
    a = np.array([[1.0, 2.0], [1.0, 1.0], [1.0, 3.0]])
    b = np.array([1.0, 2.0])

    assert dominates(a, b).tolist() == [False, True, False]


def test_first_front_survives_before_the_second() -> None:
    errors = np.array([[2.0, 2.0], [1.0, 3.0], [3.0, 1.0], [4.0, 4.0]])

    assert sorted(survivors(errors, 3).tolist()) == [0, 1, 2]


def test_crowded_members_go_first() -> None:
    errors = np.array([[0.0, 1.0], [0.1, 0.9], [0.12, 0.88], [1.0, 0.0]])

    assert sorted(survivors(errors, 3).tolist()) in ([0, 1, 3], [0, 2, 3])


def test_ends_of_a_front_have_the_most_room() -> None:
    room = crowding_distance(np.array([[0.0, 1.0], [0.4, 0.5], [1.0, 0.0]]))

    assert room.tolist() == [np.inf, 2.0, np.inf]


def test_positions_stay_in_the_cube() -> None:
    trial = DifferentialEvolution(6, 1)
    for _ in range(30):
        unit = trial.ask(1000)
        assert ((unit >= 0) & (unit <= 1)).all()
        trial.tell(_errors(unit))


def test_no_more_positions_are_asked_than_wanted() -> None:
    trial = DifferentialEvolution(6, 1)
    trial.tell(_errors(trial.ask(1000)))

    assert len(trial.ask(3)) == 3


def test_members_without_finite_errors_are_replaced() -> None:
    trial = DifferentialEvolution(6, 1)
    for _ in range(60):
        unit = trial.ask(1000)
        errors = _errors(unit)
        # Less of the one error than any other member has, but no other.
        errors[unit[:, 0] < 0.2, 1] = np.inf
        trial.tell(errors)

    assert (trial.ask(1000)[:, 0] > 0.1).mean() > 0.9


def test_undefined_errors_do_not_stop_the_evolution() -> None:
    trial = DifferentialEvolution(6, 1)
    for _ in range(3):
        errors = _errors(trial.ask(1000))
        errors[::2] = np.nan
        trial.tell(errors)

    assert np.isfinite(trial.ask(1000)).all()


def test_evolution_comes_near_the_front() -> None:
    excess = _evolve(1, 100).sum(axis=1) - 1

    assert np.median(excess) < 0.01


def test_same_seed_takes_the_same_path() -> None:
    np.testing.assert_array_equal(_evolve(4, 20), _evolve(4, 20))


def test_other_seed_takes_another_path() -> None:
    assert (_evolve(4, 20) != _evolve(5, 20)).any()
