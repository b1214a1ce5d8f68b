"""Feature engineering: the data as given → the `Problem` an engine solves.

As Robyn's inputs.R: prophet components, factors by their effect, exposures
on the spend scale, the window snapped to the data's periods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmmflow_native.data.calendar import interval, window
from mmmflow_native.data.config import (
    Component,
    JobConfig,
    PaidMedium,
    Range,
    known_media,
)
from mmmflow_native.data.holidays import Holidays
from mmmflow_native.data.prophet import Parts, decompose
from mmmflow_native.data.table import Table
from mmmflow_native.errors import UnmodellableError, UserError
from mmmflow_native.model.problem import (
    Column,
    FloatArray,
    Interval,
    Lift,
    Problem,
)

# Robyn's defaults, where the configuration gives no range.
LAMBDA_RANGE = (0.0, 1.0)
TRAIN_SIZE_RANGE = (0.5, 0.8)
PENALTY_RANGE = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Features:
    """What feature engineering made of the data.

    `left_out` names the variables without variation in the window, each
    with the reason; they are no columns of the problem.
    """

    problem: Problem
    channels: tuple[PaidMedium, ...]
    left_out: Mapping[str, str]
    notes: tuple[str, ...]


def check_goal(table: Table, config: JobConfig) -> None:
    """Refuse what can't be modelled before anything costs time.

    Raises `UnmodellableError` when the goal is constant or nothing was
    spent in the window.
    """
    rows = window(table.dates, config.window_start, config.window_end)
    goal = table.numbers(config.dep_var)[rows]
    if goal.min() == goal.max():
        raise UnmodellableError(
            f"the goal {config.dep_var!r} is {goal[0]:g} in every row of the "
            "window: there is nothing to explain"
        )
    if not any(
        table.numbers(medium.spend, negative=False)[rows].any()
        for medium in config.paid_media
    ):
        raise UnmodellableError(
            "no channel has any spend in the window: there is nothing to "
            "attribute"
        )


def build(table: Table, config: JobConfig, holidays: Holidays) -> Features:
    """The problem that the configuration states over the data.

    `holidays` are by period. Raises `UserError` for data or settings that a
    person has to correct.
    """
    every = interval(table)
    check_goal(table, config)
    rows = window(table.dates, config.window_start, config.window_end)
    components, notes = _usable(config.components, every)
    goal = table.numbers(config.dep_var)
    factors, single = _factors(table, config)
    parts = Parts({}, {})
    if components or factors:
        parts = decompose(
            table.dates,
            goal,
            components,
            holidays,
            factors,
            seed=config.seed,
        )

    spends = {
        medium.variable: table.numbers(medium.spend, negative=False)
        for medium in config.paid_media
    }
    values: dict[str, FloatArray] = {**parts.components}
    columns = [Column(name, "prophet", "default") for name in components]
    for context in config.context:
        name = context.variable
        if name not in single:
            values[name] = (
                parts.factors[name] if context.factor else table.numbers(name)
            )
            columns.append(Column(name, "context", context.sign))
    for medium in config.paid_media:
        name = medium.variable
        values[name] = _on_spend_scale(table, medium, spends[name], rows)
        columns.append(Column(name, "paid_media", medium.sign, medium.channel))
    for organic in config.organic_media:
        name = organic.variable
        values[name] = table.numbers(name, negative=False)
        columns.append(Column(name, "organic_media", organic.sign))

    left_out = dict.fromkeys(single, "it has only one level") | {
        column.name: "it does not vary in the window"
        for column in columns
        if np.ptp(values[column.name][rows]) == 0
    }
    kept = tuple(column for column in columns if column.name not in left_out)
    channels = tuple(
        medium
        for medium in config.paid_media
        if medium.variable not in left_out
    )
    _refuse_too_few_rows(rows.stop - rows.start, len(kept))
    if not channels:
        raise UnmodellableError(
            "no paid channel varies in the window: there is nothing to tell "
            "its effect from the baseline"
        )
    problem = Problem(
        dates=table.dates,
        interval=every,
        y=goal,
        x=np.column_stack([values[column.name] for column in kept]),
        columns=kept,
        spend=np.column_stack([spends[m.variable] for m in channels]),
        window=rows,
        adstock=config.adstock,
        ranges=_ranges(config, kept),
        ts_validation=config.ts_validation,
        add_penalty_factor=config.add_penalty_factor,
        intercept_sign=config.intercept_sign,
        lifts=_lifts(config, table, rows, left_out),
    )
    return Features(problem, channels, left_out, tuple(notes))


def _usable(
    components: Sequence[Component], every: Interval
) -> tuple[list[Component], list[str]]:
    if every == "day" or "weekday" not in components:
        return list(components), []
    return [c for c in components if c != "weekday"], [
        f"the component weekday is left out: the data are by {every}"
    ]


def _factors(
    table: Table, config: JobConfig
) -> tuple[dict[str, list[str]], set[str]]:
    named = {
        context.variable: table.names(context.variable)
        for context in config.context
        if context.factor
    }
    single = {name for name, values in named.items() if len(set(values)) == 1}
    return {n: v for n, v in named.items() if n not in single}, single


def _on_spend_scale(
    table: Table, medium: PaidMedium, spend: FloatArray, rows: slice
) -> FloatArray:
    """The exposure times the window's cost per exposure (Robyn's cpe)."""
    if medium.exposure is None:
        return spend
    exposure = table.numbers(medium.exposure, negative=False)
    total, seen = spend[rows].sum(), exposure[rows].sum()
    if seen == 0 and total > 0:
        raise UserError(
            f"column {medium.exposure!r} is 0 in the whole window, though "
            f"{total:g} was spent on {medium.channel!r}",
            "correct the exposure, or set it to null to model the spend",
        )
    scaled: FloatArray = exposure * (total / seen if seen else 0.0)
    return scaled


def _refuse_too_few_rows(rows: int, columns: int) -> None:
    if rows <= columns + 1:
        raise UserError(
            f"the window has {rows} rows for {columns} variables",
            "widen the window or leave variables out; ten rows per variable "
            "is what Robyn recommends",
        )


def _ranges(config: JobConfig, kept: Sequence[Column]) -> dict[str, Range]:
    media = {c.name for c in kept if c.kind in ("paid_media", "organic_media")}
    own = {
        name: value
        for name, value in config.hyperparameters.items()
        if name.rpartition("_")[0] in media and not name.endswith("_penalty")
    }
    own["lambda"] = config.hyperparameters.get("lambda", LAMBDA_RANGE)
    if config.ts_validation:
        own["train_size"] = config.hyperparameters.get(
            "train_size", TRAIN_SIZE_RANGE
        )
    if config.add_penalty_factor:
        own |= {
            f"{column.name}_penalty": config.hyperparameters.get(
                f"{column.name}_penalty", PENALTY_RANGE
            )
            for column in kept
        }
    return own


def _lifts(
    config: JobConfig,
    table: Table,
    rows: slice,
    left_out: Mapping[str, str],
) -> tuple[Lift, ...]:
    known = known_media(config)
    first, last = table.dates[rows][[0, -1]]
    lifts = []
    for row, test in enumerate(config.calibration, start=1):
        columns = tuple(known[n.strip()] for n in test.channel.split("+"))
        start, end = np.datetime64(test.start), np.datetime64(test.end)
        if start < first or end > _period_end(table, last):
            raise UserError(
                f"calibration, row {row}: {test.start} to {test.end} is not "
                f"within the window {first} to {last}",
                "widen the window or leave the lift test out",
            )
        gone = [name for name in columns if name in left_out]
        if gone:
            raise UserError(
                f"calibration, row {row}: {gone[0]!r} is not modelled: "
                f"{left_out[gone[0]]}",
                "leave the lift test out",
            )
        lifts.append(
            Lift(
                columns=columns,
                start=start,
                end=end,
                effect=test.effect,
                scope=test.scope,
                spend=test.spend,
                confidence=test.confidence,
                standard_error=test.standard_error,
            )
        )
    return tuple(lifts)


def _period_end(table: Table, last: np.datetime64) -> np.datetime64:
    step = table.dates[1] - table.dates[0]
    return np.datetime64(last + step - np.timedelta64(1, "D"), "D")
