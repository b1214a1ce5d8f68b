"""The number of threads does not change a bit of the solutions."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import hashlib
import numpy as np
from mmmflow_native.model.problem import Column, Problem
from mmmflow_native.optimise.search import search

random = np.random.default_rng(3)
x = random.gamma(2.0, 100.0, (400, 6))
names = "abcdef"
problem = Problem(
    dates=np.datetime64("2023-01-01") + np.arange(400),
    interval="day",
    y=1000.0 + x @ np.arange(6.0) + random.normal(0.0, 50.0, 400),
    x=x,
    columns=tuple(Column(n, "paid_media", "positive", n) for n in names),
    spend=x,
    window=slice(0, 400),
    adstock="geometric",
    ranges={
        f"{n}_{kind}": range_
        for n in names
        for kind, range_ in (
            ("alphas", (0.5, 3.0)), ("gammas", (0.3, 1.0)),
            ("thetas", (0.0, 0.5)),
        )
    },
)
found = search(problem, iterations=100, trials=2, seed=9)
digest = hashlib.sha256()
for array in (found.values, found.coefficients, found.nrmse):
    digest.update(array.tobytes())
print(digest.hexdigest())
"""


def _digest(threads: int) -> str:
    workers = Path(__file__).parents[3] / "py-worker"
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={
            **os.environ,
            "OPENBLAS_NUM_THREADS": str(threads),
            "PYTHONPATH": str(workers),
        },
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_solutions_are_the_same_bytes_on_one_and_two_threads() -> None:
    assert _digest(1) == _digest(2)
