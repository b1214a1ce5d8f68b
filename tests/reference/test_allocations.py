"""The allocator finds at least what Robyn's finds, and what many starts do."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pytest
from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.budget.response import Responses, responses
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import Adstock, FloatArray, Problem
from scipy.optimize import minimize

BELOW_ROBYN = 1e-3
STARTS = 50
# Bounds that Robyn takes where none are given (allocator.R).
BOUNDS = {"max_response": (0.5, 2.0), "target_efficiency": (0.1, 10.0)}
SCENARIOS = ("max_response", "max_response_budget", "target_efficiency")


class Reference(Protocol):
    """What these tests ask of the `reference` fixture."""

    @property
    def directory(self) -> Path: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    def case(self, name: str) -> Mapping[str, Any]: ...
    def problem(self, adstock: Adstock) -> Problem: ...


@dataclass(frozen=True)
class Proposal:
    """Our proposal beside Robyn's rows, and the curves both maximised."""

    ours: Allocation
    robyns: list[dict[str, str]]
    model: Responses

    def robyn(self, column: str) -> dict[str, float]:
        """A column of Robyn's, by variable."""
        return {row["channels"]: float(row[column]) for row in self.robyns}

    def robyn_total(self, column: str) -> float:
        """A total of Robyn's, which it repeats in every row."""
        return float(self.robyns[0][column])


@pytest.fixture(scope="module", params=SCENARIOS)
def proposal(reference: Reference, request: pytest.FixtureRequest) -> Proposal:
    """Return the scenario allocated again, on Robyn's own coefficients."""
    name = f"allocation_{request.param}"
    if not (reference.directory / f"{name}.json").exists():
        pytest.skip(f"no {name} in this reference")
    asked = reference.case(name)
    arguments = asked["args"]
    scenario = arguments["scenario"]
    low, high = BOUNDS[scenario]
    problem = reference.problem(_adstock(asked["hyperparameters"]))
    fitted = replace(
        fit(problem, asked["hyperparameters"]),
        coefficients=np.array(
            [asked["coefs"].get(n, 0.0) for n in reference.names]
        ),
    )
    low = arguments.get("channel_constr_low", low)
    high = arguments.get("channel_constr_up", high)
    channels = problem.paid_names
    pairs = np.column_stack(
        [
            np.broadcast_to(low, len(channels)),
            np.broadcast_to(high, len(channels)),
        ]
    ).tolist()
    with (reference.directory / f"{name}.csv").open() as file:
        robyns = list(csv.DictReader(file))
    ours = allocate(
        problem,
        fitted,
        scenario=scenario,
        total_budget=arguments.get("total_budget"),
        bounds={
            "default": (0.5, 2.0),
            **{c: (b[0], b[1]) for c, b in zip(channels, pairs, strict=True)},
        },
        dep_var_type="conversion"
        if robyns[0]["dep_var_type"] == "conversion"
        else "revenue",
        target_value=arguments.get("target_value"),
    )
    return Proposal(ours, robyns, responses(problem, fitted))


def _adstock(hyperparameters: Mapping[str, float]) -> Adstock:
    names = list(hyperparameters)
    if any(name.endswith("_thetas") for name in names):
        return "geometric"
    pytest.skip("which Weibull this is does not show in its names")


def test_what_is_spent_and_earned_now_is_what_robyn_says(
    proposal: Proposal,
) -> None:
    spend = proposal.robyn("initSpendUnit")
    response = proposal.robyn("initResponseUnitSim")
    for channel in proposal.ours.channels:
        name = channel.variable
        assert channel.spend_now == pytest.approx(spend[name], rel=1e-8)
        assert channel.response_now == pytest.approx(response[name], rel=1e-8)


def test_the_proposal_brings_no_less_than_robyns(proposal: Proposal) -> None:
    theirs = proposal.robyn_total("optmResponseTotal")
    assert proposal.ours.response_proposed >= theirs * (1 - BELOW_ROBYN)


def test_the_proposal_stays_within_robyns_bounds(proposal: Proposal) -> None:
    low = proposal.robyn("constr_low_abs")
    high = proposal.robyn("constr_up_abs")
    for channel in proposal.ours.channels:
        least, most = low[channel.variable], high[channel.variable]
        assert channel.spend_proposed >= least * (1 - 1e-8)
        assert channel.spend_proposed <= most * (1 + 1e-8)


def test_the_budget_is_robyns_or_the_target_is_met(proposal: Proposal) -> None:
    ours = proposal.ours
    if ours.scenario == "max_response":
        budget = proposal.robyn_total("optmSpendTotal")
        assert ours.total_budget == pytest.approx(budget, rel=1e-6)
    else:
        reached = ours.response_proposed / ours.total_budget
        assert reached >= _target_roas(ours) * (1 - 1e-7)


def test_no_start_of_slsqp_ends_higher(proposal: Proposal) -> None:
    random = np.random.default_rng(1)
    best = max(
        _slsqp(proposal, random.random(len(proposal.ours.channels)))
        for _ in range(STARTS)
    )
    assert 0 < best <= proposal.ours.response_proposed * (1 + 1e-9)


def _target_roas(ours: Allocation) -> float:
    assert ours.target_value is not None
    if ours.dep_var_type == "revenue":
        return ours.target_value
    return 1 / ours.target_value


def _slsqp(proposal: Proposal, start: FloatArray) -> float:
    """Total response where SLSQP ends; 0 if it is not allowed to be there."""
    ours, model = proposal.ours, proposal.model
    low = np.array([c.spend_low for c in ours.channels])
    span = np.array([c.spend_high for c in ours.channels]) - low
    budget = ours.total_budget / ours.periods
    unit = ours.response_proposed / ours.periods
    kind: Literal["eq", "ineq"] = "eq"
    target = np.inf  # Σ spend - Σ response / ∞ = budget
    if ours.scenario == "target_efficiency":
        kind, target, budget = "ineq", _target_roas(ours), 0.0

    def spend(z: FloatArray) -> FloatArray:
        return np.asarray(low + z * span)

    def loss(z: FloatArray) -> float:
        return -float(model.response(spend(z)).sum()) / unit

    def loss_slope(z: FloatArray) -> FloatArray:
        return np.asarray(-model.marginal(spend(z)) * span / unit)

    def rule(z: FloatArray) -> float:
        earned = float(model.response(spend(z)).sum()) / target
        return (budget + earned - float(spend(z).sum())) / unit

    def rule_slope(z: FloatArray) -> FloatArray:
        slope = model.marginal(spend(z)) / target - 1
        return np.asarray(slope * span / unit)

    result = minimize(
        loss,
        start,
        jac=loss_slope,
        bounds=[(0.0, 1.0)] * len(low),
        constraints=[{"type": kind, "fun": rule, "jac": rule_slope}],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 300},
    )
    off = rule(result.x)
    allowed = off >= -1e-9 and (kind == "ineq" or off <= 1e-9)
    return -loss(result.x) * ours.response_proposed if allowed else 0.0
