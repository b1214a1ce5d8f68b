"""How the search came closer: the errors over its iterations."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmmflow_native.model.problem import FloatArray, IntArray
from mmmflow_native.plots.formats import wrapped
from mmmflow_native.plots.style import (
    BLUE,
    INK,
    QUIET,
    RED,
    SKY,
    Context,
    Page,
    legend_below,
    styled,
    subtitle,
)

BINS = 20  # as Robyn's convergence rule counts them


@styled
def convergence_plot(
    errors: Mapping[str, FloatArray],
    trial: IntArray,
    iteration: IntArray,
    context: Context,
    messages: Sequence[str] = (),
) -> Figure:
    """Draw the errors (N,) by name, of N candidates in order of evaluation.

    `trial` and `iteration` (N,) count from 1. Candidates without a finite
    error are left out. `messages` say whether the search converged.
    """
    height = 2.6
    lines = [line for message in messages for line in wrapped(message, 120)]
    below = 0.35 + 0.2 * len(lines)
    page = Page(11.0, 1.0 + (height + 1.4) * len(errors) + below)
    page.text(
        0.5,
        0.3,
        f"Convergence · {context.country} · {context.goal}",
        fontsize=16,
        fontweight="bold",
    )
    page.text(
        0.5,
        0.66,
        f"{len(trial):,} candidates, {int(trial.max(initial=1))} trials of "
        f"{int(iteration.max(initial=1)):,} iterations",
        color=QUIET,
    )
    y = 1.65
    for name, values in errors.items():
        ax = page.axes(1.1, y, 9.4, height)
        _panel(ax, name, values, trial, iteration)
        y += height + 1.4
    for i, line in enumerate(lines):
        page.text(1.1, y - 0.65 + 0.2 * i, line)
    return page.figure


def _panel(
    ax: Axes,
    name: str,
    values: FloatArray,
    trial: IntArray,
    iteration: IntArray,
) -> None:
    """Spread of the errors in 20 parts of the search, and the best so far."""
    finite = np.isfinite(values)
    most = max(int(iteration.max(initial=1)), 1)
    bins = np.minimum((iteration - 1) * BINS // most, BINS - 1)
    middles, quantiles = [], []
    for part in range(BINS):
        chosen = values[finite & (bins == part)]
        if chosen.size:
            middles.append((part + 0.5) * most / BINS)
            quantiles.append(np.quantile(chosen, [0.1, 0.5, 0.9]))
    if quantiles:
        low, median, high = np.array(quantiles).T
        ax.fill_between(
            middles,
            low,
            high,
            color=SKY,
            alpha=0.35,
            linewidth=0,
            label="80 % of the candidates",
        )
        ax.plot(middles, median, color=BLUE, label="median")
        label: str | None = "best so far, per trial"
        for number in np.unique(trial):
            mine = finite & (trial == number)
            ax.plot(
                iteration[mine],
                np.minimum.accumulate(values[mine]),
                color=RED,
                linewidth=1.1,
                drawstyle="steps-post",
                label=label,
            )
            label = None
        top = float(np.quantile(high, 0.95))
        bottom = float(values[finite].min())
        margin = 0.06 * (top - bottom) or 0.1
        ax.set_ylim(max(bottom - margin, 0.0), top + margin)
        legend_below(ax, 3)
    else:
        ax.text(
            0.5,
            0.5,
            "no candidate has a finite value",
            color=INK,
            ha="center",
            transform=ax.transAxes,
        )
    ax.set_xlim(0, most)
    ax.grid()
    ax.set_xlabel("iteration")
    ax.set_ylabel(name)
    ax.set_title(name)
    subtitle(ax, f"spread in {BINS} parts of the search; lower is better")
