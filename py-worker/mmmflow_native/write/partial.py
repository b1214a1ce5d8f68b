"""What a run that is stopped leaves: the models that it has found so far.

No model is chosen among them: neither backtest nor clusters, no budget and
no pictures. They are to be looked at, not to be ranked with results.
"""

import os
import shutil
from pathlib import Path

import numpy as np
from mmmflow import schema

from mmmflow_native.choice.pareto import error_scores, pareto
from mmmflow_native.data.config import JobConfig
from mmmflow_native.folder import PARTIAL, PARTIAL_PART
from mmmflow_native.model.problem import Problem
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.progress import write_json
from mmmflow_native.write import model_tables
from mmmflow_native.write.tables import write_table

MARKER = "partial.json"


def write_partial(
    config: JobConfig, problem: Problem, solutions: Solutions, out: Path
) -> None:
    """Write partial/: models, those on the first fronts, their decomposition.

    `partial.json` says how far the search was; the folder appears whole.
    """
    nrmse, rssd = solutions.nrmse, solutions.decomp_rssd
    front = pareto(nrmse, rssd, solutions.mape)
    scores = error_scores(nrmse, rssd, solutions.mape)
    kept = np.flatnonzero(front.kept)
    kept = kept[np.argsort(scores[kept], kind="stable")]
    part = out / PARTIAL_PART
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for name, models in (
        ("models", np.arange(len(solutions))),
        ("pareto", kept),
    ):
        columns = model_tables.found(solutions, front, scores, models)
        write_table(part, name, columns)
    write_table(
        part,
        "decomposition",
        model_tables.decomposition(problem, solutions, kept),
    )
    best = int(np.nanargmin(np.hypot(nrmse, rssd)))
    said = {
        "schema_version": 1,
        "experiment_id": config.experiment_id,
        "engine": {
            "name": config.engine_name,
            "version": config.engine_version,
        },
        "models_evaluated": len(solutions),
        "models_asked": config.iterations * config.trials,
        "pareto_models": len(kept),
        "best": {
            "model_id": solutions.ids[best],
            "nrmse": float(nrmse[best]),
            "decomp_rssd": float(rssd[best]),
        },
        "note": "The run was stopped. No model is chosen among these, and"
        " none counts for a champion.",
    }
    schema.require("partial.json", said)
    write_json(part / MARKER, said)
    os.replace(part, out / PARTIAL)
