"""How far from the truth an answer is: ROAS per channel, by way to choose.

    python -m tests.bench.bench_truth

Markets are drawn here (see truth_data), so that what each channel brought is
known. Errors are |ROAS / true ROAS − 1| over the modelling window. The rule
was chosen looking at seeds such as `CHOSEN_BY` and at none of `HELD_OUT`,
which are reported apart. It takes some ten minutes. The last line is JSON.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmmflow.local.sample.markets import CHANNELS
from mmmflow_native.model.problem import FloatArray

from tests.bench.truth_data import LIMITS, SHAPES, Shape, market
from tests.bench.truth_rules import (
    BESIDE,
    CLUSTERS,
    LEARNED,
    OURS,
    ROBYN,
    TOLD,
    Answer,
    answer,
)

CHOSEN_BY = range(1, 13)
HELD_OUT = range(101, 113)
NAMES = tuple(channel.name for channel in CHANNELS)
WIDTH = 40

LIMITS_SAY = {
    "apart": "returns far apart: DECOMP.RSSD pulls them together, and the "
    "further apart they are, the more it errs",
    "short": "too few periods: one year to model",
    "flat": "no variation: channels always on, at one level",
}


def main() -> None:
    """Print every table, then all figures as one line of JSON."""
    figures: dict[str, Any] = {}
    for title, seeds in (("chosen_by", CHOSEN_BY), ("held_out", HELD_OUT)):
        for shape in SHAPES:
            answers = [
                answer(market(shape, seed), seed, thorough=seeds is HELD_OUT)
                for seed in seeds
            ]
            figures[f"{title}_{shape.name}"] = _table(
                f"{shape.name}, {title.replace('_', ' ')}: seeds "
                f"{seeds[0]} to {seeds[-1]}",
                answers,
                {**LEARNED, **TOLD},
            )
    _say_means(figures)
    print("\nLimits: what no choice among the models found can mend")
    for shape in LIMITS:
        figures[shape.name] = _limit(shape)
    _say_demand(figures["held_out_collinear"])
    print(json.dumps(figures))


def _table(
    title: str, answers: Sequence[Answer], ways: Mapping[str, str]
) -> dict[str, Any]:
    """Print the errors of the ways; return them."""
    media = np.mean([a.truth.sum() / a.revenue for a in answers])
    print(f"\n{title}; media bring {media:.0%} of revenue")
    print(
        f"{'error of ROAS: median/worst':{WIDTH}}"
        + "".join(f"{name:>11}" for name in NAMES)
        + f"{'mean':>8}{'median':>8}{'worst':>7}{'share':>7}"
    )
    figures: dict[str, Any] = {}
    for way, words in ways.items():
        if way not in answers[0].contributions:
            continue
        figures[way] = found = _errors(answers, way)
        cells = "".join(
            f"{median:6.0%}/{worst:4.0%}"
            for median, worst in found["channels"].values()
        )
        print(
            f"{words:{WIDTH}}{cells}{found['mean']:8.0%}{found['median']:8.0%}"
            f"{found['worst']:7.0%}{found['share_points']:7.2f}"
        )
    covered = float(np.mean([a.covered for a in answers]))
    dropped = {
        way: round(
            float(np.mean([a.intercept_dropped[way] for a in answers])), 4
        )
        for way in answers[0].intercept_dropped
    }
    models = float(np.median([a.plausible for a in answers]))
    print(
        f"The truth is within the range of the plausible models (median "
        f"{models:.0f}) for {covered:.0%} of channels; "
        f"{dropped[OURS]:.0%} of Pareto models dropped the intercept"
        + (
            f", {dropped[BESIDE]:.0%} with season as columns."
            if BESIDE in dropped
            else "."
        )
    )
    return {
        **figures,
        "covered": round(covered, 4),
        "plausible_models": models,
        "intercept_dropped": dropped,
    }


def _errors(answers: Sequence[Answer], way: str) -> dict[str, Any]:
    """Errors of ROAS; of the share of revenue, in points, mean of channels."""
    error, ratio = _relative(answers, way)
    share = [
        np.abs(a.contributions[way] - a.truth).mean() / a.revenue
        for a in answers
    ]
    per_channel = np.stack([np.median(error, axis=0), error.max(axis=0)])
    return {
        "mean": round(float(error.mean()), 4),
        "median": round(float(np.median(error)), 4),
        "worst": round(float(error.max()), 4),
        "share_points": round(100 * float(np.mean(share)), 4),
        "channels": dict(
            zip(NAMES, np.round(per_channel.T, 4).tolist(), strict=True)
        ),
        "found_to_true": dict(
            zip(
                NAMES,
                np.round(np.median(ratio, axis=0), 4).tolist(),
                strict=True,
            )
        ),
    }


def _relative(
    answers: Sequence[Answer], way: str
) -> tuple[FloatArray, FloatArray]:
    """|found / true − 1| and found / true, (seeds, k)."""
    ratio = np.stack([a.contributions[way] / a.truth for a in answers])
    return np.abs(ratio - 1), ratio


def _limit(shape: Shape) -> dict[str, Any]:
    answers = [
        answer(market(shape, seed), seed, thorough=False) for seed in HELD_OUT
    ]
    ways = {way: LEARNED[way] for way in (ROBYN, CLUSTERS, OURS, "train")}
    return _table(f"{LIMITS_SAY[shape.name]}", answers, {**ways, **TOLD})


def _say_means(figures: Mapping[str, Any]) -> None:
    """Print errors of each way over the three shapes, held out."""
    print(
        f"\n{'the three shapes, held out: error of ROAS':{WIDTH}}  mean median"
    )
    for way, words in {**LEARNED, **TOLD}.items():
        found = [figures[f"held_out_{shape.name}"][way] for shape in SHAPES]
        mean, median = (
            float(np.mean([errors[what] for errors in found]))
            for what in ("mean", "median")
        )
        print(f"{words:{WIDTH}}{mean:7.1%}{median:7.1%}")


def _say_demand(collinear: Mapping[str, Any]) -> None:
    def search(way: str) -> str:
        return f"{collinear[way]['found_to_true']['search']:.1f}"

    print(
        "\nDemand drives search (collinear, held out): the return found for "
        f"it is {search(ROBYN)} times the true one by Robyn's rule, "
        f"{search(OURS)} by mmmflow's, {search('curves_season')} with the true "
        "curves and least squares (medians). Rows of the same kind, however "
        "many, can't tell it from demand; with lift tests of tv and search it "
        f"is {search('lift_2')}."
    )


if __name__ == "__main__":
    main()
