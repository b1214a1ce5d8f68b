"""The files a run leaves: tables, pictures, the summary; all or nothing."""

import os
import shutil
from pathlib import Path

from mmmflow_native import model_tables, pictures, series_tables
from mmmflow_native.progress import Progress, write_json
from mmmflow_native.result import Result
from mmmflow_native.summary import summary
from mmmflow_native.tables import Columns, write_table

RESULTS = "results"
PART = ".results.part"
SUMMARY = "model_summary.json"
FILES = (SUMMARY, "status.json", "progress.json", "timings.csv")


def clear(out: Path) -> None:
    """Remove what an earlier run left in the folder, and nothing else."""
    for name in (RESULTS, PART):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in FILES:
        (out / name).unlink(missing_ok=True)


def write_outputs(result: Result, out: Path, progress: Progress) -> None:
    """Write results/ and then model_summary.json."""
    part = out / PART
    part.mkdir()
    with progress.stage("tables"):
        for name, columns in _tables(result).items():
            write_table(part, name, columns)
    with progress.stage("pictures"):
        onepager = pictures.draw(result, part)
    os.replace(part, out / RESULTS)
    write_json(
        out / SUMMARY,
        summary(
            result.config,
            result.problem,
            result.solutions,
            result.selection,
            fit=result.fits[0][1],
            allocation=result.allocation,
            onepager=f"{RESULTS}/{onepager}",
            warnings=result.warnings,
        ),
    )


def discard(out: Path) -> None:
    """Remove a half-written result."""
    shutil.rmtree(out / PART, ignore_errors=True)


def _tables(result: Result) -> dict[str, Columns]:
    problem, solutions = result.problem, result.solutions
    selection, fits = result.selection, result.fits
    goal = result.config.dep_var_type
    tables = {
        "features": series_tables.features(problem),
        "models": model_tables.models(solutions, selection),
        "pareto": model_tables.pareto(solutions, selection),
        "decomposition": model_tables.decomposition(
            problem, solutions, selection
        ),
        "clusters": model_tables.clusters(problem, solutions, selection, goal),
        "convergence": model_tables.convergence(result.converged),
        "rssd_weights": model_tables.rssd_weights(
            problem, solutions, result.weighted
        ),
        "near_optimal": model_tables.near_optimal(problem, result.near),
        "decomposition_over_time": series_tables.decomposition_over_time(
            problem, fits
        ),
        "media_vectors": series_tables.media_vectors(problem, fits),
        "response_curves": series_tables.curves(problem, fits),
    }
    if result.allocation is not None:
        tables["allocation"] = series_tables.allocation(result.allocation)
    return tables
