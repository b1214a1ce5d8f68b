"""A small job: its configuration, its data, and what comes of them."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmmflow_native.choice.selection import Selection, select
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.config_reader import parse_config
from mmmflow_native.data.features import Features, build
from mmmflow_native.data.table import Table, read_table
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.solutions import Solutions

WEEKS = 110
MEDIA = ("tv_grps", "search_spend", "newsletter")
RANGES = {"alphas": [0.5, 3.0], "gammas": [0.3, 1.0], "thetas": [0.0, 0.6]}

Document = dict[str, Any]
Rows = dict[str, list[Any]]
MakeTable = Callable[..., Table]


@pytest.fixture
def document() -> Document:
    """Return a valid configuration; tests may change it."""
    return {
        "schema_version": 1,
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "correlation_id": "test",
        "country": "DE",
        "revision": {"tag": "test", "number": 1},
        "engine": {"name": "native", "version": "test"},
        "dataset_id": "20261120T104512Z-1f3a9c0b77de",
        "mapping_version": "v1",
        "data": {"uri": "file", "generation": "1", "sha256": "0" * 64},
        "date_var": "date",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "window": {"start": None, "end": None},
        "paid_media": [
            {
                "channel": "TV",
                "spend": "tv_spend",
                "exposure": "tv_grps",
                "sign": "positive",
            },
            {
                "channel": "Search",
                "spend": "search_spend",
                "exposure": None,
                "sign": "positive",
            },
        ],
        "organic_media": [{"variable": "newsletter", "sign": "positive"}],
        "context": [{"variable": "price", "sign": "default", "factor": False}],
        "prophet": {"components": [], "country": None},
        "adstock": "geometric",
        "hyperparameters": {
            f"{medium}_{kind}": range_
            for medium in MEDIA
            for kind, range_ in RANGES.items()
        },
        "iterations": 60,
        "trials": 2,
        "ts_validation": False,
        "add_penalty_factor": False,
        "intercept_sign": "non_negative",
        "calibration": [],
        "allocation": {
            "scenario": "max_response",
            "total_budget": None,
            "bounds": {"default": [0.5, 2.0]},
        },
        "seed": 1,
        "time_limit_seconds": 600,
    }


@pytest.fixture
def config(document: Document) -> JobConfig:
    """Return that configuration, read."""
    return parse_config(document)


@pytest.fixture(scope="session")
def _values() -> Rows:
    random = np.random.default_rng(3)
    spend = random.gamma(2.0, 100.0, (WEEKS, 2))
    mails = random.integers(0, 5, WEEKS) * 100.0
    price = random.normal(50.0, 5.0, WEEKS)
    revenue = (
        4000.0
        - 20.0 * price
        + 3.0 * np.sqrt(spend[:, 0]) * 10
        + 2.0 * np.sqrt(spend[:, 1]) * 10
        + random.normal(0.0, 30.0, WEEKS)
    )
    return {
        "date": [
            str(np.datetime64("2022-01-03") + 7 * i) for i in range(WEEKS)
        ],
        "revenue": revenue.tolist(),
        "tv_spend": spend[:, 0].tolist(),
        "tv_grps": (spend[:, 0] / 20).tolist(),
        "search_spend": spend[:, 1].tolist(),
        "newsletter": mails.tolist(),
        "price": price.tolist(),
    }


@pytest.fixture
def rows(_values: Rows) -> Rows:
    """Return the data by column; tests may change it."""
    return {name: list(values) for name, values in _values.items()}


@pytest.fixture
def make_table(tmp_path: Path) -> MakeTable:
    """Return a reader of columns as if a person had given them as CSV."""

    def make(rows: Rows) -> Table:
        return read_table(write_csv(tmp_path / "data.csv", rows), "date")

    return make


@pytest.fixture
def table(make_table: MakeTable, rows: Rows) -> Table:
    """Return the data, read."""
    return make_table(rows)


@pytest.fixture
def features(table: Table, config: JobConfig) -> Features:
    """Return the problem that data and configuration state."""
    return build(table, config, [])


@pytest.fixture
def solutions(features: Features, config: JobConfig) -> Solutions:
    """Return the candidates of a short search."""
    return search(
        features.problem,
        iterations=config.iterations,
        trials=config.trials,
        seed=config.seed,
    )


@pytest.fixture
def selection(features: Features, solutions: Solutions) -> Selection:
    """Return the choice among them."""
    return select(features.problem, solutions)


def write_csv(path: Path, rows: Rows) -> Path:
    """Write columns as CSV; None is an empty value."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(rows)
        lines.writerows(zip(*rows.values(), strict=True))
    return path
