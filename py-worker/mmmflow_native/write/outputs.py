"""The files a run leaves: tables, pictures, the summary; all or nothing."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmmflow_native.budget.response import responses
from mmmflow_native.choice.sensitivity import Plausible
from mmmflow_native.folder import MODELS, PART, RESULTS, SUMMARY
from mmmflow_native.progress import Progress, write_json
from mmmflow_native.result import Result
from mmmflow_native.write import model_tables, pictures, series_tables
from mmmflow_native.write.model_json import Model, write_model
from mmmflow_native.write.report import report
from mmmflow_native.write.report_page import Picture, Table
from mmmflow_native.write.summary import summary
from mmmflow_native.write.tables import Columns, write_table


def write_outputs(result: Result, out: Path, progress: Progress) -> None:
    """Write results/ and then model_summary.json."""
    part = out / PART
    (part / MODELS).mkdir(parents=True)
    with progress.stage("tables"):
        for name, columns in _tables(result).items():
            write_table(part, name, columns)
        for model in _models(result):
            write_model(part / MODELS / f"{model.model_id}.json", model)
    with progress.stage("pictures"):
        drawn = pictures.draw(result, part)
    with progress.stage("report"):
        found = summary(
            result.config,
            result.problem,
            result.solutions,
            result.selection,
            fit=result.fits[0][1],
            allocation=result.allocation,
            onepager=f"{RESULTS}/{drawn[0].name}",
            warnings=result.warnings,
        )
        _write_report(part, result, found, drawn)
    os.replace(part, out / RESULTS)
    write_json(out / SUMMARY, found)


def _tables(result: Result) -> dict[str, Columns]:
    problem, solutions = result.problem, result.solutions
    selection, fits = result.selection, result.fits
    goal = result.config.dep_var_type
    tables = {
        "features": series_tables.features(problem),
        "models": model_tables.models(solutions, selection),
        "pareto": model_tables.pareto(solutions, selection),
        "decomposition": model_tables.decomposition(
            problem, solutions, selection.kept
        ),
        "clusters": model_tables.clusters(problem, solutions, selection, goal),
        "convergence": model_tables.convergence(result.converged),
        "rssd_weights": model_tables.rssd_weights(
            problem, solutions, result.weighted
        ),
        "plausible": model_tables.plausible(problem, result.near),
        "decomposition_over_time": series_tables.decomposition_over_time(
            problem, fits
        ),
        "media_vectors": series_tables.media_vectors(problem, fits),
        "response_curves": series_tables.curves(problem, fits),
    }
    if result.stability is not None:
        tables["stability"] = model_tables.stability(problem, result.stability)
    if result.movement is not None:
        tables["movement"] = model_tables.movement(result.movement)
    if result.allocation is not None:
        tables["allocation"] = series_tables.allocation(result.allocation)
    return tables


def _models(result: Result) -> list[Model]:
    config = result.config
    return [
        Model(
            model_id=model_id,
            country=config.country,
            dep_var=config.dep_var,
            dep_var_type=config.dep_var_type,
            allocation=config.allocation,
            problem=result.problem,
            hyperparameters=fit.hyperparameters,
            solver=config.solver,
            intercept=fit.intercept,
            coefficients=fit.coefficients,
            contribution=fit.contribution,
            responses=responses(result.problem, fit),
        )
        for model_id, fit in result.fits
    ]


def _write_report(
    part: Path,
    result: Result,
    found: Mapping[str, Any],
    drawn: Sequence[pictures.Drawn],
) -> None:
    shown = [
        Picture(picture.title, (part / picture.name).read_bytes())
        for picture in drawn
    ]
    channels = [channel["channel"] for channel in found["selected"]["channels"]]
    page = report(found, shown, [_near_table(channels, result.near)])
    (part / "report.html").write_text(page, encoding="utf-8")


def _near_table(channels: Sequence[str], near: Plausible) -> Table:
    return Table(
        "Other plausible models",
        (
            "channel",
            *(f"{which} ROAS" for which in ("lowest", "median", "highest")),
            *(f"{which} response" for which in ("lowest", "highest")),
        ),
        tuple(
            (
                channel,
                *(f"{value:.2f}" for value in near.roas[:, i]),
                *(f"{value:,.0f}" for value in near.response[::2, i]),
            )
            for i, channel in enumerate(channels)
        ),
        f"The range over {len(near.models)} models that predict about as well "
        "as the best; no confidence interval.",
    )
