"""How far from the truth a choice is: ROAS per channel, by rule.

    python -m tests.bench.bench_truth

Markets are made here, so that what each channel truly brought is known: an
easy one, one whose channels are bought together, one with a weak signal. The
errors are |ROAS / true ROAS − 1|, over the modelling window, for Robyn's rule
(lowest error_score in sample among the clusters' best) and for ours. The
last line is JSON.
"""

import json
from dataclasses import dataclass

import numpy as np
from mmmflow_native.choice.pareto import error_scores
from mmmflow_native.choice.selection import Selection, select
from mmmflow_native.model.problem import Column, FloatArray, Problem
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions

WEEKS, START = 208, 22
CHANNELS = ("tv", "ooh", "search", "social", "video")
THETAS = (0.5, 0.3, 0.1, 0.2, 0.25)
ALPHAS = (1.8, 1.4, 1.2, 1.5, 1.6)
GAMMAS = (0.5, 0.6, 0.65, 0.5, 0.45)
ROAS = (2.8, 1.2, 3.4, 1.0, 2.0)
DRAWS = 5
ITERATIONS, TRIALS = 1000, 3
RANGES = {"alphas": (0.5, 3.0), "gammas": (0.3, 1.0), "thetas": (0.0, 0.8)}


@dataclass(frozen=True)
class Shape:
    """A market: what its channels share, and how loud its noise is."""

    name: str
    together: float  # correlation of the log spends
    noise: float  # of the base
    media: float  # spend, as a multiple of the usual


SHAPES = (
    Shape("easy", 0.0, 0.02, 1.0),
    Shape("collinear", 0.9, 0.02, 1.0),
    Shape("weak", 0.0, 0.10, 0.3),
)


def market(shape: Shape, seed: int) -> Problem:
    """A market whose channels return ROAS over the window.

    Trend and season are given as they truly are.
    """
    random = np.random.default_rng(seed)
    common = random.normal(0, 1, (WEEKS, 1))
    own = random.normal(0, 1, (WEEKS, len(CHANNELS)))
    mixed = np.sqrt(shape.together) * common
    mixed = mixed + np.sqrt(1 - shape.together) * own
    size = np.array([90.0, 40.0, 50.0, 40.0, 35.0]) * shape.media
    spend = size * np.exp(0.6 * mixed)
    t = np.arange(WEEKS)
    trend = 900.0 + 0.6 * t
    season = 80.0 * np.sin(2 * np.pi * t / 52.18)
    y = trend + season + random.normal(0, shape.noise * 900.0, WEEKS)
    for i in range(len(CHANNELS)):
        effect = _effect(spend[:, i], THETAS[i], ALPHAS[i], GAMMAS[i])
        spent = spend[START:, i].sum()
        y = y + ROAS[i] * spent / effect[START:].sum() * effect
    return Problem(
        dates=np.datetime64("2021-01-04") + 7 * t,
        interval="week",
        y=y,
        x=np.column_stack([trend, season, spend]),
        columns=(
            Column("trend", "prophet", "default"),
            Column("season", "prophet", "default"),
            *(Column(c, "paid_media", "positive", c) for c in CHANNELS),
        ),
        spend=spend,
        window=slice(START, WEEKS),
        adstock="geometric",
        ranges={
            f"{channel}_{kind}": range_
            for channel in CHANNELS
            for kind, range_ in RANGES.items()
        },
    )


def _effect(
    spend: FloatArray, theta: float, alpha: float, gamma: float
) -> FloatArray:
    stock = np.empty_like(spend)
    left = 0.0
    for t, value in enumerate(spend.tolist()):
        left = value + theta * left
        stock[t] = left
    inflexion = gamma * stock[START:].max()
    return np.asarray(stock**alpha / (stock**alpha + inflexion**alpha))


def robyns_choice(solutions: Solutions, selection: Selection) -> int:
    """The best by error_score, in sample, of the clusters' best models."""
    kept = selection.kept
    score = error_scores(
        solutions.nrmse_train[kept],
        solutions.decomp_rssd[kept],
        solutions.mape[kept],
    )
    best = selection.clusters.best if selection.clusters else range(len(kept))
    return int(kept[min(best, key=lambda i: score[i])])


def errors(problem: Problem, seed: int) -> dict[str, FloatArray]:
    """|ROAS / truth − 1| per channel, by rule."""
    solutions = search(problem, iterations=ITERATIONS, trials=TRIALS, seed=seed)
    selection = select(problem, solutions)
    spent = problem.spend[problem.window].sum(axis=0)
    chosen = {
        "robyn": robyns_choice(solutions, selection),
        "mmmflow": selection.best,
    }
    return {
        rule: np.abs(
            solutions.contribution[model, problem.paid] / spent / ROAS - 1
        )
        for rule, model in chosen.items()
    }


def main() -> None:
    """Print the mean error per channel, and the figures as JSON."""
    figures: dict[str, float] = {}
    print(f"{'market':10} {'rule':8} {'  '.join(f'{c:>6}' for c in CHANNELS)}")
    for shape in SHAPES:
        runs = [errors(market(shape, i), seed=i) for i in range(DRAWS)]
        for rule in runs[0]:
            mean = np.mean([run[rule] for run in runs], axis=0)
            cells = "  ".join(f"{value:6.0%}" for value in mean)
            print(f"{shape.name:10} {rule:8} {cells}   mean {mean.mean():.1%}")
            for channel, value in zip(CHANNELS, mean.tolist(), strict=True):
                figures[f"{shape.name}_{rule}_{channel}"] = round(value, 4)
            figures[f"{shape.name}_{rule}"] = round(float(mean.mean()), 4)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
