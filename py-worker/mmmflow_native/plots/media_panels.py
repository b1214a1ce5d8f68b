"""Panels of how media work: response, decay, immediate and carryover."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from mmmflow_native.budget.response import adstock_weights, responses
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.plots.formats import amount, share
from mmmflow_native.plots.style import (
    BLUE,
    INK,
    QUIET,
    SKY,
    Context,
    amounts_on,
    colour,
    fitting,
    legend_below,
    marker,
    names_on,
    shares_on,
    subtitle,
)

FORMS = {
    "geometric": "geometric",
    "weibull_cdf": "Weibull CDF",
    "weibull_pdf": "Weibull PDF",
}
LAGS_SHOWN = 12
VISIBLE = 0.01  # a weight below this is not shown


def response_panel(
    ax: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """Response per channel: solid up to the highest spend observed."""
    model = responses(problem, fit)
    top = 1.2 * np.maximum(model.spend_highest, model.spend_now)
    spend = np.linspace(0.0, 1.0, 121)[:, None] * top
    response = model.response(spend)
    now = model.response(model.spend_now)
    order = sorted(range(len(now)), key=lambda i: -float(now[i]))
    handles = []
    for i in order:
        seen = spend[:, i] <= model.spend_highest[i]
        ax.plot(spend[seen, i], response[seen, i], color=colour(i))
        ax.plot(
            spend[~seen, i],
            response[~seen, i],
            color=colour(i),
            linestyle=(0, (1.5, 1.5)),
        )
        ax.plot(
            model.spend_now[i],
            now[i],
            marker(i),
            color=colour(i),
            markersize=8,
            markeredgecolor="white",
        )
        handles.append(
            Line2D(
                [],
                [],
                color=colour(i),
                marker=marker(i),
                label=f"{fitting(model.channels[i], 1.35, 8)}\n"
                f"{amount(float(model.spend_now[i]))} → "
                f"{amount(float(now[i]))}",
            )
        )
    amounts_on(ax, "x")
    amounts_on(ax, "y")
    ax.set_xlim(left=0)
    ax.grid()
    ax.set_xlabel(f"spend per {context.interval}{context.money}")
    ax.set_ylabel(f"{context.goal} per {context.interval}")
    ax.set_title("Response curves")
    subtitle(
        ax, "mark: mean spend now → response; dotted: beyond any spend observed"
    )
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.02),
        borderaxespad=0,
        labelspacing=0.45,
        handlelength=1.8,
        fontsize=8,
    )


def adstock_panel(
    ax: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """What is left of each medium's effect by lag, as shaded cells."""
    weights = adstock_weights(problem, fit)
    weights = weights / np.maximum(weights.max(axis=0), 1e-300)
    lasting = np.flatnonzero((weights >= VISIBLE).any(axis=1)).max(initial=0)
    lags = int(np.clip(lasting + 1, 5, LAGS_SHOWN + 1))
    shown = np.zeros((lags, weights.shape[1]))
    held = min(lags, len(weights))
    shown[:held] = weights[:held]
    ax.imshow(shown.T, aspect="auto", cmap="Blues", vmin=0, vmax=1.25)
    for lag in range(lags):
        for row in range(shown.shape[1]):
            value = shown[lag, row]
            if value >= VISIBLE:
                ax.text(
                    lag,
                    row,
                    f"{100 * value:.0f}",
                    ha="center",
                    va="center_baseline",
                    fontsize=8,
                    color="white" if value > 0.6 else INK,
                )
    names = [
        problem.columns[i].channel or problem.columns[i].name
        for i in problem.media
    ]
    names_on(ax, names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xticks(range(lags))
    ax.tick_params(axis="x", length=0)
    for side in ("bottom", "left"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel(f"{context.interval}s after the money was spent")
    ax.set_title("Adstock: how the effect fades")
    more = f"; lags beyond {lags - 1} not shown" if lasting >= lags else ""
    subtitle(
        ax,
        f"{FORMS[problem.adstock]}, per cent of the strongest "
        f"{context.interval}{more}",
    )


def carryover_panel(
    ax: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """Share of each medium's response that is immediate, and carried over."""
    immediate = fit.immediate.sum(axis=0)
    carried = fit.carryover.sum(axis=0)
    total = immediate + carried
    used = np.abs(total) > 0
    part = np.where(used, carried / np.where(used, total, 1.0), 0.0)
    names = [
        problem.columns[i].channel or problem.columns[i].name
        for i in problem.media
    ]
    rows = np.arange(len(names))
    ax.barh(
        rows, np.where(used, 1 - part, 0), 0.62, color=BLUE, label="immediate"
    )
    ax.barh(rows, part, 0.62, left=1 - part, color=SKY, label="carryover")
    for row, i in enumerate(part):
        if not used[row]:
            ax.text(0.01, row, "no effect", color=QUIET, va="center_baseline")
            continue
        ax.annotate(
            f"{share(float(i))} of {amount(float(total[row]))}",
            (1, row),
            xytext=(5, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    names_on(ax, names)
    ax.set_xlim(0, 1)
    shares_on(ax, "x")
    ax.set_xlabel(f"share of the medium's {context.goal}")
    ax.set_title("Immediate effect and carryover")
    subtitle(ax, "over the window; right: carryover's share of the response")
    legend_below(ax, 2)
