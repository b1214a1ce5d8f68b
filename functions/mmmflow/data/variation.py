"""What does not vary explains nothing, and can't be explained."""

import pandas as pd

from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.mapping import DataMapping
from mmmflow.domain.quality import periods


def left_out(frame: pd.DataFrame, mapping: DataMapping) -> dict[str, str]:
    """Drivers without variation, and why they can explain nothing.

    A channel that was never paid for goes with its exposure.
    """
    found: dict[str, str] = {}
    goals = {goal.column for goal in mapping.goals}
    for name in mapping.columns:
        if name in goals or name == mapping.date:
            continue
        values = frame[name]
        if values.nunique() == 1:
            found[name] = f"it is {values.iloc[0]} in every period"
    unpaid = [c for c in mapping.channels if (frame[c.spend] == 0).all()]
    for channel in unpaid:
        if channel.exposure is not None:
            reason = f"nothing was spent on {channel.name}"
            found.setdefault(channel.exposure, reason)
    # A constant spend is no driver where the exposure beside it is.
    for channel in mapping.channels:
        if channel not in unpaid and channel.exposure not in (None, *found):
            found.pop(channel.spend, None)
    return found


def unmodellable(frame: pd.DataFrame, mapping: DataMapping) -> dict[str, str]:
    """Per goal: why there is nothing to model; such a run is SKIPPED."""
    spends = [channel.spend for channel in mapping.channels]
    media = [channel.variable for channel in mapping.channels]
    reason = None
    if not (frame[spends] > 0).any().any():
        reason = "no channel has any spend: there is nothing to attribute"
    elif frame[[*spends, *media]].nunique().max() == 1:
        reason = "no paid channel varies: there is nothing to tell it apart by"
    if reason is not None:
        return {goal.column: reason for goal in mapping.goals}
    return {
        goal.column: (
            f"the goal {goal.column!r} is {frame[goal.column].iloc[0]:g} in"
            " every period: there is nothing to explain"
        )
        for goal in mapping.goals
        if frame[goal.column].nunique() == 1
    }


def refuse_negative(frame: pd.DataFrame, mapping: DataMapping) -> None:
    """Media that stay below zero though they were to be netted."""
    media = (*mapping.media_columns, *(v.column for v in mapping.organic))
    problems = []
    for name in media:
        below = frame[name] < 0
        if below.any():
            worst = frame.loc[below].iloc[0]
            problems.append(
                Problem(
                    f"column {name!r}",
                    f"{periods(int(below.sum()))} below zero, the first"
                    f" {worst[mapping.date].date()} ({worst[name]:g})",
                    "media can't be; correct the data, or say"
                    ' "negative": "zero"',
                )
            )
    if problems:
        raise InvalidInputError(problems)
