"""How every picture looks, and how it becomes the same bytes every time.

Pages are laid out in inches, without a layout engine: texts have their place
by construction, and a page takes well under a second. Colours are those of
Okabe and Ito (2008), which keep apart under the common colour blindnesses.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import numpy as np
from matplotlib import style as mpl_style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator
from mmmflow_native.budget.allocation import DepVarType
from mmmflow_native.model.problem import Interval
from mmmflow_native.plots.formats import HUGE, shorten, signed, unit_of

INK = "#222222"
QUIET = "#6b6b6b"
FAINT = "#e3e3e3"
BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
RED, SKY, PINK = "#d55e00", "#56b4e9", "#cc79a7"
GREY = "#8c8c8c"
PALETTE = (BLUE, ORANGE, GREEN, RED, PINK, SKY, "#7a5c00", INK)
MARKERS = ("o", "s", "^")  # the palette's second and third round

KIND_COLOURS = {
    "intercept": GREY,
    "prophet": SKY,
    "context": ORANGE,
    "paid_media": BLUE,
    "organic_media": GREEN,
}
KIND_WORDS = {
    "intercept": "intercept",
    "prophet": "trend, season, holidays",
    "context": "context",
    "paid_media": "paid media",
    "organic_media": "organic media",
}

DPI = 110
TEXT = 9.0  # points

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "text.color": INK,
    "text.parse_math": False,  # a channel may be called a$b
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 22.0,
    "axes.labelsize": TEXT,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": "#b5b5b5",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.frameon": False,
    "legend.fontsize": TEXT,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "pdf.fonttype": 42,
    "pdf.compression": 9,
    "agg.path.chunksize": 0,
}

P = ParamSpec("P")


@dataclass(frozen=True)
class Context:
    """What a picture says beside its numbers."""

    country: str
    dep_var: str
    dep_var_type: DepVarType
    interval: Interval
    model_id: str = ""
    currency: str = ""  # as it stands behind an amount; "" if not known
    note: str = ""  # one line below the title

    @property
    def goal(self) -> str:
        """The goal's name, cut to what fits beside an axis."""
        return shorten(self.dep_var, 24)

    @property
    def money(self) -> str:
        """The unit of spend, in brackets, or nothing."""
        return f" ({self.currency})" if self.currency else ""

    @property
    def efficiency(self) -> str:
        """The measure of return: ROAS, or CPA for conversions."""
        return "ROAS" if self.dep_var_type == "revenue" else "CPA"


def in_style() -> AbstractContextManager[None]:
    """Matplotlib's own defaults and ours, whatever the user's settings."""
    return mpl_style.context(["default", _RC])


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that draws in this style."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with in_style():
            return draw(*args, **kwargs)

    return wrapper


class Page:
    """A figure on which axes are placed in inches from the top left."""

    def __init__(self, width: float, height: float) -> None:
        self.width = width
        self.height = height
        self.figure = Figure(figsize=(width, height), dpi=DPI)
        FigureCanvasAgg(self.figure)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """New axes whose top left corner is at (x, y)."""
        return self.figure.add_axes(
            (
                x / self.width,
                1 - (y + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )

    def text(self, x: float, y: float, text: str, **options: Any) -> None:
        """Text whose top left corner is at (x, y)."""
        options = {"va": "top", **options}
        self.figure.text(x / self.width, 1 - y / self.height, text, **options)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG or PDF, by the path's suffix, without a date in it."""
    metadata: dict[str, Any] = (
        {"Software": None}
        if path.suffix == ".png"
        else {"CreationDate": None, "Creator": None, "Producer": None}
    )
    with in_style():
        figure.savefig(path, metadata=metadata)


def subtitle(ax: Axes, text: str) -> None:
    """One quiet line between the title and the axes."""
    ax.annotate(
        text,
        (0, 1),
        xytext=(0, 7),
        xycoords="axes fraction",
        textcoords="offset points",
        color=QUIET,
        va="bottom",
    )


class _Amounts(Formatter):
    """Ticks in one unit, with the decimals that tell them apart."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        size = max((abs(float(value)) for value in values), default=0.0)
        if size >= HUGE:
            return [signed(f"{value:.1e}") for value in values]
        unit, word = unit_of(size, thousands_from=1e4)
        steps = np.abs(np.diff(np.asarray(values, dtype=np.float64)))
        step = float(steps.min(initial=size)) / unit
        digits = 0
        while digits < 6 and abs(round(step, digits) - step) > 1e-3 * step:
            digits += 1
        return [
            signed(f"{value / unit:,.{digits}f}{word}") if value else "0"
            for value in values
        ]

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]


def amounts_on(ax: Axes, axis: str, ticks: int = 5) -> None:
    """Write an axis' ticks as amounts, a few of them."""
    chosen = ax.xaxis if axis == "x" else ax.yaxis
    chosen.set_major_locator(MaxNLocator(ticks))
    chosen.set_major_formatter(_Amounts())


def shares_on(ax: Axes, axis: str, ticks: int = 5) -> None:
    """Write an axis' ticks as per cent, a few of them."""
    chosen = ax.xaxis if axis == "x" else ax.yaxis
    chosen.set_major_locator(MaxNLocator(ticks))
    chosen.set_major_formatter(
        FuncFormatter(
            lambda value, _: f"{100 * value:.0f} %" if value <= 1 else ""
        )
    )


def names_on(ax: Axes, names: Sequence[str], inches: float = 1.95) -> None:
    """Name the rows of horizontal bars, the first on top."""
    ax.set_yticks(
        range(len(names)), [fitting(name, inches) for name in names], color=INK
    )
    rows_on(ax, len(names))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def fitting(name: str, inches: float, size: float = TEXT) -> str:
    """The name, shortened until it is no wider than that."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans")))
    font.set_size(size, 72)
    for longest in range(len(name), 4, -1):
        font.set_text(shorten(name, longest))
        if font.get_width_height()[0] / 64 <= 72 * inches:
            return shorten(name, longest)
    return shorten(name, 4)


def rows_on(ax: Axes, rows: int) -> None:
    """Room for rows of bars from the top; a few are not drawn fat."""
    spare = max(4 - rows, 0) / 2
    ax.set_ylim(rows - 0.4 + spare, -0.6 - spare)


def colour(index: int) -> str:
    """The colour of the i-th channel."""
    return PALETTE[index % len(PALETTE)]


def marker(index: int) -> str:
    """The marker of the i-th channel: another one per round of colours."""
    return MARKERS[index // len(PALETTE) % len(MARKERS)]


def legend_below(
    ax: Axes, columns: int, gap: float = 0.42, **options: Any
) -> None:
    """A legend in one row, `gap` inches below the axes."""
    height = ax.get_window_extent().height / DPI
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0.0, -gap / height),
        ncols=columns,
        borderaxespad=0.0,
        columnspacing=1.4,
        handlelength=1.6,
        **options,
    )
