"""What an honest analyst says beside the numbers."""

from collections.abc import Sequence

import numpy as np

from mmmflow_native.choice.convergence import late_gain
from mmmflow_native.choice.pareto import MIN_CANDIDATES
from mmmflow_native.choice.selection import Selection
from mmmflow_native.choice.sensitivity import Plausible, WeightedChoice
from mmmflow_native.data.calendar import PER_YEAR
from mmmflow_native.data.features import Features
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_native.optimise.solutions import Solutions

ROWS_PER_VARIABLE = 10  # Robyn's recommendation
STILL_GAINING = 0.02  # of the front's area
OVERFIT = 1.5  # error out of sample against in sample
CARRIED_OVER = 0.3  # autocorrelation of the residuals
WIDE = 2.0  # highest against lowest ROAS of plausible models
MOVES = 0.1  # of all paid effect: what RSSD's weight may move
SEARCH = ("search", "sem", "ppc")  # names of channels that demand drives
CONFIDENT, SPEND_TOLERANCE = 0.8, 0.1  # of lift tests, Robyn's


def about_data(features: Features) -> list[str]:
    """What the data can't tell, whatever the model."""
    problem = features.problem
    said = list(features.notes)
    said += [
        f"{name} is left out of the model: {reason}."
        for name, reason in features.left_out.items()
    ]
    if problem.w < ROWS_PER_VARIABLE * problem.p:
        said.append(
            f"{problem.w} rows for {problem.p} variables: fewer than "
            f"{ROWS_PER_VARIABLE} rows per variable leave much to chance."
        )
    if (
        any(column.name == "season" for column in problem.columns)
        and problem.n < 2 * PER_YEAR[problem.interval]
    ):
        said.append(
            "Less than two years of data: the season can't be told from "
            "what happened to fall into it."
        )
    if not problem.lifts:
        said.append(
            "No lift test calibrates this model: its returns rest on "
            "correlation alone."
        )
    driven = [
        column.channel
        for column in problem.columns
        if column.channel is not None
        and any(word in column.channel.lower() for word in SEARCH)
    ]
    if driven:
        said.append(
            f"{', '.join(driven)}: clicks on search follow demand and other "
            "media; what the model credits to it may be theirs."
        )
    return said + _about_lifts(problem)


def _about_lifts(problem: Problem) -> list[str]:
    said = []
    for lift in problem.lifts:
        what = f"The lift test of {' + '.join(lift.columns)} from {lift.start}"
        if lift.confidence is not None and lift.confidence < CONFIDENT:
            said.append(
                f"{what} has a confidence of {lift.confidence:.0%}: below "
                f"{CONFIDENT:.0%} it is better repeated than relied on."
            )
        rows = (problem.dates >= lift.start) & (problem.dates <= lift.end)
        paid = [
            i for i, n in enumerate(problem.paid_names) if n in lift.columns
        ]
        spent = float(problem.spend[rows][:, paid].sum())
        if (
            lift.spend is not None
            and paid
            and abs(spent - lift.spend) > SPEND_TOLERANCE * lift.spend
        ):
            said.append(
                f"{what} names a spend of {lift.spend:,.0f}; the data show "
                f"{spent:,.0f} in those periods."
            )
    return said


def about_search(solutions: Solutions, selection: Selection) -> list[str]:
    """What to know of the search and the choice."""
    said = []
    gained = late_gain(
        solutions.iteration, solutions.nrmse, solutions.decomp_rssd
    )
    if gained > STILL_GAINING:
        said.append(
            f"The last fifth of the search still added {gained:.0%} to the "
            "Pareto front: more iterations would find better models."
        )
    if len(selection.kept) < MIN_CANDIDATES < len(solutions):
        said.append(
            f"Only {len(selection.kept)} models pass the Pareto filter; "
            f"{MIN_CANDIDATES} are what Robyn asks for. More iterations give "
            "more."
        )
    if selection.basis == "train":
        said.append(
            "The window is too short to hold rows back: the model was chosen "
            "by its error on the rows it was fitted to."
        )
    return said


def about_model(
    problem: Problem,
    solutions: Solutions,
    selection: Selection,
    fit: Fit,
) -> list[str]:
    """What to know of the selected model."""
    said = []
    if fit.intercept_dropped:
        among = float(solutions.intercept_dropped[selection.kept].mean())
        said.append(
            "The intercept came out negative and was dropped (as in "
            f"{among:.0%} of the models kept): the baseline is carried by "
            "trend, season and context, whose shares are not to be read as "
            "effects."
        )
    outside = float(selection.nrmse_out[selection.position(selection.best)])
    if selection.basis != "train" and outside > OVERFIT * fit.nrmse_train:
        said.append(
            f"Out of sample the error is {outside:.3f}, on the rows it was "
            f"fitted to {fit.nrmse_train:.3f}: the model is fitted too "
            "closely, or the market has changed."
        )
    lagged = _autocorrelation(fit.residuals)
    if lagged > CARRIED_OVER:
        said.append(
            f"What one {problem.interval} leaves unexplained carries over "
            f"into the next (autocorrelation {lagged:.2f}): something that "
            "moves the goal is not in the model, and may be credited to what "
            "is."
        )
    without = [
        problem.columns[i].channel or problem.names[i]
        for i in problem.paid.tolist()
        if fit.coefficients[i] == 0
    ]
    if without:
        said.append(
            f"The model finds no effect of {', '.join(without)}: that is the "
            "limit of its sign, no proof that there is none."
        )
    return said


def _autocorrelation(residuals: FloatArray) -> float:
    """Of residuals (w,) with those of the period before."""
    apart = residuals - residuals.mean()
    total = float((apart**2).sum())
    return float((apart[1:] * apart[:-1]).sum()) / total if total else 0.0


def about_answer(
    problem: Problem,
    weighted: Sequence[WeightedChoice],
    near: Plausible,
) -> list[str]:
    """Where the answer is not firm."""
    names = [
        problem.columns[i].channel or problem.names[i]
        for i in problem.paid.tolist()
    ]
    said = []
    shares = np.stack([choice.effect_share for choice in weighted])
    moved = np.ptp(shares, axis=0)
    most = int(np.argmax(moved))
    if moved[most] > MOVES:
        said.append(
            "DECOMP.RSSD pulls effect shares towards spend shares and is no "
            f"evidence: with its weight from {weighted[0].weight:g} to "
            f"{weighted[-1].weight:g}, the effect share of {names[most]} "
            f"goes from {shares[:, most].max():.0%} to "
            f"{shares[:, most].min():.0%} (results/rssd_weights)."
        )
    low, high = near.roas[0], near.roas[2]
    wide = {
        name: f"{name} {low[i]:.2g} to {high[i]:.2g}"
        for i, name in enumerate(names)
        if high[i] > WIDE * max(low[i], 0)
    }
    if len(near.models) > 1 and wide:
        said.append(
            f"{len(near.models)} models that predict about as well disagree "
            f"about the return of {', '.join(wide.values())}. That "
            "is the range of models found, no confidence interval."
        )
    return said
