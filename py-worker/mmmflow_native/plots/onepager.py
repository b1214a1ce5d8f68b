"""One model on one page."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.plots.allocation_plot import proposal_panel
from mmmflow_native.plots.decomposition_panel import (
    spend_against_effect,
    waterfall,
)
from mmmflow_native.plots.formats import amount, shorten
from mmmflow_native.plots.media_panels import (
    adstock_panel,
    carryover_panel,
    response_panel,
)
from mmmflow_native.plots.style import (
    FAINT,
    QUIET,
    Context,
    Page,
    styled,
)
from mmmflow_native.plots.time_panels import fitted_panel, residual_panel

# Inches.
WIDTH = 16.3
LEFT, RIGHT = 2.25, 10.25  # where the two columns' axes begin
PANEL = 5.45  # width of a column's axes
ROW = 0.27  # height of one bar with its name
ABOVE, BELOW = 0.62, 0.85  # of a panel: title; ticks, label and legend


@styled
def onepager(
    problem: Problem,
    fit: Fit,
    allocation: Allocation | None,
    context: Context,
) -> Figure:
    """Draw the one-pager of a fitted model; without a proposal if None."""
    bars = problem.p + 2
    media, paid = len(problem.media), len(problem.paid)
    top = max(ROW * bars, 0.42 * paid, 2.9)
    middle = max(3.2, 0.30 * media, 0.34 * min(paid, 14))
    bottom = max(2.2, 0.32 * max(media, paid))
    series = 2.3
    heights = (top, middle, series, 1.3, bottom)
    page = Page(
        WIDTH, 1.75 + sum(h + ABOVE + BELOW for h in heights) - 2 * 0.25
    )
    _header(page, problem, fit, context)
    y = 1.75 + ABOVE
    waterfall(page.axes(LEFT, y, PANEL + 0.3, top), problem, fit, context)
    spend_against_effect(
        page.axes(RIGHT, y, 3.4, top),
        page.axes(RIGHT + 3.65, y, 1.75, top),
        problem,
        fit,
        context,
    )
    y += top + BELOW + ABOVE
    response_panel(page.axes(LEFT - 1.3, y, 5.1, middle), problem, fit, context)
    adstock_panel(page.axes(RIGHT, y, PANEL, middle), problem, fit, context)
    y += middle + BELOW + ABOVE - 0.25
    wide = RIGHT + PANEL - (LEFT - 1.3)
    fitted_panel(page.axes(LEFT - 1.3, y, wide, series), problem, fit, context)
    y += series + BELOW + ABOVE
    residual_panel(page.axes(LEFT - 1.3, y, wide, 1.3), problem, fit, context)
    y += 1.3 + BELOW + ABOVE - 0.25
    carryover_panel(
        page.axes(LEFT, y, PANEL - 1.2, bottom), problem, fit, context
    )
    if allocation is not None:
        proposal_panel(
            page.axes(RIGHT, y, PANEL - 0.6, bottom), allocation, context
        )
    return page.figure


def _header(page: Page, problem: Problem, fit: Fit, context: Context) -> None:
    dates = problem.dates[problem.window]
    page.text(
        0.5,
        0.3,
        f"{context.country} · {shorten(context.dep_var, 40)}",
        fontsize=20,
        fontweight="bold",
    )
    page.text(
        0.5,
        0.75,
        "   ·   ".join(
            part
            for part in (
                f"model {context.model_id}" if context.model_id else "",
                f"{dates[0]} to {dates[-1]}, {problem.w} {problem.interval}s",
                context.note,
            )
            if part
        ),
        fontsize=11,
        color=QUIET,
    )
    _metrics(page.axes(0.5, 1.1, WIDTH - 1.0, 0.55), fit)


def _metrics(ax: Axes, fit: Fit) -> None:
    """The table of what the model was judged by."""
    cells = [
        ("NRMSE train", _number(fit.nrmse_train)),
        ("NRMSE validation", _number(fit.nrmse_val)),
        ("NRMSE test", _number(fit.nrmse_test)),
        ("adj. R² train", _number(fit.rsq_train)),
        ("adj. R² validation", _number(fit.rsq_val)),
        ("adj. R² test", _number(fit.rsq_test)),
        ("DECOMP.RSSD", _number(fit.decomp_rssd)),
        ("MAPE of lift tests", _number(fit.mape or None)),
        ("λ", amount(fit.lambda_)),
        ("intercept", "dropped" if fit.intercept_dropped else "kept"),
    ]
    ax.set_axis_off()
    ax.set_xlim(0, len(cells))
    ax.set_ylim(0, 1)
    ax.axhspan(0, 1, color=FAINT, alpha=0.45, linewidth=0)
    for i, (name, value) in enumerate(cells):
        ax.text(i + 0.5, 0.68, name, ha="center", va="center", color=QUIET)
        ax.text(
            i + 0.5,
            0.28,
            value,
            ha="center",
            va="center",
            fontsize=11,
            fontweight="bold",
        )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
