"""Ranges that are searched: presets by kind of channel, or given.

The presets are Robyn's documented recommendations
(https://facebookexperimental.github.io/Robyn/docs/analysts-guide-to-MMM).
"""

import math
from collections.abc import Mapping, Sequence

from mmmflow.domain.errors import Problem

Range = list[float]
Ranges = dict[str, Range | float]

_SATURATION: Mapping[str, Range] = {"alphas": [0.5, 3.0], "gammas": [0.3, 1.0]}
_LONG, _MEDIUM, _SHORT = [0.3, 0.8], [0.1, 0.4], [0.0, 0.3]
_THETA: Mapping[str, Range] = {
    "tv": _LONG,
    "ooh": _MEDIUM,
    "print": _MEDIUM,
    "radio": _MEDIUM,
    "video": _MEDIUM,
    "search": _SHORT,
    "social": _SHORT,
    "display": _SHORT,
    "email": _MEDIUM,
    "other": [0.0, 0.8],
}
KINDS = tuple(_THETA)
_WEIBULL: Mapping[str, Mapping[str, Range]] = {
    "weibull_cdf": {"shapes": [0.0001, 2.0], "scales": [0.0, 0.1]},
    "weibull_pdf": {"shapes": [0.0001, 10.0], "scales": [0.0, 0.1]},
}
# Robyn's limits; an end in `_OPEN` is not allowed itself.
_LIMITS: Mapping[str, tuple[float, float]] = {
    "alphas": (0.0, 10.0),
    "gammas": (0.0, 1.0),
    "thetas": (0.0, 1.0),
    "shapes": (0.0, 20.0),
    "scales": (0.0, 1.0),
    "train_size": (0.1, 1.0),
    "lambda": (0.0, 1.0),
    "penalty": (0.0, 1.0),
}
_OPEN: Mapping[str, tuple[float, ...]] = {
    "alphas": (0.0, 10.0),
    "gammas": (0.0,),
    "thetas": (1.0,),
    "shapes": (20.0,),
    "train_size": (0.1,),
}
_TRAIN_SIZE = [0.5, 0.8]
_PENALTY = [0.0, 1.0]


def kind_of(name: str) -> str:
    """The kind of a channel, by its name; "other" if it does not say."""
    words = name.lower().replace("-", "_").split("_")
    return next((kind for kind in KINDS if kind in words), "other")


def ranges(
    adstock: str,
    media: Sequence[tuple[str, str]],
    *,
    ts_validation: bool,
    given: Mapping[str, Range | float],
    penalised: Sequence[str] = (),
) -> Ranges:
    """The range of every hyperparameter of these (variable, kind)s.

    `penalised` are the model's columns whose penalty factor is searched.
    """
    preset: Ranges = {}
    for variable, kind in media:
        adstocking = _WEIBULL.get(adstock) or {"thetas": _THETA[kind]}
        for name, range_ in (*_SATURATION.items(), *adstocking.items()):
            preset[f"{variable}_{name}"] = list(range_)
    if ts_validation:
        preset["train_size"] = list(_TRAIN_SIZE)
    for column in penalised:
        preset[f"{column}_penalty"] = list(_PENALTY)
    return {**preset, **given}


def problems(
    adstock: str,
    variables: Sequence[str],
    given: Mapping[str, Range | float],
    others: Sequence[str] = (),
) -> list[Problem]:
    """What is wrong with the ranges that a person gave.

    `variables` are the media's; `others` are the rest of the model's columns,
    which have a penalty and nothing else.
    """
    names = ["alphas", "gammas", *(_WEIBULL.get(adstock) or ("thetas",))]
    known = {f"{v}_{name}": name for v in variables for name in names}
    known |= {"train_size": "train_size", "lambda": "lambda"}
    penalties = {f"{name}_penalty": "penalty" for name in (*variables, *others)}
    known |= {k: v for k, v in penalties.items() if k in given}
    found = []
    for key, value in given.items():
        where = f"hyperparameters.{key}"
        if key not in known:
            found.append(
                Problem(
                    where,
                    f"no such hyperparameter with {adstock} adstock",
                    f"known: {', '.join(sorted(known))}",
                )
            )
            continue
        low, high = value if isinstance(value, list) else (value, value)
        least, most = _LIMITS[known[key]]
        if key == "lambda" and not isinstance(value, list):
            most = math.inf  # a fixed one is λ itself, not its position
        if low > high:
            found.append(Problem(where, f"min {low:g} is above max {high:g}"))
        elif low < least or high > most:
            found.append(
                Problem(where, f"must lie between {least:g} and {most:g}")
            )
        elif refused := {low, high}.intersection(_OPEN.get(known[key], ())):
            ends = " and ".join(f"{end:g}" for end in sorted(refused))
            within = f"must lie between {least:g} and {most:g}"
            found.append(Problem(where, f"{within}, but can't be {ends}"))
    return found
