"""How good a model is, in a word; and why the bounds are where they are.

A band is no verdict on the effects: a model may fit well and be wrong about
every channel. DECOMP.RSSD is banded for those who watch it, but does not
count: closeness to the spend shares is a preference, no evidence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mmmflow.domain import ranking

Data = dict[str, Any]
Model = Mapping[str, Any]
Word = Literal["excellent", "good", "acceptable", "poor"]

WORDS: tuple[Word, ...] = ("excellent", "good", "acceptable", "poor")


@dataclass(frozen=True)
class Measure:
    """A measure and the bounds of its bands.

    `bounds` end excellent, good and acceptable, each with its reason; what
    lies beyond the last is poor. `more` is better for R², less for the rest.
    """

    name: str
    label: str
    value: Callable[[Model], float | None]
    bounds: tuple[tuple[float, str], tuple[float, str], tuple[float, str]]
    more: bool = False
    counts: bool = True


def _nrmse_out(model: Model) -> float | None:
    return ranking.score(model) if ranking.is_out_of_sample(model) else None


def _nrmse_in(model: Model) -> float | None:
    """Where nothing better is known."""
    return None if ranking.is_out_of_sample(model) else ranking.score(model)


def _gap(model: Model) -> float | None:
    """Error out of sample over error in sample."""
    if not ranking.is_out_of_sample(model) or not model["nrmse_train"]:
        return None
    return ranking.score(model) / float(model["nrmse_train"])


_NRMSE_BOUNDS = (
    (0.05, "a quarter of a standard deviation, at a range of 5 sd"),
    (0.10, "half a standard deviation, at a range of 5 sd"),
    (0.15, "still tells a strong period from a weak one"),
)
TABLE: Sequence[Measure] = (
    Measure("nrmse", "NRMSE out of sample", _nrmse_out, _NRMSE_BOUNDS),
    Measure("nrmse", "NRMSE in sample", _nrmse_in, _NRMSE_BOUNDS),
    Measure(
        "rsq",
        "adjusted R²",
        lambda model: model["rsq_train"],
        (
            (0.9, "what Robyn's guide calls ideal"),
            (0.8, "what Robyn's guide calls acceptable"),
            (0.7, "below Robyn's advice, yet most of the movement"),
        ),
        more=True,
    ),
    Measure(
        "gap",
        "error out of sample ÷ in sample",
        _gap,
        (
            (1.1, "holds for new periods as for those it was fitted on"),
            (1.25, "at most a quarter more error on new periods"),
            (1.5, "beyond it the fit is too close, or the market has changed"),
        ),
    ),
    Measure(
        "decomp_rssd",
        "DECOMP.RSSD",
        lambda model: model["decomp_rssd"],
        (
            (0.1, "as if 7 points of effect had changed channels"),
            (0.2, "as if 14 points of effect had changed channels"),
            (0.35, "as if a quarter of the effect had changed channels"),
        ),
        counts=False,
    ),
)


def judge(model: Model) -> Data:
    """The word for the model, and for each measure that it has.

    The model's word is that of its worst measure that counts.
    """
    measures = [
        _judged(measure, value)
        for measure in TABLE
        if (value := measure.value(model)) is not None
    ]
    counted = [m for m in measures if m["counts"]]
    worst = max(counted, key=lambda m: WORDS.index(m["word"]))
    return {"word": worst["word"], "measures": measures}


def _judged(measure: Measure, value: float) -> Data:
    word, why = WORDS[-1], f"beyond {measure.bounds[-1][0]:g}"
    for name, (bound, reason) in zip(WORDS, measure.bounds, strict=False):
        if value >= bound if measure.more else value <= bound:
            word, why = name, reason
            break
    return {
        "measure": measure.name,
        "label": measure.label,
        "value": value,
        "word": word,
        "why": why,
        "counts": measure.counts,
    }


def sentence(judged: Mapping[str, Any]) -> str:
    """The judgement in a line: the word, and what it rests on."""
    parts = ", ".join(
        f"{measure['label']} {measure['word']}"
        for measure in judged["measures"]
        if measure["counts"]
    )
    return f"{judged['word']}: {parts}"
