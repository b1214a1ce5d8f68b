"""Calibration: how far a model is from what lift tests measured.

MAPE.LIFT of Robyn 3.12 (`lift_calibration`): the response that a model
attributes to the tested media over the test, scaled from the days its rows
span to the days of the test, against the measured effect. A test of the
immediate effect leaves out the response to what was advertised before it:
coefficient · Hill(adstock(all rows) − adstock(test rows alone)).
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.candidates import Candidates
from mmmflow_native.model.problem import FloatArray, IntArray, Lift, Problem
from mmmflow_native.model.saturation import hill
from mmmflow_native.model.transform import Transformed, adstock_media


@dataclass(frozen=True, eq=False)
class Study:
    """A lift test, placed on the rows of a problem."""

    lift: Lift
    rows: IntArray  # of the full series, all within the window
    media: IntArray  # positions in media order
    scale: float  # days of the test over the days between its rows


@dataclass(frozen=True, eq=False)
class Predicted:
    """What c candidates attribute to a test, in units of the goal."""

    effect: FloatArray  # (c,), of the test's scope
    total: FloatArray  # (c,), with the response to earlier media


def place(problem: Problem, lift: Lift) -> Study | None:
    """Place a lift test on the rows; None if none of them is modelled.

    The rows are those dated within the test, and the period before where the
    test starts within a period. A test of a single row has no span to scale
    by and is compared as it is (Robyn divides by 0 there).
    """
    rows = np.flatnonzero(
        (problem.dates >= lift.start) & (problem.dates <= lift.end)
    )
    if len(rows) and problem.dates[rows[0]] != lift.start and rows[0] > 0:
        rows = np.concatenate([[rows[0] - 1], rows])
    window = np.arange(problem.n)[problem.window]
    rows = rows[np.isin(rows, window)]
    if not len(rows):
        return None
    days = np.timedelta64(1, "D")
    tested = (lift.end - lift.start) / days
    spanned = (problem.dates[rows[-1]] - problem.dates[rows[0]]) / days
    media = [problem.media_names.index(name) for name in lift.columns]
    return Study(
        lift,
        rows,
        np.array(media, dtype=np.int64),
        float(tested / spanned) if spanned > 0 else 1.0,
    )


def predict(
    problem: Problem,
    study: Study,
    candidates: Candidates,
    transformed: Transformed,
    coefficients: FloatArray,
) -> Predicted:
    """Predict a test; coefficients are (p, c)."""
    media, rows = study.media, study.rows
    b = coefficients[problem.media[media]] * study.scale
    start = problem.window.indices(problem.n)[0]
    in_window = transformed.saturated[rows - start][:, media]
    total = np.einsum("wmc,mc->c", in_window, b)
    if study.lift.scope == "total":
        return Predicted(total, total)
    alone = adstock_media(
        problem,
        problem.x[np.ix_(rows, problem.media[media])],
        tuple(d[media] for d in candidates.decay),
    )
    earlier = transformed.adstocked.total[rows][:, media] - alone.total
    response = hill(
        np.maximum(earlier, 0.0),
        candidates.alphas[media],
        transformed.inflexions[media],
    )
    return Predicted(total - np.einsum("wmc,mc->c", response, b), total)


@dataclass(frozen=True)
class LiftFit:
    """A lift test beside what one model says of it, in units of the goal."""

    lift: Lift
    first: np.datetime64  # rows compared, both inclusive
    last: np.datetime64
    predicted: float
    predicted_total: float  # with the response to earlier media
    error: float  # relative, absolute value


class Calibration:
    """The lift tests of a problem that its window can answer."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        placed = [place(problem, lift) for lift in problem.lifts]
        self.studies = tuple(study for study in placed if study)
        self._weights = _weights([study.lift for study in self.studies])

    def mape(
        self,
        candidates: Candidates,
        transformed: Transformed,
        coefficients: FloatArray,
    ) -> FloatArray:
        """Mean absolute relative error (c,) over the tests; 0 without any."""
        error = np.zeros(len(candidates))
        for study, weight in zip(self.studies, self._weights, strict=True):
            predicted = predict(
                self._problem, study, candidates, transformed, coefficients
            )
            error += weight * relative_error(study, predicted)
        return error

    def compare(
        self,
        candidates: Candidates,
        transformed: Transformed,
        coefficients: FloatArray,
    ) -> tuple[LiftFit, ...]:
        """Every test beside the first candidate's answer."""
        compared = []
        for study in self.studies:
            predicted = predict(
                self._problem, study, candidates, transformed, coefficients
            )
            compared.append(
                LiftFit(
                    study.lift,
                    self._problem.dates[study.rows[0]],
                    self._problem.dates[study.rows[-1]],
                    float(predicted.effect[0]),
                    float(predicted.total[0]),
                    float(relative_error(study, predicted)[0]),
                )
            )
        return tuple(compared)


def relative_error(study: Study, predicted: Predicted) -> FloatArray:
    """|predicted − measured| / |measured| (c,)."""
    measured = study.lift.effect
    return np.abs((predicted.effect - measured) / measured)


def _weights(lifts: list[Lift]) -> FloatArray:
    """Weights of tests in the mean error; they sum to 1.

    By the inverse variance of the relative effect where every test states
    its standard error, else alike, as in Robyn.
    """
    known = [
        (lift.effect / lift.standard_error) ** 2
        for lift in lifts
        if lift.standard_error
    ]
    if len(known) < len(lifts):
        known = [1.0] * len(lifts)
    return np.array(known) / sum(known) if known else np.empty(0)
