"""Models at fixed hyperparameters have Robyn's numbers.

With the exact solver they are those of glmnet at the limit of its precision
(`fixed_*_tight`), with the glmnet solver those at its default tolerance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import Problem

EXACT = 1e-6
GLMNET = 1e-8


class Reference(Protocol):
    """What these tests ask of the `reference` fixture."""

    def case(self, name: str) -> Mapping[str, Any]: ...
    def problem_of(self, case: Mapping[str, Any]) -> Problem: ...
    def hyperparameters_of(
        self, case: Mapping[str, Any]
    ) -> dict[str, float]: ...


@dataclass(frozen=True)
class Model:
    """A case fitted again, beside Robyn's numbers of it."""

    case: Mapping[str, Any]
    problem: Problem
    fit: Fit
    bound: float

    def check(self, ours: Any, robyns: Any) -> None:
        """Every number agrees relatively; 0 to that part of the largest."""
        actual, expected = np.atleast_1d(ours), np.atleast_1d(robyns)
        scale = np.where(expected == 0, np.abs(expected).max(), expected)
        error = np.abs(actual - expected)
        assert (error <= self.bound * np.abs(scale)).all()

    def table(self, name: str, column: str) -> dict[str, Any]:
        """A column of one of Robyn's tables, by the row's name."""
        table = self.case[name]
        rows = table["rn"] if isinstance(table["rn"], list) else [table["rn"]]
        values = table[column]
        values = values if isinstance(values, list) else [values]
        return dict(zip(rows, values, strict=True))


@pytest.fixture(scope="module")
def model(reference: Reference, case_name: str) -> Model:
    tight = case_name.endswith("_tight")
    case = reference.case(case_name)
    problem = reference.problem_of(case)
    model = fit(
        problem,
        reference.hyperparameters_of(case),
        solver="exact" if tight else "glmnet",
    )
    return Model(case, problem, model, EXACT if tight else GLMNET)


@pytest.mark.parametrize(
    "metric",
    [
        "nrmse_train",
        "nrmse_val",
        "nrmse_test",
        "rsq_train",
        "rsq_val",
        "rsq_test",
    ],
)
def test_errors_are_robyns(model: Model, metric: str) -> None:
    expected = model.case["metrics"][metric]
    if expected is None:
        assert getattr(model.fit, metric) is None
    else:
        model.check(getattr(model.fit, metric), expected)


def test_rssd_is_robyns(model: Model) -> None:
    model.check(model.fit.decomp_rssd, model.case["metrics"]["decomp.rssd"])


def test_mape_is_robyns(model: Model) -> None:
    model.check(model.fit.mape, model.case["metrics"]["mape"])


def test_coefficients_are_robyns(model: Model) -> None:
    expected = model.case["coefs"]
    model.check(
        [model.fit.intercept, *model.fit.coefficients],
        [expected[name] for name in ("(Intercept)", *model.problem.names)],
    )


def test_decomposition_is_robyns(model: Model) -> None:
    expected = model.table("decomposition", "xDecompAgg")
    intercept = model.fit.intercept * model.problem.w
    model.check(
        [intercept, *model.fit.contribution],
        [expected[name] for name in ("(Intercept)", *model.problem.names)],
    )


@pytest.mark.parametrize("share", ["effect_share", "spend_share"])
def test_shares_are_robyns(model: Model, share: str) -> None:
    expected = model.table("decomposition", share)
    model.check(
        getattr(model.fit, share),
        [expected[name] for name in model.problem.paid_names],
    )


def test_fitted_values_are_robyns(model: Model) -> None:
    model.check(model.fit.fitted, model.case["fitted"])


@pytest.mark.parametrize("of", ["inflexion", "inflation"])
def test_transformation_is_robyns(model: Model, of: str) -> None:
    expected = model.case[f"{of}s"]
    model.check(
        getattr(model.fit, f"{of}s"),
        [expected[f"{name}_{of}"] for name in model.problem.media_names],
    )


def test_saturated_media_are_robyns(model: Model) -> None:
    expected = model.case.get("saturated", {})
    for j, name in enumerate(model.problem.media_names):
        if name in expected:
            model.check(model.fit.saturated[:, j], expected[name])


@pytest.mark.parametrize("part", ["Immediate", "Carryover"])
def test_immediate_and_carryover_are_robyns(model: Model, part: str) -> None:
    table = model.case["carryover_pct"]
    expected = {
        name: response
        for name, kind, response in zip(
            table["rn"], table["type"], table["response"], strict=True
        )
        if kind == part
    }
    ours = getattr(model.fit, part.lower()).sum(axis=0)
    # One is the total less the other: both are as exact as the total is.
    total = model.fit.contribution[model.problem.media]
    for j, name in enumerate(model.problem.media_names):
        error = abs(ours[j] - expected[name])
        assert error <= model.bound * max(abs(total[j]), model.bound)


def test_answers_to_lift_tests_are_robyns(model: Model) -> None:
    if model.case["calibration_input"] is None:
        assert model.fit.lifts == ()
        return
    effect = model.table("calibration", "decompAbsScaled")
    total = model.table("calibration", "decompAbsTotalScaled")
    first = model.table("calibration", "decompStart")
    last = model.table("calibration", "decompEnd")
    for lift in model.fit.lifts:
        name = "+".join(lift.lift.columns)
        model.check(lift.predicted, effect[name])
        model.check(lift.predicted_total, total[name])
        assert (str(lift.first), str(lift.last)) == (first[name], last[name])
