"""Which of several finished experiments is the best: the rules, in one place.

Every run selects its own best model. Between runs of one country and goal
the default is the least error on periods that the model was not fitted on:
NRMSE on the test rows where the run held some out, else in its backtest.
Errors in sample flatter, and DECOMP.RSSD only measures how close effects are
to spends. A team that chooses otherwise says so in its settings; whichever
rule holds is stated beside what it chose.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mmmflow.domain.errors import Problem

Model = Mapping[str, Any]
Experiment = Mapping[str, Any]
RuleName = Literal["out_of_sample", "error_score", "weighted"]

# What weights may be given to, and how it is called.
MEASURES: Mapping[str, str] = {
    "nrmse_train": "NRMSE in sample",
    "nrmse_val": "NRMSE on the validation rows",
    "nrmse_test": "NRMSE on the test rows",
    "nrmse_backtest": "NRMSE in the backtest",
    "rsq_train": "1 − R² in sample",
    "rsq_val": "1 − R² on the validation rows",
    "rsq_test": "1 − R² on the test rows",
    "decomp_rssd": "DECOMP.RSSD",
}


@dataclass(frozen=True)
class Rule:
    """How runs are compared; weights are for the rule `weighted` only."""

    name: RuleName = "out_of_sample"
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The rule as a person reads it."""
        match self.name:
            case "out_of_sample":
                return (
                    "least NRMSE out of sample (test rows where the run"
                    " validated, else its backtest); runs without one come"
                    " last, by NRMSE on their training rows"
                )
            case "error_score":
                return (
                    "Robyn's error score over the runs compared: NRMSE (on"
                    " the test rows where the run validated, else in sample),"
                    " DECOMP.RSSD and MAPE of lift tests, each scaled to 0…1"
                    " over these runs, with equal weights"
                )
        parts = ", ".join(
            f"{weight:g} × {MEASURES[name]}"
            for name, weight in self.weights.items()
            if weight
        )
        return (
            f"least weighted mean of {parts}; a run that lacks one of them"
            " comes after those that have them all"
        )


DEFAULT = Rule()


def read(settings: Mapping[str, Any] | None) -> Rule:
    """The rule of a settings document; the default where there is none."""
    if settings is None:
        return DEFAULT
    return Rule(settings["rule"], dict(settings.get("weights") or {}))


def problems(settings: Mapping[str, Any]) -> list[Problem]:
    """What in settings that are valid by their schema makes no sense."""
    if settings["rule"] != "weighted" and "weights" in settings:
        what = f"the rule {settings['rule']} takes none"
        return [Problem("weights", what, "leave them out, or ask for weighted")]
    return []


def score(model: Model) -> float:
    """The error out of sample, else in sample; less is better."""
    for name in ("nrmse_test", "nrmse_backtest"):
        if model[name] is not None:
            return float(model[name])
    return float(model["nrmse_train"])


def is_out_of_sample(model: Model) -> bool:
    return not (model["nrmse_test"] is None and model["nrmse_backtest"] is None)


def ranked(
    experiments: Iterable[Experiment], rule: Rule = DEFAULT
) -> list[Experiment]:
    """Finished experiments, the best first; the older one wins a tie."""
    return [experiment for experiment, _ in scored(experiments, rule)]


def scored(
    experiments: Iterable[Experiment], rule: Rule = DEFAULT
) -> list[tuple[Experiment, float]]:
    """As `ranked`, each with the rule's score; less is better."""
    compared = list(experiments)
    models = [experiment["result"]["selected"] for experiment in compared]
    if rule.name == "error_score":
        scores = [(0.0, error) for error in _error_scores(models)]
    elif rule.name == "weighted":
        scores = [_weighted(model, rule.weights) for model in models]
    else:
        scores = [
            (float(not is_out_of_sample(model)), score(model))
            for model in models
        ]
    order = sorted(
        zip(scores, compared, strict=True),
        key=lambda pair: (pair[0], pair[1]["id"]),
    )
    return [(experiment, error) for (_, error), experiment in order]


def _weighted(
    model: Model, weights: Mapping[str, float]
) -> tuple[float, float]:
    """(weight of what the run lacks, mean of what it has).

    A run that has none of it is judged by its error in sample.
    """
    known = {
        name: weight
        for name, weight in weights.items()
        if weight and model.get(name) is not None
    }
    total = math.fsum(known.values())
    missing = math.fsum(weights.values()) - total
    if not total:
        return missing, float(model["nrmse_train"])
    errors = [
        weight * (1 - model[name] if name.startswith("rsq") else model[name])
        for name, weight in known.items()
    ]
    return missing, math.fsum(errors) / total


def _error_scores(models: Sequence[Model]) -> list[float]:
    """sqrt(Σ (scaled error / 3)²), as Robyn combines its three errors."""
    errors = zip(
        _scaled([_robyns_nrmse(model) for model in models]),
        _scaled([model["decomp_rssd"] for model in models]),
        _scaled([model.get("mape") for model in models]),
        strict=True,
    )
    return [math.hypot(*(error / 3 for error in three)) for three in errors]


def _robyns_nrmse(model: Model) -> float:
    test = model["nrmse_test"]
    return float(model["nrmse_train"] if test is None else test)


def _scaled(errors: Sequence[float | None]) -> list[float]:
    """To 0…1; what was not measured is the worst, unless nothing was."""
    known = [error for error in errors if error is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    spread = high - low
    return [
        float(bool(known))
        if error is None
        else (error - low) / spread
        if spread
        else 0.0
        for error in errors
    ]
