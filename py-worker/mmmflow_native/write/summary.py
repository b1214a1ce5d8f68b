"""model_summary.json: what a run found, the same whichever engine ran."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.choice.selection import Selection
from mmmflow_native.data.config import JobConfig
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.optimise.solutions import Solutions


def summary(
    config: JobConfig,
    problem: Problem,
    solutions: Solutions,
    selection: Selection,
    *,
    fit: Fit,
    allocation: Allocation | None,
    onepager: str,
    warnings: Sequence[str],
) -> dict[str, Any]:
    """The summary of a run; `fit` is the selected model's.

    `onepager` is relative to the output folder.
    """
    dates = problem.dates[problem.window]
    candidates = [
        _model(solutions, selection, model) for model in selection.candidates
    ]
    return {
        "schema_version": 1,
        "experiment_id": config.experiment_id,
        "country": config.country,
        "dep_var": config.dep_var,
        "dep_var_type": config.dep_var_type,
        "engine": {
            "name": config.engine_name,
            "version": config.engine_version,
        },
        "window": {
            "start": str(dates[0]),
            "end": str(dates[-1]),
            "periods": problem.w,
            "interval": problem.interval,
        },
        "models_evaluated": len(solutions),
        "pareto_models": len(selection.kept),
        "selected": {
            **candidates[0],
            "rule": selection.rule,
            "onepager": onepager,
            "decomposition": _decomposition(problem, fit),
            "channels": _channels(problem, fit),
        },
        "candidates": candidates,
        "allocation": None if allocation is None else _proposal(allocation),
        "warnings": list(warnings),
    }


def _model(
    solutions: Solutions, selection: Selection, model: int
) -> dict[str, Any]:
    position = selection.position(model)
    tested = selection.backtest
    return {
        "model_id": solutions.ids[model],
        "pareto_front": int(selection.pareto.front[model]) or None,
        "cluster": int(selection.cluster[position]) or None,
        "error_score": float(selection.error_score[model]),
        "rank": int(selection.rank[position]),
        "plausible": bool(selection.plausible[position]),
        "decomp_rssd": float(solutions.decomp_rssd[model]),
        "mape": _mape(solutions, model),
        "nrmse_train": float(solutions.nrmse_train[model]),
        "nrmse_val": _defined(solutions.nrmse_val[model]),
        "nrmse_test": _defined(solutions.nrmse_test[model]),
        "nrmse_backtest": _defined(
            tested.nrmse[position] if tested else np.nan
        ),
        "rsq_train": float(solutions.rsq_train[model]),
        "rsq_val": _defined(solutions.rsq_val[model]),
        "rsq_test": _defined(solutions.rsq_test[model]),
        "intercept_dropped": bool(solutions.intercept_dropped[model]),
    }


def _mape(solutions: Solutions, model: int) -> float | None:
    """None without lift tests, where it is 0 for every model."""
    if not solutions.mape.any():
        return None
    return _defined(solutions.mape[model])


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _decomposition(problem: Problem, fit: Fit) -> list[dict[str, Any]]:
    base = fit.intercept * problem.w
    total = base + float(fit.contribution.sum())
    parts: list[dict[str, Any]] = [
        {
            "variable": "(Intercept)",
            "kind": "intercept",
            "contribution": base,
            "share": _ratio(base, total) or 0.0,
        }
    ]
    for column, value in zip(
        problem.columns, fit.contribution.tolist(), strict=True
    ):
        part: dict[str, Any] = {
            "variable": column.name,
            "kind": column.kind,
            "contribution": value,
            "share": _ratio(value, total) or 0.0,
        }
        if column.channel is not None:
            part["channel"] = column.channel
        parts.append(part)
    return parts


def _channels(problem: Problem, fit: Fit) -> list[dict[str, Any]]:
    total = fit.intercept * problem.w + float(fit.contribution.sum())
    spent = problem.spend[problem.window].sum(axis=0)
    channels = []
    for i, column in enumerate(problem.paid.tolist()):
        spend, effect = float(spent[i]), float(fit.contribution[column])
        channels.append(
            {
                "channel": problem.columns[column].channel,
                "variable": problem.names[column],
                "spend": spend,
                "spend_share": float(fit.spend_share[i]),
                "contribution": effect,
                "share": _ratio(effect, total) or 0.0,
                "effect_share": float(fit.effect_share[i]),
                "roas": _ratio(effect, spend),
                "cpa": _ratio(spend, effect),
            }
        )
    return channels


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _proposal(allocation: Allocation) -> Mapping[str, Any]:
    return {
        "scenario": allocation.scenario,
        "total_budget": allocation.total_budget,
        "periods": allocation.periods,
        "response_now": allocation.response_now,
        "response_proposed": allocation.response_proposed,
        "channels": [
            {
                "channel": channel.channel,
                "spend_now": channel.spend_now,
                "spend_proposed": channel.spend_proposed,
                "response_now": channel.response_now,
                "response_proposed": channel.response_proposed,
                "beyond_observed": bool(channel.beyond_observed),
            }
            for channel in allocation.channels
        ],
    }
