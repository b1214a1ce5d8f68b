"""A model with new periods: near the previous one, and why it moved.

As Robyn's refresh.R, hyperparameters are searched only near the previous
model's, the closer the fewer periods are new, and DECOMP.RSSD is the distance
from the previous model's decomposition. The model is chosen by the same rule
as any other (Robyn takes the lowest RSSD alone).
"""

from dataclasses import dataclass, replace

import numpy as np

from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import FloatArray, Previous, Problem
from mmmflow_native.model.regularisation import lambda_position
from mmmflow_native.write.model_json import Model

CAUSES = ("previous", "data", "window", "selection")


@dataclass(frozen=True, eq=False)
class Movement:
    """ROAS (k,) on the way from the previous model to the new one.

    previous: as it was. data: its hyperparameters on the old window of the
    new data (values that were restated, components estimated again). window:
    the same on the new window. selection: the new model. What lies between
    two steps is what its cause has moved.
    """

    channels: tuple[str, ...]
    previous: FloatArray
    data: FloatArray
    window: FloatArray
    selection: FloatArray


def refreshed(problem: Problem, old: Model) -> Problem:
    """The problem of a refresh: ranges near the old model's values.

    Raises `UserError` where the old model is no model of this problem, or
    nothing is new, or everything.
    """
    _check_same(problem, old.problem)
    steps = _new_periods(problem, old.problem)
    freedom = steps / problem.w
    parts = np.append(old.contribution, old.intercept * old.problem.w)
    shares = parts / parts.sum()
    return replace(
        problem,
        ranges=_near(problem, old, freedom),
        previous=Previous(float(shares[-1]), shares[:-1], steps),
    )


def movement(problem: Problem, old: Model, new: Fit) -> Movement:
    """Why ROAS moved from the old model to the new one."""
    values = dict(old.hyperparameters)
    then = replace(problem, window=_window_then(problem, old.problem))
    return Movement(
        channels=tuple(
            problem.columns[i].channel or problem.names[i] for i in problem.paid
        ),
        previous=_roas(old.problem, old.contribution),
        data=_roas(then, _refit(then, values, old).contribution),
        window=_roas(problem, _refit(problem, values, old).contribution),
        selection=_roas(problem, new.contribution),
    )


def about_movement(found: Movement) -> list[str]:
    """The largest cause for each channel whose ROAS moved by a tenth."""
    path = np.stack([getattr(found, cause) for cause in CAUSES])
    moved = np.diff(path, axis=0)
    said = []
    for i, channel in enumerate(found.channels):
        start, end = path[0, i], path[-1, i]
        if abs(end - start) > 0.1 * abs(start):
            most = CAUSES[1 + int(np.argmax(np.abs(moved[:, i])))]
            said.append(
                f"ROAS of {channel} went from {start:.2f} to {end:.2f}, most "
                f"of it by {most} ({', '.join(_steps(moved[:, i]))})."
            )
    return said


def _steps(moved: FloatArray) -> list[str]:
    return [
        f"{cause} {step:+.2f}"
        for cause, step in zip(CAUSES[1:], moved.tolist(), strict=True)
    ]


def _refit(problem: Problem, values: dict[str, float], old: Model) -> Fit:
    return fit(
        replace(problem, lifts=(), previous=None), values, solver=old.solver
    )


def _roas(problem: Problem, contribution: FloatArray) -> FloatArray:
    spend = problem.spend[problem.window].sum(axis=0)
    some = np.where(spend > 0, spend, np.nan)
    return np.asarray(contribution[problem.paid] / some)


def _check_same(problem: Problem, old: Problem) -> None:
    different = sorted(set(problem.names) ^ set(old.names))
    if different:
        raise UserError(
            f"the previous model and this one differ in {different}",
            "refresh with the variables of the previous model, or train anew",
        )
    if (problem.adstock, problem.interval) != (old.adstock, old.interval):
        raise UserError(
            f"the previous model has {old.adstock} adstock by {old.interval}, "
            f"this one {problem.adstock} by {problem.interval}",
            "train anew",
        )


def _new_periods(problem: Problem, old: Problem) -> int:
    last = old.dates[old.window][-1]
    steps = int((problem.dates[problem.window] > last).sum())
    if steps == 0:
        raise UserError(
            f"no period of the window is after {last}, where the previous "
            "model ends",
            "give newer data, or end the window later",
        )
    if steps == problem.w:
        raise UserError(
            "every period of the window is new since the previous model",
            "train anew, or start the window earlier",
        )
    return steps


def _near(
    problem: Problem, old: Model, freedom: float
) -> dict[str, tuple[float, float] | float]:
    """Ranges around the old values, `freedom` of the range to each side."""
    ranges: dict[str, tuple[float, float] | float] = {}
    for name, given in problem.ranges.items():
        if not isinstance(given, tuple) or name not in old.hyperparameters:
            ranges[name] = given
            continue
        at = old.hyperparameters[name]
        if name == "lambda":
            at = float(lambda_position(old.problem, np.array([at]))[0])
        low, high = given
        reach = (high - low) * freedom
        at = min(max(at, low), high)
        ranges[name] = (max(low, at - reach), min(high, at + reach))
    return ranges


def _window_then(problem: Problem, old: Problem) -> slice:
    """The old window's rows in the new data."""
    first, last = old.dates[old.window][[0, -1]]
    inside = np.flatnonzero((problem.dates >= first) & (problem.dates <= last))
    if len(inside) != old.w:
        raise UserError(
            f"the data no longer hold all periods from {first} to {last}, "
            "which the previous model was fitted to",
            "give the whole series, or train anew",
        )
    return slice(int(inside[0]), int(inside[-1]) + 1)
