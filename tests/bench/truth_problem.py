"""A drawn market as the engine is given it, and lift tests of its channels."""

import random
from dataclasses import replace
from statistics import NormalDist

import numpy as np
from mmmflow.domain import job_config, mapping, request
from mmmflow.local.sample import make_sample
from mmmflow.local.sample.series import WINDOW
from mmmflow_native.data.calendar import interval
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import build
from mmmflow_native.data.holidays import by_period, country_holidays
from mmmflow_native.model.problem import Column, Lift, Problem

from tests.bench.truth_data import COUNTRY, Market

LIFT_WEEKS, LIFT_ERROR = 8, 0.1
YEAR = 365.25  # days


def problem(drawn: Market, *, ts_validation: bool = False) -> Problem:
    """The market as the engine sees it, with the settings of a new run."""
    table = drawn.table
    asked = request.complete(
        {
            "country": COUNTRY.name,
            "window": {"start": str(table.dates[WINDOW.start])},
            "ts_validation": ts_validation,
        }
    )
    made_up = "20261120T104512Z-1f3a9c0b77de"
    config = job_config.freeze(
        {
            "id": made_up,
            "correlation_id": "bench",
            "country": COUNTRY.name,
            "revision": asked["revision"],
            "request": asked,
        },
        mapping.read(make_sample.mapping()),
        {
            "dataset_id": made_up,
            "mapping_version": "bench",
            "uri": "memory",
            "generation": "0",
            "sha256": "0" * 64,
        },
    )
    weeks = by_period(
        country_holidays(COUNTRY.name, table.dates),
        table.dates,
        interval(table),
    )
    return build(table, parse_config(config), weeks).problem


def season_as_columns(given: Problem) -> Problem:
    """A line and two harmonics as context, in place of trend and season.

    Prophet takes trend and season out of the goal with what media brought
    still in it; these are fitted together with the media.
    """
    t = (given.dates - given.dates[0]).astype(np.float64) / YEAR
    waves = {
        f"{wave.__name__}_{i}": wave(2 * np.pi * i * t)
        for i in (1, 2)
        for wave in (np.cos, np.sin)
    }
    kept = [
        i
        for i, column in enumerate(given.columns)
        if column.name not in ("trend", "season")
    ]
    holidays = sum(given.columns[i].kind == "prophet" for i in kept)
    x = given.x[:, kept]
    columns = [given.columns[i] for i in kept]
    return replace(
        given,
        x=np.column_stack(
            [x[:, :holidays], t, *waves.values(), x[:, holidays:]]
        ),
        columns=(
            *columns[:holidays],
            *(Column(name, "context", "default") for name in ("t", *waves)),
            *columns[holidays:],
        ),
    )


def lift(drawn: Market, problem: Problem, channel: str) -> Lift:
    """A test of a channel in the eight weeks in which most was spent on it.

    It finds the truth, times an error of the measurement of 10 %.
    """
    i = [c.channel for c in problem.columns if c.channel].index(channel)
    spent = np.convolve(drawn.spend[WINDOW, i], np.ones(LIFT_WEEKS), "valid")
    first = WINDOW.start + int(np.argmax(spent))
    rows = slice(first, first + LIFT_WEEKS)
    rng = random.Random(f"{channel} {drawn.roas[i]}")  # noqa: S311  no secret
    error = LIFT_ERROR * NormalDist().inv_cdf(rng.random() or 0.5)
    return Lift(
        columns=(problem.paid_names[i],),
        start=problem.dates[rows][0],
        # The last period's date: MAPE.LIFT scales by the days between dates.
        end=problem.dates[rows][-1],
        effect=float(drawn.effect[rows, i].sum()) * (1 + error),
    )
