"""One model as JSON: complete enough to be fitted again anywhere.

It holds the engineered features as well as the hyperparameters, since a
component of Prophet comes out differently with another version of it. The
numbers are written so that they are read back bit by bit.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmmflow_native.budget.response import Responses
from mmmflow_native.data.allocation_settings import (
    read_settings,
    write_settings,
)
from mmmflow_native.data.config import AllocationSettings, GoalType
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import (
    Column,
    FloatArray,
    Lift,
    Previous,
    Problem,
    Solver,
)
from mmmflow_native.progress import write_json

FORMAT = "mmmflow-model"
VERSION = 1
TOLERANCE = 1e-9  # relative, of numbers that are fitted again


@dataclass(frozen=True, eq=False)
class Model:
    """A model and all that it takes to fit it again."""

    model_id: str
    country: str
    dep_var: str
    dep_var_type: GoalType
    allocation: AllocationSettings
    problem: Problem
    hyperparameters: Mapping[str, float]
    solver: Solver
    intercept: float
    coefficients: FloatArray  # (p,)
    contribution: FloatArray  # (p,)
    responses: Responses | None = None  # written for others, never read


def write_model(path: Path, model: Model) -> None:
    """Write a model to a file."""
    write_json(
        path,
        {
            "format": FORMAT,
            "version": VERSION,
            "model_id": model.model_id,
            "country": model.country,
            "dep_var": model.dep_var,
            "dep_var_type": model.dep_var_type,
            "solver": model.solver,
            "hyperparameters": dict(model.hyperparameters),
            "fitted": {
                "intercept": model.intercept,
                "coefficients": _by_name(model, model.coefficients),
                "contribution": _by_name(model, model.contribution),
            },
            "allocation": write_settings(model.allocation),
            "responses": _responses(model),
            "problem": _problem(model.problem),
        },
    )


def read_model(path: Path) -> Model:
    """The model in a file that `write_model` has written."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no model at {path}", "name a model's JSON") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(
            f"{path.name} is not JSON: {error}", "name a model's JSON"
        ) from None
    found = (
        (document.get("format"), document.get("version"))
        if isinstance(document, dict)
        else None
    )
    if found != (FORMAT, VERSION):
        raise UserError(
            f"{path.name} is no model of version {VERSION}",
            "name a file of results/models, or of a run's export",
        )
    problem = _read_problem(document["problem"])
    fitted = document["fitted"]
    return Model(
        model_id=document["model_id"],
        country=document["country"],
        dep_var=document["dep_var"],
        dep_var_type=document["dep_var_type"],
        allocation=read_settings(document["allocation"]),
        problem=problem,
        hyperparameters=document["hyperparameters"],
        solver=document["solver"],
        intercept=fitted["intercept"],
        coefficients=_in_order(problem, fitted["coefficients"]),
        contribution=_in_order(problem, fitted["contribution"]),
    )


def recreate(model: Model) -> Fit:
    """Fit the model again.

    Raises `UserError` if its numbers are not those in the file.
    """
    again = fit(model.problem, model.hyperparameters, solver=model.solver)
    ours = np.append(again.coefficients, again.intercept)
    theirs = np.append(model.coefficients, model.intercept)
    off = np.abs(ours - theirs) > TOLERANCE * np.abs(theirs)
    if off.any():
        names = (*model.problem.names, "(Intercept)")
        which = names[int(np.flatnonzero(off)[0])]
        raise UserError(
            f"model {model.model_id}: the coefficient of {which} comes out "
            "different from what the file says",
            "the file was changed, or written by another version",
        )
    return again


def _by_name(model: Model, values: FloatArray) -> dict[str, float]:
    return dict(zip(model.problem.names, values.tolist(), strict=True))


def _in_order(problem: Problem, values: Mapping[str, float]) -> FloatArray:
    return np.array([values[name] for name in problem.names])


def _responses(model: Model) -> list[dict[str, Any]] | None:
    """The paid channels' curves: what a budget is allocated by, elsewhere."""
    curves = model.responses
    if curves is None:
        return None
    fields = (
        "coefficient",
        "alpha",
        "inflexion",
        "carryover",
        "spend_now",
        "spend_highest",
    )
    return [
        {
            "channel": channel,
            **{field: float(getattr(curves, field)[i]) for field in fields},
        }
        for i, channel in enumerate(curves.channels)
    ]


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "interval": problem.interval,
        "adstock": problem.adstock,
        "window": [problem.window.start, problem.window.stop],
        "ts_validation": problem.ts_validation,
        "add_penalty_factor": problem.add_penalty_factor,
        "intercept_sign": problem.intercept_sign,
        "ranges": dict(problem.ranges),
        "lifts": [
            {**asdict(lift), "start": str(lift.start), "end": str(lift.end)}
            for lift in problem.lifts
        ],
        "previous": _previous(problem),
        "columns": [asdict(column) for column in problem.columns],
        "dates": problem.dates.astype(str).tolist(),
        "goal": problem.y.tolist(),
        "features": {
            name: problem.x[:, j].tolist()
            for j, name in enumerate(problem.names)
        },
        "spend": {
            name: problem.spend[:, j].tolist()
            for j, name in enumerate(problem.paid_names)
        },
    }


def _previous(problem: Problem) -> dict[str, Any] | None:
    """The model that a refreshed one was held near."""
    known = problem.previous
    if known is None:
        return None
    return {
        "intercept_share": known.intercept_share,
        "shares": known.shares.tolist(),
        "steps": known.steps,
    }


def _read_previous(document: Mapping[str, Any] | None) -> Previous | None:
    if document is None:
        return None
    return Previous(
        document["intercept_share"],
        np.array(document["shares"]),
        document["steps"],
    )


def _read_problem(document: Mapping[str, Any]) -> Problem:
    columns = tuple(Column(**column) for column in document["columns"])
    return Problem(
        dates=np.array(document["dates"], dtype="M8[D]"),
        interval=document["interval"],
        y=np.array(document["goal"]),
        x=np.column_stack([document["features"][c.name] for c in columns]),
        columns=columns,
        spend=np.column_stack(
            [
                document["spend"][c.name]
                for c in columns
                if c.kind == "paid_media"
            ]
        ),
        window=slice(*document["window"]),
        adstock=document["adstock"],
        ranges={
            name: tuple(value) if isinstance(value, list) else value
            for name, value in document["ranges"].items()
        },
        ts_validation=document["ts_validation"],
        add_penalty_factor=document["add_penalty_factor"],
        intercept_sign=document["intercept_sign"],
        lifts=tuple(_read_lift(lift) for lift in document["lifts"]),
        previous=_read_previous(document["previous"]),
    )


def _read_lift(document: Mapping[str, Any]) -> Lift:
    return Lift(
        **{
            **document,
            "columns": tuple(document["columns"]),
            "start": np.datetime64(document["start"]),
            "end": np.datetime64(document["end"]),
        }
    )
