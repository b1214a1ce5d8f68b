"""Reference results of Robyn, read from REFERENCE_DIR.

Any directory of the form of `weekly_de` will do; nothing that a test expects
is written down here or in the tests, all of it is read from the files.
"""

import csv
import gzip
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmmflow_native.model.problem import (
    Adstock,
    Column,
    FloatArray,
    Interval,
    Lift,
    Problem,
    Sign,
)

Case = Mapping[str, Any]
INTERVALS: Mapping[int, Interval] = {1: "day", 7: "week"}


def _as_list(value: Any) -> list[Any]:
    """R writes a vector of one element as that element."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Reference:
    """One directory of reference results."""

    directory: Path

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """What the model was given."""
        return self._json("inputs.json")

    @cached_property
    def table(self) -> Mapping[str, list[str]]:
        """dt_mod, by column."""
        with (self.directory / "dt_mod.csv").open() as file:
            rows = list(csv.DictReader(file))
        return {name: [row[name] for row in rows] for name in rows[0]}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Regressors in dt_mod's order."""
        return tuple(n for n in self.table if n not in ("ds", "dep_var"))

    def case(self, name: str) -> Case:
        """One model at fixed hyperparameters."""
        return self._json(f"{name}.json")

    def problem(self, adstock: Adstock, context_signs: Any = None) -> Problem:
        """Build the problem; its ranges are those of `inputs.json`."""
        first, last = self.inputs["rows"]
        x = np.array([self._numbers(name) for name in self.names]).T
        dates = np.array(self.table["ds"], dtype="datetime64[D]")
        signs = self._signs(context_signs)
        paid = _as_list(self.inputs["cpe"]["paid_media_selected"])
        ranges = {
            name: tuple(range_) if isinstance(range_, list) else range_
            for name, range_ in self.inputs["adstock_bounds"][adstock].items()
        }
        step = int((dates[1] - dates[0]) / np.timedelta64(1, "D"))
        return Problem(
            dates=dates,
            interval=INTERVALS.get(step, "month"),
            y=np.array(self._numbers("dep_var")),
            x=x,
            columns=tuple(self._column(n, signs[n], paid) for n in self.names),
            # Exposure is on the spend scale, so that its shares are spend's.
            spend=x[:, [self.names.index(name) for name in paid]],
            window=slice(first - 1, last),
            adstock=adstock,
            ranges=ranges,
        )

    def problem_of(self, case: Case) -> Problem:
        """Build the problem that a case was fitted on."""
        return replace(
            self.problem(case["adstock"], case["context_signs"]),
            ts_validation=case["ts_validation"],
            intercept_sign=case["intercept_sign"],
            add_penalty_factor=case["penalty_factor"] is not None,
            lifts=self._lifts(case),
        )

    def hyperparameters_of(self, case: Case) -> dict[str, float]:
        """What `fit` takes to fit a case again."""
        return {
            **case["hyperparameters"],
            "lambda": case["lambda"],
            "train_size": case["train_size"],
            **(case["penalty_factor"] or {}),
        }

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        path = self.directory / "run_all_solutions.csv.gz"
        with gzip.open(path, "rt") as file:
            return list(csv.DictReader(file))

    @cached_property
    def solutions(self) -> Mapping[str, FloatArray]:
        """The run's candidates in order of evaluation, numbers by column."""
        words = ("solID", "coef0", "robynPareto")
        return {
            name: np.array([float(row[name]) for row in self._rows])
            for name in self._rows[0]
            if name not in words
        }

    @cached_property
    def solution_ids(self) -> tuple[str, ...]:
        """Names of the run's candidates in order of evaluation."""
        return tuple(row["solID"] for row in self._rows)

    def run_problem(self) -> Problem:
        """Build the problem of the run, with the ranges that it searched."""
        ranges = {
            name: tuple(range_) if isinstance(range_, list) else range_
            for name, range_ in self.run["hyper_updated"].items()
        }
        return replace(
            self.problem(self._run_adstock()),
            ranges=ranges,
            ts_validation=isinstance(ranges.get("train_size"), tuple),
            add_penalty_factor=any(n.endswith("_penalty") for n in ranges),
        )

    def _run_adstock(self) -> Adstock:
        """The adstock whose ranges the run searched."""
        searched = self.run["hyper_updated"]
        adstocks: list[Adstock] = ["geometric", "weibull_cdf", "weibull_pdf"]
        for adstock in adstocks:
            given = self.inputs["adstock_bounds"].get(adstock, {})
            media = [name for name in given if name != "train_size"]
            if media and all(given[n] == searched.get(n) for n in media):
                return adstock
        raise ValueError("the run's ranges are those of no adstock")

    @cached_property
    def run(self) -> Mapping[str, Any]:
        """How the run was made, and what came of it."""
        return self._json("run_summary.json")

    def _json(self, name: str) -> Mapping[str, Any]:
        loaded: Mapping[str, Any] = json.loads(
            (self.directory / name).read_text()
        )
        return loaded

    def _numbers(self, name: str) -> list[float]:
        return [float(value) for value in self.table[name]]

    def _signs(self, context_signs: Any) -> dict[str, Sign]:
        inputs = self.inputs
        paid = _as_list(inputs["cpe"]["paid_media_selected"])
        organic = [n for n in _as_list(inputs["media"]) if n not in paid]
        context = _as_list(context_signs or inputs["context_signs"])
        paid_signs = _as_list(inputs["paid_media_signs"])
        organic_signs = _as_list(inputs["organic_signs"])
        return {
            **dict.fromkeys(_as_list(inputs["prophet"]), "default"),
            **dict(zip(_as_list(inputs["context"]), context, strict=True)),
            **dict(zip(paid, paid_signs, strict=True)),
            **dict(zip(organic, organic_signs, strict=True)),
        }

    def _column(self, name: str, sign: Sign, paid: list[str]) -> Column:
        if name in _as_list(self.inputs["prophet"]):
            return Column(name, "prophet", sign)
        if name in _as_list(self.inputs["context"]):
            return Column(name, "context", sign)
        if name in paid:
            return Column(name, "paid_media", sign, name)
        return Column(name, "organic_media", sign)

    def _lifts(self, case: Case) -> tuple[Lift, ...]:
        given = case["calibration_input"]
        if given is None:
            return ()
        answered = case["calibration"]
        # The input names spend; the answer, which is sorted, dt_mod columns.
        columns = {
            (start, effect): name.split("+")
            for name, start, effect in zip(
                _as_list(answered["rn"]),
                _as_list(answered["liftStart"]),
                _as_list(answered["liftAbs"]),
                strict=True,
            )
        }
        return tuple(
            Lift(
                tuple(columns[start, effect]),
                np.datetime64(start),
                np.datetime64(end),
                effect,
                scope,
            )
            for start, end, effect, scope in zip(
                _as_list(given["liftStartDate"]),
                _as_list(given["liftEndDate"]),
                _as_list(given["liftAbs"]),
                _as_list(given["calibration_scope"]),
                strict=True,
            )
        )


REFERENCE = Reference(
    Path(
        os.environ.get("REFERENCE_DIR", "")
        or Path(__file__).parent / "weekly_de"
    )
)


@pytest.fixture(scope="session")
def reference() -> Reference:
    """Return the reference results under test."""
    return REFERENCE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of fixed models on each of the directory's cases."""
    if "model" in metafunc.fixturenames:
        paths = REFERENCE.directory.glob("fixed_*.json")
        metafunc.parametrize(
            "case_name", sorted(p.stem for p in paths), scope="module"
        )
