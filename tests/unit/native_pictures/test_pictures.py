"""Pictures: every text has its place, and the same input the same bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.plots.allocation_plot import allocation_plot
from mmmflow_native.plots.convergence_plot import convergence_plot
from mmmflow_native.plots.onepager import onepager
from mmmflow_native.plots.pareto_plot import pareto_plot
from mmmflow_native.plots.prophet_plot import prophet_plot
from mmmflow_native.plots.style import Context, in_style, save

LONG = "channel_{}_connected_television_prospecting_upper_funnel"
# What may lie on another text by a hair: the boxes hold room for descenders.
TOUCH = 2.0

CONTEXT = Context("DE", "revenue", "revenue", "week", "1_23_1", "EUR")
ORDERS = replace(
    CONTEXT,
    dep_var="orders_of_new_customers_confirmed_online",
    dep_var_type="conversion",
)


class Model(Protocol):
    """What `make_model` returns."""

    @property
    def problem(self) -> Problem: ...
    @property
    def fit(self) -> Fit: ...


MakeModel = Callable[..., Model]

ODD: Mapping[str, tuple[Context, Mapping[str, Any]]] = {
    "one channel": (CONTEXT, {"channels": 1, "name": LONG}),
    "conversions": (ORDERS, {"channels": 5, "scale": 1e-3}),
    "fourteen long names": (
        CONTEXT,
        {"channels": 14, "name": LONG, "idle": (3,)},
    ),
    "very large numbers": (
        CONTEXT,
        {"channels": 6, "scale": 1e13, "adstock": "weibull_pdf"},
    ),
    "rows held back": (CONTEXT, {"channels": 3, "train_size": 0.6}),
    "signs of markup": (
        CONTEXT,
        {"channels": 2, "name": "a$b_{{{}}}^<&>\\x", "adstock": "weibull_cdf"},
    ),
}


def proposal_of(made: Model, context: Context, **changes: Any) -> Allocation:
    settings: dict[str, Any] = {
        "scenario": "max_response",
        "total_budget": None,
        "bounds": {"default": (0.5, 2.0)},
        "dep_var_type": context.dep_var_type,
        **changes,
    }
    return allocate(made.problem, made.fit, **settings)


def drawn_texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every text that is drawn, with its box in pixels."""
    drawn: list[Text] = []
    draw = Text.draw

    def recorded(self: Text, *args: Any, **options: Any) -> None:
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        draw(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch, in_style():
        patch.setattr(Text, "draw", recorded)
        figure.draw_without_rendering()
    return [(text.get_text(), Text.get_window_extent(text)) for text in drawn]


def assert_well_placed(figure: Figure) -> None:
    """Fail if a text leaves the page or lies on another."""
    texts = drawn_texts(figure)
    assert outside(figure, texts) == []
    assert overlapping(texts) == []


def outside(figure: Figure, texts: Sequence[tuple[str, Bbox]]) -> list[str]:
    page = figure.bbox
    return [
        text
        for text, box in texts
        if box.x0 < page.x0
        or box.x1 > page.x1
        or box.y0 < page.y0
        or box.y1 > page.y1
    ]


def overlapping(texts: Sequence[tuple[str, Bbox]]) -> list[tuple[str, str]]:
    boxes = np.array([box.extents for _, box in texts])
    low, high = boxes[:, :2], boxes[:, 2:]
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    rows, columns = np.nonzero(np.triu((shared > TOUCH).all(axis=2), k=1))
    return [
        (texts[i][0], texts[j][0])
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


@pytest.mark.parametrize("case", sorted(ODD))
def test_every_text_of_the_onepager_has_a_place_of_its_own(
    make_model: MakeModel, case: str
) -> None:
    context, settings = ODD[case]
    made = make_model(**settings)
    for i in settings.get("idle", ()):
        made.fit.coefficients[made.problem.paid[i]] = 0.0
    proposal = proposal_of(made, context)
    assert_well_placed(onepager(made.problem, made.fit, proposal, context))


@pytest.mark.parametrize("case", sorted(ODD))
def test_every_text_of_the_proposal_has_a_place_of_its_own(
    make_model: MakeModel, case: str
) -> None:
    context, settings = ODD[case]
    made = make_model(**settings)
    proposal = proposal_of(made, context, scenario="target_efficiency")
    assert_well_placed(allocation_plot(proposal, context))


def test_the_onepager_shows_cpa_for_conversions_and_roas_for_revenue(
    model: Model,
) -> None:
    for context, shown, absent in (
        (CONTEXT, "ROAS", "CPA"),
        (ORDERS, "CPA", "ROAS"),
    ):
        figure = onepager(model.problem, model.fit, None, context)
        said = " ".join(text for text, _ in drawn_texts(figure))
        assert shown in said
        assert absent not in said


def test_the_onepager_names_the_rows_held_back(make_model: MakeModel) -> None:
    made = make_model(channels=2, train_size=0.6)
    figure = onepager(made.problem, made.fit, None, CONTEXT)
    said = [text for text, _ in drawn_texts(figure)]
    assert {"train", "validation", "test"} <= set(said)


def test_the_onepager_has_all_its_panels(model: Model) -> None:
    proposal = proposal_of(model, CONTEXT)
    figure = onepager(model.problem, model.fit, proposal, CONTEXT)
    titles = {ax.get_title(loc="left") for ax in figure.axes}
    assert {
        "Decomposition of revenue",
        "Share of spend against share of effect",
        "Response curves",
        "Adstock: how the effect fades",
        "Fitted against actual",
        "Residuals",
        "Immediate effect and carryover",
    } <= titles
    assert any(title.startswith("Budget proposal") for title in titles)


def search(seed: int = 5) -> dict[str, Any]:
    """What a search leaves: errors that fall, some of them not finite."""
    random = np.random.default_rng(seed)
    iteration = np.tile(np.arange(1, 101), 2)
    nrmse = 0.05 + random.gamma(2.0, 0.05, 200) / np.sqrt(iteration)
    rssd = 0.01 + random.gamma(2.0, 0.1, 200) / np.sqrt(iteration)
    rssd[3] = np.inf
    return {
        "trial": np.repeat([1, 2], 100),
        "iteration": iteration,
        "nrmse": nrmse,
        "rssd": rssd,
    }


def pareto_page(kept: Sequence[tuple[int, str]]) -> Figure:
    found = search()
    front = np.zeros(200, dtype=np.int64)
    front[np.argsort(found["nrmse"])[:6]] = 1
    return pareto_plot(
        found["nrmse"],
        found["rssd"],
        front,
        CONTEXT,
        kept=kept,
        selected=kept[0][0] if kept else None,
    )


def convergence_page() -> Figure:
    found = search()
    return convergence_plot(
        {"NRMSE": found["nrmse"], "DECOMP.RSSD": found["rssd"]},
        found["trial"],
        found["iteration"],
        CONTEXT,
        ["NRMSE converged", "DECOMP.RSSD NOT converged: " + "long " * 60],
    )


def test_the_pareto_plot_lists_the_models_kept() -> None:
    figure = pareto_page([(150, "2_51_1"), (60, "1_61_1")])
    texts = drawn_texts(figure)
    said = [text for text, _ in texts]
    assert "1  model 2_51_1  (selected)" in said
    assert "2  model 1_61_1" in said
    assert outside(figure, texts) == []


def test_a_search_without_any_finite_error_is_still_a_picture() -> None:
    nothing = np.full(10, np.inf)
    order = np.arange(1, 11)
    one = np.ones(10, dtype=np.int64)
    figure = convergence_plot({"NRMSE": nothing}, one, order, CONTEXT)
    assert "no candidate has a finite value" in [
        text for text, _ in drawn_texts(figure)
    ]
    assert_well_placed(pareto_plot(nothing, nothing, 0 * one, CONTEXT))


def test_the_convergence_plot_says_whether_it_converged() -> None:
    figure = convergence_page()
    said = [text for text, _ in drawn_texts(figure)]
    assert "NRMSE converged" in said
    assert_well_placed(figure)


def test_the_prophet_plot_has_a_panel_for_each_component(
    model: Model,
) -> None:
    figure = prophet_plot(model.problem, CONTEXT)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["Goal", "Trend", "Yearly season"]
    assert_well_placed(figure)


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_the_same_model_gives_the_same_bytes_whatever_the_settings(
    model: Model, tmp_path: Path, suffix: str
) -> None:
    proposal = proposal_of(model, CONTEXT)
    paths = [tmp_path / f"{i}.{suffix}" for i in range(2)]
    for path, size in zip(paths, (10, 30), strict=True):
        with mpl.rc_context({"font.size": size, "savefig.dpi": 10 * size}):
            figure = onepager(model.problem, model.fit, proposal, CONTEXT)
            save(figure, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_pdf_holds_no_date(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    save(prophet_plot(model.problem, CONTEXT), path)
    assert b"CreationDate" not in path.read_bytes()
