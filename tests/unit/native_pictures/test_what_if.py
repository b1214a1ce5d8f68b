"""What-if on a finished model: as the engine's allocator, without it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow.domain import allocator, what_if
from mmmflow.domain.allocator import Limits
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.domain.response import Curve
from mmmflow_native.budget import allocation_search as engine
from mmmflow_native.budget.allocation import FuturePeriod
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.budget.response import Responses, responses
from mmmflow_native.data.config import AllocationSettings
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.write import model_json

BOUNDS = {"default": (0.5, 2.0)}
AS_GOOD = 1e-3


class Model(Protocol):
    """What the `model` fixture holds."""

    @property
    def problem(self) -> Problem: ...
    @property
    def fit(self) -> Fit: ...


def exported(
    model: Model, path: Path, goal: Any = "revenue", **changes: Any
) -> Any:
    """The model's file, as a run leaves it."""
    problem, fit = model.problem, model.fit
    settings = AllocationSettings("max_response", None, None, BOUNDS, **changes)
    model_json.write_model(
        path / "model.json",
        model_json.Model(
            model_id="1_1_1",
            country="DE",
            dep_var="revenue",
            dep_var_type=goal,
            allocation=settings,
            problem=problem,
            hyperparameters=fit.hyperparameters,
            solver="exact",
            intercept=fit.intercept,
            coefficients=fit.coefficients,
            contribution=fit.contribution,
            responses=responses(problem, fit),
        ),
    )
    return json.loads((path / "model.json").read_text())


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.3, 1.9])
def test_a_budget_brings_what_the_engines_proposal_brings(
    model: Model, tmp_path: Path, factor: float
) -> None:
    document = exported(model, tmp_path)
    budget = what_if.answer(document, {})["spend_now"] * factor
    ours = what_if.answer(document, {"total_budget": budget})
    theirs = allocate(
        model.problem,
        model.fit,
        scenario="max_response",
        total_budget=budget,
        bounds=BOUNDS,
    )
    assert ours["total_budget"] == pytest.approx(budget)
    assert ours["response_now"] == pytest.approx(theirs.response_now)
    assert ours["response_proposed"] == pytest.approx(
        theirs.response_proposed, rel=AS_GOOD
    )


@pytest.mark.parametrize("goal", ["revenue", "conversion"])
def test_a_target_places_what_the_engine_places(
    model: Model, tmp_path: Path, goal: Any
) -> None:
    document = exported(model, tmp_path, goal)
    ours = what_if.answer(document, {"scenario": "target_efficiency"})
    theirs = allocate(
        model.problem,
        model.fit,
        scenario="target_efficiency",
        total_budget=None,
        bounds=BOUNDS,
        dep_var_type=goal,
    )
    assert ours["target_value"] == pytest.approx(theirs.target_value)
    for name in ("total_budget", "response_proposed"):
        assert ours[name] == pytest.approx(getattr(theirs, name), rel=AS_GOOD)


def test_other_bounds_and_locks_are_held(model: Model, tmp_path: Path) -> None:
    asked = {"bounds": {"CHANNEL_0": [1.1, 1.2]}, "locked": ["CHANNEL_1"]}
    first, second, _ = what_if.answer(exported(model, tmp_path), asked)[
        "channels"
    ]
    ratio = first["spend_proposed"] / first["spend_now"]
    assert 1.1 - 1e-9 <= ratio <= 1.2 + 1e-9
    assert second["locked"]
    assert second["spend_proposed"] == pytest.approx(second["spend_now"])


def test_a_future_period_counts_as_the_engine_counts(
    model: Model, tmp_path: Path
) -> None:
    start = model.problem.dates[-1] + 7
    end = start + 7 * 12
    period = {"name": "Q1", "start": str(start), "end": str(end)}
    found = what_if.answer(exported(model, tmp_path), {"period": period})
    theirs = FuturePeriod("Q1", start, end).count("week")
    assert found["periods"] == theirs


def test_the_frontier_never_falls(model: Model, tmp_path: Path) -> None:
    found = what_if.answer(exported(model, tmp_path), {})["frontier"]
    earned = [point["response"] for point in found]
    assert earned == sorted(earned)
    assert len(found) >= 50


@pytest.mark.parametrize("seed", range(12))
def test_curves_of_any_shape_are_split_as_well_as_by_the_engine(
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    k = int(random.integers(2, 9))
    spend = random.uniform(10, 1000, k)
    model = Responses(
        channels=tuple(f"c{i}" for i in range(k)),
        coefficient=random.uniform(0, 5000, k) * (random.random(k) < 0.85),
        alpha=random.uniform(0.5, 3.0, k),
        inflexion=spend * random.uniform(0.3, 3.0, k),
        carryover=spend * random.uniform(0, 0.8, k),
        spend_now=spend,
        spend_highest=spend * 3,
    )
    low, high = spend * random.uniform(0, 0.8, k), spend * 2.5
    budget = float(random.uniform(low.sum(), high.sum()))
    theirs = engine.best_for_budget(
        model, engine.Constraints(low, high), budget
    )
    curves = [
        Curve(
            channel=channel,
            **{
                name: float(getattr(model, name)[i])
                for name in (
                    "coefficient",
                    "alpha",
                    "inflexion",
                    "carryover",
                    "spend_now",
                    "spend_highest",
                )
            },
        )
        for i, channel in enumerate(model.channels)
    ]
    limits = Limits(tuple(low.tolist()), tuple(high.tolist()))
    ours = allocator.best_for_budget(curves, limits, budget)
    assert sum(ours) == pytest.approx(budget)
    assert allocator.response(curves, ours) >= (1 - AS_GOOD) * float(
        model.response(theirs).sum()
    )


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({"bounds": {"radio": [0, 1]}}, "bounds"),
        ({"bounds": {"CHANNEL_0": [2, 1]}}, "bounds.CHANNEL_0"),
        ({"locked": ["radio"]}, "locked"),
        ({"total_budget": 1.0}, "total_budget"),
        ({"total_budget": 1e12}, "total_budget"),
        ({"target_value": 2.0}, "target_value"),
        (
            {"scenario": "target_efficiency", "target_value": 1e9},
            "target_value",
        ),
        (
            {
                "period": {
                    "name": "x",
                    "start": "2020-01-06",
                    "end": "2020-02-03",
                }
            },
            "period",
        ),
    ],
)
def test_what_can_not_be_is_refused_by_its_field(
    model: Model, tmp_path: Path, asked: Any, where: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        what_if.answer(exported(model, tmp_path), asked)
    assert where in [problem.where for problem in refused.value.problems]


def test_a_channel_without_effect_gives_its_money_away(
    make_model: Callable[..., Model], tmp_path: Path
) -> None:
    model = make_model(channels=3, idle=(1,))
    document = exported(model, tmp_path)
    for row in document["responses"]:
        if row["channel"] == "CHANNEL_1":
            row["coefficient"] = 0.0
    found = what_if.answer(document, {})
    assert found["channels"][1]["spend_proposed"] == pytest.approx(0, abs=1e-6)
    assert any("CHANNEL_1 has no effect" in w for w in found["warnings"])


def test_a_file_without_curves_is_told_what_to_do(
    model: Model, tmp_path: Path
) -> None:
    document = exported(model, tmp_path) | {"responses": None}
    with pytest.raises(NotAllowedError, match="clone the experiment"):
        what_if.answer(document, {})
