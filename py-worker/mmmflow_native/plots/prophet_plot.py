"""The goal's own rhythm, as prophet took it apart."""

from matplotlib.figure import Figure
from mmmflow_native.model.problem import Problem
from mmmflow_native.plots.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    QUIET,
    RED,
    Context,
    Page,
    amounts_on,
    styled,
    subtitle,
)
from mmmflow_native.plots.time_panels import dates_on

COLOURS = {
    "trend": BLUE,
    "season": GREEN,
    "holiday": RED,
    "weekday": ORANGE,
    "monthly": PINK,
}
WORDS = {
    "trend": "Trend",
    "season": "Yearly season",
    "holiday": "Holidays",
    "weekday": "Day of the week",
    "monthly": "Month",
}


@styled
def prophet_plot(problem: Problem, context: Context) -> Figure:
    """Draw the goal and each prophet component over all n rows."""
    found = [
        (i, column.name)
        for i, column in enumerate(problem.columns)
        if column.kind == "prophet"
    ]
    height, gap = 1.45, 1.0
    page = Page(12.0, 0.85 + (height + gap) * (1 + len(found)))
    page.text(
        0.5,
        0.3,
        f"Prophet decomposition · {context.country} · {context.goal}",
        fontsize=16,
        fontweight="bold",
    )
    series = [("Goal", problem.y, INK, f"{context.goal}, as observed")] + [
        (
            WORDS.get(name, name),
            problem.x[:, i],
            COLOURS.get(name, QUIET),
            "component, before the model weighs it",
        )
        for i, name in found
    ]
    window = problem.dates[problem.window]
    for row, (title, values, colour, told) in enumerate(series):
        ax = page.axes(1.0, 1.4 + row * (height + gap), 10.6, height)
        ax.axvspan(
            window[0], window[-1], color="#f4f4f4", linewidth=0, zorder=0
        )
        if title != "Goal" and values.min() < 0 < values.max():
            ax.axhline(0, color=INK, linewidth=0.7)
        ax.plot(problem.dates, values, color=colour, linewidth=1.5)
        amounts_on(ax, "y", 4)
        dates_on(ax, problem.dates)
        ax.grid(axis="y")
        ax.set_title(title)
        subtitle(ax, f"{told} (shaded: the modelling window)")
    return page.figure
