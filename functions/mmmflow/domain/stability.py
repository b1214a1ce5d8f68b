"""How firm a result is: the models of the run that are as plausible.

An engine that keeps them writes, per channel, the lowest, median and highest
ROAS and effect share over the models that predict about as well as the best.
That is the range of models found, no confidence interval.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Data = dict[str, Any]

TABLE = "results/plausible.csv"
WIDE = 2.0  # highest over lowest ROAS: they disagree about the channel
_FIGURES = (
    "roas_lowest",
    "roas_median",
    "roas_highest",
    "effect_share_lowest",
    "effect_share_median",
    "effect_share_highest",
)


def summarise(rows: Iterable[Mapping[str, str]]) -> Data | None:
    """What the table of plausible models says; None if it is empty.

    `rows` are those of the CSV: `channel`, `models`, and the figures, empty
    where they are not defined.
    """
    channels: list[Data] = []
    models = 0
    for row in rows:
        models = int(row["models"])
        figures = {name: _number(row.get(name)) for name in _FIGURES}
        firm = is_firm(figures["roas_lowest"], figures["roas_highest"])
        channels.append({"channel": row["channel"], **figures, "firm": firm})
    if not channels:
        return None
    unsure = [channel["channel"] for channel in channels if not channel["firm"]]
    return {
        "models": models,
        "channels": channels,
        "unsure": unsure,
        "sentence": _sentence(models, unsure),
    }


def is_firm(lowest: float | None, highest: float | None) -> bool:
    """The models agree about the channel's return, as far as it goes."""
    if lowest is None or highest is None:
        return False
    return highest <= WIDE * max(lowest, 0.0)


def _sentence(models: int, unsure: list[str]) -> str:
    if models == 1:
        return "no other model of the run is as plausible"
    if not unsure:
        return f"{models} plausible models agree about every channel"
    return (
        f"{models} plausible models disagree about the return of"
        f" {', '.join(unsure)}"
    )


def _number(text: str | None) -> float | None:
    return float(text) if text else None
