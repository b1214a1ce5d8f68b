"""Which pictures a run leaves, and what they are called."""

from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from mmmflow_native.plots.allocation_plot import allocation_plot
from mmmflow_native.plots.convergence_plot import convergence_plot
from mmmflow_native.plots.onepager import onepager
from mmmflow_native.plots.pareto_plot import pareto_plot
from mmmflow_native.plots.prophet_plot import prophet_plot
from mmmflow_native.plots.style import Context, save
from mmmflow_native.result import Result

# Each takes about a second to draw.
ONEPAGERS = 5


@dataclass(frozen=True)
class Drawn:
    """A PNG in the results folder, and its title in a report."""

    name: str
    title: str


def draw(result: Result, folder: Path) -> list[Drawn]:
    """Draw everything into `folder`; the selected model's one-pager first.

    One-pagers of the best candidates are PNG and PDF.
    """
    model_id, fit = result.fits[0]
    context = _context(result)
    page = onepager(
        result.problem,
        fit,
        result.allocation,
        _context(result, model_id, "selected"),
    )
    drawn = [_onepager(page, folder, model_id, "The selected model")]
    for other_id, other in result.fits[1:ONEPAGERS]:
        page = onepager(result.problem, other, None, _context(result, other_id))
        _onepager(page, folder, other_id, other_id)
    if result.allocation is not None:
        page = allocation_plot(result.allocation, context)
        drawn.append(_save(page, folder, "allocation", "The budget proposal"))
    drawn.append(_pareto(result, folder, context))
    drawn.append(_convergence(result, folder, context))
    if any(c.kind == "prophet" for c in result.problem.columns):
        page = prophet_plot(result.problem, context)
        drawn.append(
            _save(page, folder, "prophet", "Trend, season and holidays")
        )
    return drawn


def _pareto(result: Result, folder: Path, context: Context) -> Drawn:
    solutions, selection = result.solutions, result.selection
    part = "validation" if solutions.ts_validation else "train"
    page = pareto_plot(
        solutions.nrmse,
        solutions.decomp_rssd,
        selection.pareto.front,
        context,
        kept=[
            (model, model_id)
            for model, (model_id, _) in zip(
                selection.candidates, result.fits, strict=True
            )
        ],
        selected=selection.best,
        nrmse_name=f"NRMSE ({part})",
    )
    return _save(page, folder, "pareto", "All models")


def _convergence(result: Result, folder: Path, context: Context) -> Drawn:
    solutions = result.solutions
    errors = {
        "NRMSE": solutions.nrmse,
        "DECOMP.RSSD": solutions.decomp_rssd,
        "MAPE": solutions.mape,
    }
    shown = {found.objective for found in result.converged}
    page = convergence_plot(
        {name: values for name, values in errors.items() if name in shown},
        solutions.trial,
        solutions.iteration,
        context,
        [found.message for found in result.converged],
    )
    return _save(page, folder, "convergence", "How the search went")


def _onepager(page: Figure, folder: Path, model_id: str, title: str) -> Drawn:
    save(page, folder / f"onepager_{model_id}.pdf")
    return _save(page, folder, f"onepager_{model_id}", title)


def _save(page: Figure, folder: Path, name: str, title: str) -> Drawn:
    save(page, folder / f"{name}.png")
    return Drawn(f"{name}.png", title)


def _context(result: Result, model_id: str = "", note: str = "") -> Context:
    return Context(
        country=result.config.country,
        dep_var=result.config.dep_var,
        dep_var_type=result.config.dep_var_type,
        interval=result.problem.interval,
        model_id=model_id,
        note=note,
    )
