"""Panels over time: the goal, the model, and what the model misses."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import DateArray, Problem
from mmmflow_native.plots.formats import amount
from mmmflow_native.plots.style import (
    GREY,
    INK,
    ORANGE,
    QUIET,
    RED,
    Context,
    amounts_on,
    legend_below,
    subtitle,
)


def dates_on(ax: Axes, dates: DateArray) -> None:
    """A time axis from the first to the last date."""
    locator = AutoDateLocator(  # type: ignore[no-untyped-call]
        minticks=4, maxticks=10
    )
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator, show_offset=False
        )
    )
    margin = np.timedelta64(2, "D")
    ax.set_xlim(dates[0] - margin, dates[-1] + margin)


def fitted_panel(
    ax: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """Actual and fitted goal, with the rows kept from training marked."""
    dates = problem.dates[problem.window]
    actual = problem.y[problem.window]
    ax.plot(dates, actual, color=INK, linewidth=1.3, label="actual")
    ax.plot(dates, fit.fitted, color=ORANGE, linewidth=1.7, label="fitted")
    amounts_on(ax, "y")
    dates_on(ax, dates)
    ax.grid(axis="y")
    ax.set_ylabel(f"{context.goal} per {context.interval}")
    ax.set_title("Fitted against actual")
    subtitle(ax, _quality(fit))
    _mark_parts(ax, fit, dates)
    legend_below(ax, 2, gap=0.3)


def _quality(fit: Fit) -> str:
    told = [f"train: R² {fit.rsq_train:.3f}, NRMSE {fit.nrmse_train:.3f}"]
    for part, rsq, nrmse in (
        ("validation", fit.rsq_val, fit.nrmse_val),
        ("test", fit.rsq_test, fit.nrmse_test),
    ):
        if rsq is not None and nrmse is not None:
            told.append(f"{part}: R² {rsq:.3f}, NRMSE {nrmse:.3f}")
    return "   ·   ".join(told)


def _mark_parts(ax: Axes, fit: Fit, dates: DateArray) -> None:
    """Where training ends, and validation."""
    ends = (
        ("train", fit.train_rows),
        ("validation", fit.train_rows + fit.val_rows),
        ("test", len(dates)),
    )
    if fit.train_rows >= len(dates):
        return
    start = 0
    for name, end in ends:
        if end > start:
            if start:
                ax.axvline(dates[start], color=GREY, linewidth=1)
            ax.annotate(
                name,
                (dates[start], 1),
                xycoords=("data", "axes fraction"),
                xytext=(4, -3),
                textcoords="offset points",
                va="top",
                fontsize=8,
                color=QUIET,
            )
        start = end


def residual_panel(
    ax: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """Actual less fitted, over time."""
    dates = problem.dates[problem.window]
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.vlines(dates, 0, fit.residuals, color=RED, linewidth=1.4)
    amounts_on(ax, "y", 4)
    dates_on(ax, dates)
    ax.grid(axis="y")
    ax.set_ylabel("actual − fitted")
    ax.set_title("Residuals")
    spread = float(np.std(fit.residuals))
    level = float(np.mean(np.abs(problem.y[problem.window])))
    told = f"standard deviation {amount(spread)}"
    if level > 0:
        told += f" ({100 * spread / level:.1f} % of mean {context.goal})"
    subtitle(ax, f"{told}   ·   {_autocorrelation(fit)}")


def _autocorrelation(fit: Fit) -> str:
    """First-order autocorrelation: patterns left over are not noise."""
    centred = fit.residuals - fit.residuals.mean()
    power = float(centred @ centred)
    if len(centred) < 3 or power == 0:
        return "autocorrelation not defined"
    correlation = float(centred[1:] @ centred[:-1]) / power
    return f"autocorrelation {correlation:+.2f}".replace("-", "−")
