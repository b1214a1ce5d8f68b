"""One model out of its JSON: fitted again, with its tables and pictures."""

import os
from pathlib import Path

from mmmflow_native.budget.plan import read_plan
from mmmflow_native.budget.proposal import propose
from mmmflow_native.folder import PART, RESULTS
from mmmflow_native.plots.onepager import onepager
from mmmflow_native.plots.style import Context, save
from mmmflow_native.progress import Progress
from mmmflow_native.write import series_tables
from mmmflow_native.write.model_json import read_model, recreate
from mmmflow_native.write.tables import write_table


def run(
    path: Path, plan_path: Path | None, out: Path, progress: Progress
) -> None:
    """Write what the model in a file says to `out`/results.

    The budget is allocated as the plan in `plan_path` says, or as it was.

    Raises `UserError` if the file is no model, or its numbers don't come out
    again.
    """
    progress.enter("prepare")
    with progress.stage("read"):
        model = read_model(path)
        plan = (
            model.allocation
            if plan_path is None
            else read_plan(plan_path, model.allocation)
        )
    progress.enter("select")
    with progress.stage("fit"):
        fit = recreate(model)
        allocation, notes = propose(
            model.problem, fit, plan, model.dep_var_type
        )
    progress.say(
        f"model {model.model_id} of {model.country}, {model.dep_var}: "
        f"coefficients as in {path.name}; NRMSE {fit.nrmse_train:.4f}, "
        f"DECOMP.RSSD {fit.decomp_rssd:.4f}"
    )
    for note in notes:
        progress.say(f"note: {note}")
    progress.enter("output")
    fits = [(model.model_id, fit)]
    tables = {
        "decomposition_over_time": series_tables.decomposition_over_time(
            model.problem, fits
        ),
        "media_vectors": series_tables.media_vectors(model.problem, fits),
        "response_curves": series_tables.curves(model.problem, fits),
    }
    if allocation is not None:
        tables["allocation"] = series_tables.allocation(allocation)
    part = out / PART
    part.mkdir()
    with progress.stage("tables"):
        for name, columns in tables.items():
            write_table(part, name, columns)
    with progress.stage("pictures"):
        context = Context(
            country=model.country,
            dep_var=model.dep_var,
            dep_var_type=model.dep_var_type,
            interval=model.problem.interval,
            model_id=model.model_id,
        )
        page = onepager(model.problem, fit, allocation, context)
        for suffix in ("png", "pdf"):
            save(page, part / f"onepager_{model.model_id}.{suffix}")
    os.replace(part, out / RESULTS)
    progress.enter("done")
