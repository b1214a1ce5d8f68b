"""Every candidate of the search by its two errors, and the Pareto fronts."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from mmmflow_native.model.problem import BoolArray, FloatArray, IntArray
from mmmflow_native.plots.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    RED,
    Context,
    Page,
    styled,
    subtitle,
)

FRONTS_DRAWN = 3
FRONT_COLOURS = (BLUE, GREEN, ORANGE)


@styled
def pareto_plot(
    nrmse: FloatArray,
    decomp_rssd: FloatArray,
    fronts: IntArray,
    context: Context,
    *,
    kept: Sequence[tuple[int, str]] = (),
    selected: int | None = None,
    nrmse_name: str = "NRMSE",
) -> Figure:
    """Draw N candidates in order of evaluation.

    `fronts` (N,) is the Pareto front's number, from 1, or 0 for none. `kept`
    are positions of models that a person should look at, with their ids;
    `selected` is the position of the best.
    """
    page = Page(12.0, 7.6)
    page.text(
        0.5,
        0.3,
        f"Pareto fronts · {context.country} · {context.goal}",
        fontsize=16,
        fontweight="bold",
    )
    ax = page.axes(0.95, 1.35, 7.9, 5.5)
    finite = np.isfinite(nrmse) & np.isfinite(decomp_rssd)
    order = np.linspace(0.0, 1.0, len(nrmse))
    ax.scatter(
        nrmse[finite],
        decomp_rssd[finite],
        c=order[finite],
        cmap="Greys",
        vmin=-0.35,
        vmax=1.6,
        s=9,
        linewidths=0,
        rasterized=True,
    )
    handles = [
        Line2D([], [], color="#9a9a9a", marker="o", linestyle="", markersize=4,
               label="a candidate (darker: later)")
    ]  # fmt: skip
    for number in range(1, FRONTS_DRAWN + 1):
        on = np.flatnonzero(finite & (fronts == number))
        if not on.size:
            continue
        on = on[np.argsort(nrmse[on], kind="stable")]
        (line,) = ax.plot(
            nrmse[on],
            decomp_rssd[on],
            color=FRONT_COLOURS[number - 1],
            marker="o",
            markersize=4,
            linewidth=1.4,
            label=f"Pareto front {number} ({on.size} models)",
        )
        handles.append(line)
    handles += _picked(ax, nrmse, decomp_rssd, kept, selected)
    marked = (fronts >= 1) & (fronts <= FRONTS_DRAWN)
    marked[[position for position, _ in kept]] = True
    hidden = _view(ax, nrmse, decomp_rssd, marked)
    ax.grid()
    ax.set_xlabel(f"{nrmse_name}: error of the fit (lower is better)")
    ax.set_ylabel("DECOMP.RSSD: distance of effect shares from spend shares")
    ax.set_title("Error of fit against distance from spend shares")
    note = f"; {hidden:,} with larger errors not shown" if hidden else ""
    subtitle(ax, f"{len(nrmse):,} candidates{note}")
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.02, 1.0),
        borderaxespad=0,
        labelspacing=0.6,
    )
    return page.figure


def _picked(
    ax: Axes,
    nrmse: FloatArray,
    rssd: FloatArray,
    kept: Sequence[tuple[int, str]],
    selected: int | None,
) -> list[Line2D]:
    """Numbered marks for the models kept; their ids go to the legend."""
    handles = []
    for number, (position, model_id) in enumerate(kept, start=1):
        chosen = position == selected
        ax.plot(
            nrmse[position],
            rssd[position],
            "*" if chosen else "o",
            color=RED if chosen else "white",
            markeredgecolor="white" if chosen else INK,
            markersize=24 if chosen else 11,
            zorder=6 if chosen else 5,
        )
        ax.annotate(
            str(number),
            (nrmse[position], rssd[position]),
            ha="center",
            va="center_baseline",
            fontsize=7,
            color="white" if chosen else INK,
            zorder=7,
        )
        handles.append(
            Line2D(
                [],
                [],
                linestyle="",
                marker="*" if chosen else "o",
                color=RED if chosen else "white",
                markeredgecolor=RED if chosen else INK,
                markersize=11 if chosen else 8,
                label=f"{number}  model {model_id}"
                + ("  (selected)" if chosen else ""),
            )
        )
    return handles


def _view(
    ax: Axes, nrmse: FloatArray, rssd: FloatArray, marked: BoolArray
) -> int:
    """Set the axes to where the choice is; the number of points outside.

    That is twice as far as the marked models reach from the best value, or
    to the median candidate if there are none.
    """
    finite = np.isfinite(nrmse) & np.isfinite(rssd)
    if not finite.any():
        return 0
    inside = finite.copy()
    limits = []
    for values in (nrmse, rssd):
        low = float(values[finite].min())
        chosen = values[marked & finite]
        reach = float(chosen.max()) - low if chosen.size else 0.0
        if reach <= 0:
            reach = float(np.median(values[finite])) - low
        high = low + 2 * reach or 1e-6
        margin = 0.06 * (high - low) or 0.05 * abs(high)
        limits.append((low - margin, high))
        inside &= values <= high
    ax.set_xlim(limits[0])
    ax.set_ylim(limits[1])
    return int(finite.sum() - inside.sum())
