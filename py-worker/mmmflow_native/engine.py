"""The stages of a run, from files to files; reads top to bottom."""

from dataclasses import replace
from pathlib import Path

from mmmflow_native.budget.proposal import propose
from mmmflow_native.choice import caveats
from mmmflow_native.choice.convergence import convergence
from mmmflow_native.choice.refresh import about_movement, movement, refreshed
from mmmflow_native.choice.selection import select
from mmmflow_native.choice.sensitivity import plausible, weighted_choices
from mmmflow_native.choice.stability import (
    Stability,
    about_stability,
    stability,
)
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.config_reader import read_config
from mmmflow_native.data.features import Features
from mmmflow_native.data.inputs import Inputs, read_features
from mmmflow_native.errors import StoppedError
from mmmflow_native.model.fit import fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions
from mmmflow_native.progress import Progress
from mmmflow_native.result import Result
from mmmflow_native.stop import Stop
from mmmflow_native.write.model_json import Model, read_model
from mmmflow_native.write.outputs import write_outputs
from mmmflow_native.write.partial import write_partial


def run(
    inputs: Inputs,
    out: Path,
    progress: Progress,
    stop: Stop,
    *,
    stability_runs: int = 0,
) -> None:
    """Train a model from `inputs` and write everything found to `out`.

    `stability_runs` replaces how often the configuration has the search
    repeated, unless it is 0.

    Raises `UserError` and `UnmodellableError`; then nothing of the result
    has been written. Raises `StoppedError`; then partial/ holds the models
    that were found by then, if any.
    """
    progress.enter("prepare")
    with progress.stage("read"):
        config = read_config(inputs.config)
    with progress.stage("features"):
        features = read_features(inputs, config)
    old = None if inputs.previous is None else read_model(inputs.previous)
    if old is not None:
        problem = refreshed(features.problem, old)
        features = replace(features, problem=problem)
    _say_problem(progress, config, features.problem)
    progress.enter("search")
    stop.put_off()
    with progress.stage("search"):
        solutions = _search(config, features.problem, progress, stop)
    try:
        stop.heed()
        steady = None
        if runs := stability_runs or config.stability:
            with progress.stage("stability"):
                steady = stability(features.problem, config, runs)
        progress.enter("select")
        with progress.stage("select"):
            result = _conclude(config, features, solutions, old, steady)
        _say_result(progress, result)
        progress.enter("output")
        write_outputs(result, out, progress)
    except StoppedError:
        with progress.stage("partial"):
            write_partial(config, features.problem, solutions, out)
        raise
    progress.enter("done")


def _search(
    config: JobConfig, problem: Problem, progress: Progress, stop: Stop
) -> Solutions:
    return search(
        problem,
        iterations=config.iterations,
        trials=config.trials,
        seed=config.seed,
        solver=config.solver,
        optimiser=config.optimiser,
        on_progress=progress.search,
        should_stop=lambda: stop.asked,
    )


def _conclude(
    config: JobConfig,
    features: Features,
    solutions: Solutions,
    old: Model | None,
    steady: Stability | None,
) -> Result:
    problem = features.problem
    converged = convergence(
        solutions.trial,
        {
            "NRMSE": solutions.nrmse,
            "DECOMP.RSSD": solutions.decomp_rssd,
            "MAPE": solutions.mape,
        },
    )
    selection = select(problem, solutions, config.solver)
    weighted = weighted_choices(problem, solutions, selection)
    near = plausible(problem, solutions, selection)
    fits = [
        (
            solutions.ids[model],
            fit(
                problem,
                solutions.hyperparameters(model),
                solver=config.solver,
            ),
        )
        for model in selection.candidates
    ]
    best = fits[0][1]
    moved = None if old is None else movement(problem, old, best)
    allocation, about_budget = propose(
        problem, best, config.allocation, config.dep_var_type
    )
    warnings = [
        *caveats.about_data(features),
        *caveats.about_search(solutions, selection),
        *caveats.about_model(problem, solutions, selection, best),
        *caveats.about_answer(problem, weighted, near),
        *about_budget,
        *(about_movement(moved) if moved else ()),
        *(about_stability(problem, steady) if steady else ()),
    ]
    return Result(
        config=config,
        problem=problem,
        solutions=solutions,
        converged=converged,
        selection=selection,
        weighted=weighted,
        near=near,
        fits=fits,
        allocation=allocation,
        stability=steady,
        movement=moved,
        warnings=warnings,
    )


def _say_problem(
    progress: Progress, config: JobConfig, problem: Problem
) -> None:
    dates = problem.dates[problem.window]
    progress.say(
        f"{config.country}, {config.dep_var}: {problem.n} {problem.interval}s "
        f"of data, {problem.w} modelled ({dates[0]} to {dates[-1]}), "
        f"{problem.p} variables, {len(problem.paid)} paid channels"
    )
    progress.say(
        f"searching {config.trials} × {config.iterations} models, "
        f"{problem.adstock} adstock, {config.optimiser} optimiser, "
        f"{config.solver} solver, seed {config.seed}"
    )


def _say_result(progress: Progress, result: Result) -> None:
    for found in result.converged:
        progress.say(found.message)
    selection, (model_id, best) = result.selection, result.fits[0]
    families = selection.clusters.k if selection.clusters else 0
    progress.say(
        f"{len(selection.kept)} models on {selection.pareto.fronts} Pareto "
        f"fronts, {families} clusters"
    )
    outside = selection.nrmse_out[selection.position(selection.best)]
    progress.say(
        f"best model {model_id}: NRMSE {best.nrmse_train:.4f} on train, "
        f"{outside:.4f} on {selection.basis}, DECOMP.RSSD "
        f"{best.decomp_rssd:.4f}, adjusted R² {best.rsq_train:.3f}"
    )
    for warning in result.warnings:
        progress.say(f"note: {warning}")
