"""The budget proposal as a picture."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmmflow_native.budget.allocation import Allocation, ChannelAllocation
from mmmflow_native.plots.formats import amount, change, wrapped
from mmmflow_native.plots.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    ORANGE,
    QUIET,
    RED,
    Context,
    Page,
    amounts_on,
    legend_below,
    names_on,
    styled,
    subtitle,
)


def proposal_panel(ax: Axes, allocation: Allocation, context: Context) -> None:
    """Spend per period now and proposed, within each channel's bounds."""
    channels = _ordered(allocation)
    rows = np.arange(len(channels))
    for row, c in enumerate(channels):
        ax.plot(
            [c.spend_low, c.spend_high],
            [row, row],
            color=FAINT,
            linewidth=9,
            solid_capstyle="butt",
            zorder=1,
        )
        ax.plot(
            [c.spend_now, c.spend_proposed],
            [row, row],
            color=GREY,
            linewidth=1.4,
            zorder=2,
        )
    ax.plot(
        [c.spend_now for c in channels],
        rows,
        "o",
        color="white",
        markeredgecolor=INK,
        markersize=7,
        label="now",
        zorder=3,
    )
    ax.plot(
        [c.spend_proposed for c in channels],
        rows,
        "o",
        color=BLUE,
        markersize=8,
        label="proposed",
        zorder=4,
    )
    beyond = [
        (c.spend_proposed, r)
        for r, c in zip(rows, channels, strict=True)
        if c.beyond_observed
    ]
    if beyond:
        ax.plot(
            [spend for spend, _ in beyond],
            [row for _, row in beyond],
            "D",
            color=RED,
            markersize=7,
            label="proposed, beyond any spend observed",
            zorder=5,
        )
    most = max(max(c.spend_high, c.spend_now) for c in channels) or 1.0
    for row, c in enumerate(channels):
        ax.annotate(
            "locked" if c.locked else change(c.spend_now, c.spend_proposed),
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    names_on(ax, [c.channel for c in channels])
    ax.set_xlim(0, most * 1.03)
    amounts_on(ax, "x")
    ax.grid(axis="x")
    ax.set_xlabel(f"spend per {allocation.interval}{context.money}")
    gain, money = headline(allocation)
    ax.set_title(f"Budget proposal: {gain} from paid media")
    subtitle(ax, f"{money}; band: the bounds; right: change of spend")
    legend_below(ax, 3)


def headline(allocation: Allocation) -> tuple[str, str]:
    """What the proposal brings, and for what money."""
    gain = change(allocation.response_now, allocation.response_proposed)
    money = change(allocation.spend_now, allocation.total_budget)
    same = money == "±0 %"
    return gain, "with the same money" if same else f"with {money} money"


def _ordered(allocation: Allocation) -> list[ChannelAllocation]:
    return sorted(allocation.channels, key=lambda c: -c.spend_now)


@styled
def allocation_plot(allocation: Allocation, context: Context) -> Figure:
    """Draw the proposal: money, return at the margin, and the frontier."""
    rows = len(allocation.channels)
    height = max(2.4, 0.42 * rows)
    warnings = [
        line for text in allocation.warnings for line in wrapped(text, 150)
    ]
    page = Page(16.2, 1.25 + 2 * (height + 1.65) + 0.2 * len(warnings))
    page.text(
        0.5,
        0.3,
        f"Budget proposal · {context.country} · {context.goal}",
        fontsize=16,
        fontweight="bold",
    )
    page.text(0.5, 0.66, _totals(allocation, context), color=QUIET)
    y = 1.75
    proposal_panel(page.axes(2.4, y, 5.0, height), allocation, context)
    _response_panel(page.axes(10.3, y, 4.2, height), allocation, context)
    y += height + 1.65
    _margin_panel(page.axes(2.4, y, 5.0, height), allocation, context)
    _frontier_panel(page.axes(9.3, y, 5.7, height), allocation, context)
    for i, line in enumerate(warnings):
        page.text(0.5, y + height + 0.85 + 0.2 * i, line, color=RED)
    return page.figure


def _totals(allocation: Allocation, context: Context) -> str:
    aim = {
        "max_response": f"the most {context.goal} for the budget",
        "target_efficiency": f"the most {context.goal} at a "
        f"{context.efficiency} of {amount(allocation.target_value or 0.0)}",
    }
    return (
        f"{allocation.period} ({allocation.periods} {allocation.interval}s)"
        f"   ·   {aim[allocation.scenario]}   ·   "
        f"spend{context.money} {amount(allocation.spend_now)} → "
        f"{amount(allocation.total_budget)}   ·   response of paid media "
        f"{amount(allocation.response_now)} → "
        f"{amount(allocation.response_proposed)}"
    )


def _response_panel(ax: Axes, allocation: Allocation, context: Context) -> None:
    """Response per period, now and proposed, with ROAS or CPA beside."""
    channels = _ordered(allocation)
    rows = np.arange(len(channels))
    ax.barh(
        rows - 0.19,
        [c.response_now for c in channels],
        0.36,
        color=GREY,
        label="now",
    )
    ax.barh(
        rows + 0.19,
        [c.response_proposed for c in channels],
        0.36,
        color=BLUE,
        label="proposed",
    )
    for row, c in enumerate(channels):
        ax.annotate(
            f"{_efficiency(c.roas_now, context)} → "
            f"{_efficiency(c.roas_proposed, context)}",
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center_baseline",
        )
    names_on(ax, [c.channel for c in channels])
    amounts_on(ax, "x")
    ax.grid(axis="x")
    ax.set_xlabel(f"{context.goal} per {allocation.interval}")
    ax.set_title("Response")
    subtitle(ax, f"at the mean carryover; right: {context.efficiency}")
    legend_below(ax, 2)


def _efficiency(roas: float | None, context: Context) -> str:
    if roas is None or (context.dep_var_type == "conversion" and roas <= 0):
        return "–"
    return amount(roas if context.dep_var_type == "revenue" else 1 / roas)


def _margin_panel(ax: Axes, allocation: Allocation, context: Context) -> None:
    """What one more unit of money brings, now and at the proposal."""
    channels = _ordered(allocation)
    rows = np.arange(len(channels))
    now = np.array([c.marginal_now for c in channels])
    proposed = np.array([c.marginal_proposed for c in channels])
    for row in rows:
        if np.isfinite([now[row], proposed[row]]).all():
            ax.plot(
                [now[row], proposed[row]], [row, row], color=GREY, linewidth=1.4
            )
    ax.plot(
        now,
        rows,
        "o",
        color="white",
        markeredgecolor=INK,
        markersize=7,
        label="now",
    )
    ax.plot(proposed, rows, "o", color=ORANGE, markersize=8, label="proposed")
    finite = np.concatenate([now, proposed])
    finite = finite[np.isfinite(finite)]
    ax.set_xlim(
        min(float(finite.min(initial=0.0)), 0.0),
        1.1 * float(finite.max(initial=0.0)) or 1.0,
    )
    names_on(ax, [c.channel for c in channels])
    amounts_on(ax, "x")
    ax.grid(axis="x")
    ax.set_xlabel(f"{context.goal} for one more unit of money")
    ax.set_title("Marginal response")
    subtitle(ax, "at the best split equal for all channels within their bounds")
    legend_below(ax, 2)


def _frontier_panel(ax: Axes, allocation: Allocation, context: Context) -> None:
    """The best response for every budget that the bounds allow."""
    ax.plot(
        allocation.frontier_spend,
        allocation.frontier_response,
        color=BLUE,
        label="best split within the bounds",
    )
    ax.plot(
        allocation.spend_now,
        allocation.response_now,
        "o",
        color="white",
        markeredgecolor=INK,
        markersize=8,
        label="now",
    )
    ax.plot(
        allocation.total_budget,
        allocation.response_proposed,
        "o",
        color=BLUE,
        markersize=9,
        label="proposed",
    )
    ax.set_ylim(bottom=0)
    amounts_on(ax, "x")
    amounts_on(ax, "y")
    ax.grid()
    ax.set_xlabel(f"budget for {allocation.periods} {allocation.interval}s")
    ax.set_ylabel(context.goal)
    ax.set_title("What other budgets would bring")
    subtitle(ax, "response of paid media at the best split of each budget")
    legend_below(ax, 3)
