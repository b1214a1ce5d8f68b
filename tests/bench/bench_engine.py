"""The native engine's speed and reach, against what Robyn was measured at.

    python -m tests.bench.bench_engine

Problems are those of the reference (REFERENCE_DIR) and a daily table made
here. One thread: what is printed holds for one core. Where R with Robyn, or
robynpy, is installed, its rate is measured beside ours. The last line is JSON.
"""

import json
import statistics
import time

import numpy as np
from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.problem import Adstock, Problem
from mmmflow_native.optimise.search import search
from mmmflow_native.optimise.space import space
from mmmflow_native.threads import single_threaded

from tests.bench.daily import daily_problem
from tests.bench.robyn_rate import NoRobynError, robyn_rate, robynpy_rate
from tests.bench.whole_job import whole_job
from tests.reference.conftest import REFERENCE
from tests.reference.test_hypervolume import SEEDS, hypervolume

# Evaluations a second of Robyn 3.12.1 on one core, on its own demo data.
ROBYN_DEMO_RATE = 12.7
REPEATS = 5
ADSTOCKS: tuple[Adstock, ...] = ("geometric", "weibull_cdf", "weibull_pdf")


def main() -> None:
    """Print every figure, then all of them as one line of JSON."""
    weekly = REFERENCE.run_problem()
    daily = daily_problem()
    figures: dict[str, float] = {}
    figures["robyn_evaluations_per_second"] = REFERENCE.run["evals_per_s"]
    for adstock in ADSTOCKS:
        problem = REFERENCE.problem(adstock)
        figures[f"{adstock}_evaluations_per_second"] = rate(problem)
    figures["daily_geometric_evaluations_per_second"] = rate(daily, 640)
    figures["daily_cost_per_row_and_channel"] = (
        figures["geometric_evaluations_per_second"] * _size(weekly)
    ) / (figures["daily_geometric_evaluations_per_second"] * _size(daily))
    ours = figures["geometric_evaluations_per_second"]
    figures["times_robyn"] = ours / figures["robyn_evaluations_per_second"]
    figures["times_robyn_on_its_demo"] = ours / ROBYN_DEMO_RATE
    figures["search_2000x5_seconds"] = search_seconds(weekly)
    figures |= hypervolumes(weekly)
    figures |= whole_job()
    # Last, so that R's memory is no part of the job's peak.
    figures |= robyn_here(ours)
    for name, value in figures.items():
        print(f"{name:42} {value:,.5g}")
    print(json.dumps({k: round(v, 6) for k, v in figures.items()}))


def rate(problem: Problem, count: int = 4000) -> float:
    """Evaluations per second of random candidates: median of 5 runs."""
    where = space(problem)
    unit = np.random.default_rng(1).random((count, len(where.names)))
    batch = candidates(
        problem, where.by_name(where.values(unit, log_lambda=True))
    )
    evaluator = Evaluator(problem)
    seconds = []
    with single_threaded():
        for _ in range(REPEATS + 1):
            start = time.perf_counter()
            evaluator.evaluate(batch)
            seconds.append(time.perf_counter() - start)
    # The first run warms caches up.
    return count / statistics.median(seconds[1:])


def robyn_here(ours: float) -> dict[str, float]:
    """Robyn's rates in this run beside ours; without those missing."""
    figures = {}
    for name, measure in (("Robyn", robyn_rate), ("robynpy", robynpy_rate)):
        try:
            theirs = measure(REFERENCE.directory)
        except NoRobynError as missing:
            print(f"{name}'s own rate here is not measured: {missing}")
            continue
        print(
            f"evaluations/s here, same data: native {ours:,.0f},"
            f" {name} {theirs:,.1f}: {ours / theirs:,.0f} times"
        )
        key = name.lower()
        figures[f"{key}_here_evaluations_per_second"] = theirs
        figures[f"times_{key}_here"] = ours / theirs
    return figures


def search_seconds(problem: Problem) -> float:
    """Seconds of the search of 2000 iterations × 5 trials: median of 3."""
    seconds = []
    for seed in (1, 2, 3):
        start = time.perf_counter()
        search(problem, iterations=2000, trials=5, seed=seed)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def hypervolumes(problem: Problem) -> dict[str, float]:
    """What 2000 evaluations dominate, of 5 seeds, and of Robyn's run."""
    robyns = REFERENCE.solutions
    figures = {
        "robyn_hypervolume": hypervolume(robyns["nrmse"], robyns["decomp.rssd"])
    }
    for iterations, trials in ((1000, 2), (2000, 1)):
        found = [
            search(problem, iterations=iterations, trials=trials, seed=seed)
            for seed in SEEDS
        ]
        volumes = [hypervolume(s.nrmse, s.decomp_rssd) for s in found]
        name = f"hypervolume_{iterations}x{trials}"
        figures[f"{name}_least"] = min(volumes)
        figures[f"{name}_mean"] = statistics.mean(volumes)
    return figures


def _size(problem: Problem) -> int:
    return problem.n * len(problem.media)


if __name__ == "__main__":
    main()
