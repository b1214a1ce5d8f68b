"""Panels of what the goal is made of, and of what the money buys."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.plots.formats import amount, share
from mmmflow_native.plots.style import (
    BLUE,
    GREY,
    INK,
    KIND_COLOURS,
    KIND_WORDS,
    ORANGE,
    QUIET,
    Context,
    amounts_on,
    legend_below,
    names_on,
    rows_on,
    shares_on,
    subtitle,
)

DARK = ("paid_media", "organic_media", "intercept")


@dataclass(frozen=True)
class Part:
    """One part of the fitted goal, summed over the window."""

    name: str
    kind: str
    contribution: float


def parts(problem: Problem, fit: Fit) -> list[Part]:
    """The parts of the fitted goal: base first, then what drives it.

    Within a kind the largest first; what is exactly 0 stays, at the end.
    """
    kinds = list(KIND_COLOURS)
    found = [
        Part(
            column.channel or column.name,
            column.kind,
            float(fit.contribution[i]),
        )
        for i, column in enumerate(problem.columns)
    ]
    if fit.intercept != 0:
        found.append(Part("intercept", "intercept", fit.intercept * problem.w))
    return sorted(
        found, key=lambda p: (kinds.index(p.kind), -abs(p.contribution))
    )


def waterfall(ax: Axes, problem: Problem, fit: Fit, context: Context) -> None:
    """Each part's contribution, starting where the one before it ended."""
    steps = parts(problem, fit)
    total = sum(step.contribution for step in steps)
    start = 0.0
    low, high = min(0.0, total), max(0.0, total)
    spans = []
    for step in steps:
        spans.append((start, start + step.contribution))
        start += step.contribution
        low, high = min(low, start), max(high, start)
    width = (high - low) or 1.0
    for row, (step, (begin, end)) in enumerate(zip(steps, spans, strict=True)):
        ax.barh(
            row,
            end - begin,
            left=begin,
            height=0.66,
            color=KIND_COLOURS[step.kind],
        )
        if row + 1 < len(steps):
            ax.plot([end, end], [row, row + 1], color=GREY, linewidth=0.6)
        _label(
            ax,
            row,
            (min(begin, end), max(begin, end)),
            f"{amount(step.contribution)}  "
            f"({share(step.contribution / total if total else 0.0)})",
            (low, high),
            on_dark=step.kind in DARK,
        )
    last = len(steps)
    ax.barh(last, total, height=0.66, color=INK)
    _label(
        ax,
        last,
        (min(total, 0), max(total, 0)),
        amount(total),
        (low, high),
        on_dark=True,
    )
    names_on(ax, [*(step.name for step in steps), "fitted total"])
    ax.set_xlim(low - 0.02 * width, high + 0.03 * width)
    amounts_on(ax, "x")
    ax.grid(axis="x")
    ax.set_xlabel(f"{context.goal}, summed over the window")
    ax.set_title(f"Decomposition of {context.goal}")
    subtitle(ax, "contribution of every part, and its share of the total")
    used = dict.fromkeys(step.kind for step in steps)
    legend_below(
        ax,
        len(used),
        handles=[
            Patch(color=KIND_COLOURS[kind], label=KIND_WORDS[kind])
            for kind in used
        ],
    )


def _label(
    ax: Axes,
    row: int,
    span: tuple[float, float],
    text: str,
    view: tuple[float, float],
    *,
    on_dark: bool,
) -> None:
    """A bar's label: within it if it is long, else where there is room."""
    (begin, end), (low, high) = span, view
    width = (high - low) or 1.0
    inside = end - begin > 0.3 * width
    if inside:
        at, shift, side = (begin + end) / 2, 0, "center"
    elif end < low + 0.7 * width:
        at, shift, side = end, 5, "left"
    else:
        at, shift, side = begin, -5, "right"
    ax.annotate(
        text,
        (at, row),
        xytext=(shift, 0),
        textcoords="offset points",
        ha=side,
        va="center_baseline",
        color="white" if inside and on_dark else INK,
    )


def spend_against_effect(
    ax: Axes, returns: Axes, problem: Problem, fit: Fit, context: Context
) -> None:
    """Share of spend beside share of effect; on `returns` ROAS or CPA."""
    names = [c.channel or c.name for c in problem.columns]
    order = sorted(
        range(len(problem.paid)), key=lambda i: -float(fit.spend_share[i])
    )
    rows = np.arange(len(order))
    ax.barh(
        rows - 0.19, fit.spend_share[order], 0.36, color=GREY, label="spend"
    )
    ax.barh(
        rows + 0.19, fit.effect_share[order], 0.36, color=BLUE, label="effect"
    )
    for row, i in enumerate(order):
        for value, shift in (
            (fit.spend_share[i], -0.19),
            (fit.effect_share[i], 0.19),
        ):
            ax.annotate(
                share(float(value)),
                (max(float(value), 0.0), row + shift),
                xytext=(4, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=8,
                color=QUIET,
            )
    names_on(ax, [names[problem.paid[i]] for i in order])
    most = float(max(fit.spend_share.max(), fit.effect_share.max(), 0.01))
    ax.set_xlim(min(float(fit.effect_share.min()), 0.0), most * 1.22)
    shares_on(ax, "x", 4)
    ax.grid(axis="x")
    ax.set_xlabel("share of all paid channels")
    ax.set_title("Share of spend against share of effect")
    subtitle(ax, f"over the window; right: {context.efficiency}")
    legend_below(ax, 2)
    _returns(returns, problem, fit, context, order)


def _returns(
    ax: Axes, problem: Problem, fit: Fit, context: Context, order: list[int]
) -> None:
    spend = problem.spend[problem.window].sum(axis=0)[order]
    effect = fit.contribution[problem.paid][order]
    revenue = context.dep_var_type == "revenue"
    top, bottom = (effect, spend) if revenue else (spend, effect)
    defined = bottom > 0
    value = np.where(defined, top / np.where(defined, bottom, 1.0), np.nan)
    rows = np.arange(len(order))
    ax.hlines(rows[defined], 0, value[defined], color=ORANGE, linewidth=2)
    ax.plot(value[defined], rows[defined], "o", color=ORANGE, markersize=6)
    for row, number in enumerate(value):
        ax.annotate(
            amount(float(number)),
            (float(number) if np.isfinite(number) else 0.0, row),
            xytext=(7, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    most = float(np.nanmax(value, initial=0.0)) or 1.0
    ax.set_xlim(min(float(np.nanmin(value, initial=0.0)), 0), most * 1.75)
    rows_on(ax, len(order))
    ax.set_yticks([])
    amounts_on(ax, "x", 3)
    ax.grid(axis="x")
    paid = effect.sum() / spend.sum() if spend.sum() > 0 else 0.0
    if revenue:
        ax.set_xlabel(f"ROAS (all: {amount(float(paid))})")
    else:
        each = amount(1 / float(paid)) if paid > 0 else "–"
        ax.set_xlabel(f"CPA{context.money} (all: {each})")
