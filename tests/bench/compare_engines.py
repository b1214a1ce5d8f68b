"""The same experiment on both engines, side by side, into docs/engines.md.

    python -m tests.bench.compare_engines [--iterations 1000] [--trials 2]

The data are the sample's, whose truth is known. The last line is JSON.
"""

import argparse
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
from mmmflow.domain.jobs import MACHINES
from mmmflow.domain.prices import PRICES
from mmmflow_native.model.candidates import candidates
from mmmflow_native.model.evaluate import Evaluator
from mmmflow_native.model.fit import Fit, fit
from mmmflow_native.model.problem import FloatArray, Problem
from mmmflow_robyn.presence import missing

from tests.bench.bench_robyn import Measured, measure
from tests.bench.robyns_problem import problem_of
from tests.reference.test_hypervolume import hypervolume
from tests.robyn.job import Job, Run, config, sample

PAGE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"
_PART = re.compile(
    r"(<!-- begin comparison -->\n).*?(<!-- end -->)", flags=re.DOTALL
)
_ENGINES = {"native": "test", "robyn": "3.12.1"}


@dataclass(frozen=True)
class Side:
    """One engine's run of the experiment."""

    engine: str
    run: Run
    measured: Measured
    dollars: float

    @property
    def models(self) -> Mapping[str, FloatArray]:
        """Errors and hyperparameters of every model evaluated."""
        path = self.run.results / "models.parquet"
        table = pyarrow.parquet.read_table(path)
        return {
            name: table[name].to_numpy()
            for name in table.column_names
            if name != "model_id"
        }

    @property
    def ids(self) -> list[str]:
        path = self.run.results / "models.parquet"
        found: list[str] = pyarrow.parquet.read_table(path)[
            "model_id"
        ].to_pylist()
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both, write the page's part, print the figures."""
    given = _parser().parse_args(arguments)
    reason = missing()
    if reason is not None:
        print(f"the engines can't be compared here: {reason}")
        print(json.dumps({"skipped": reason}))
        return 0
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="compare-") as folder:
        sides = {
            engine: _side(engine, Path(folder) / engine, given)
            for engine in _ENGINES
        }
        problem = problem_of(sides["robyn"].run, _document("robyn", given))
        text, figures = _told(sides, problem)
        heading = _heading(sides["robyn"], given)
    page = PAGE.read_text()
    PAGE.write_text(
        _PART.sub(lambda part: f"{part[1]}{heading}\n\n{text}\n{part[2]}", page)
    )
    print(text)
    figures |= {"load_before": load, "load_after": os.getloadavg()[0]}
    print(json.dumps({k: round(v, 6) for k, v in figures.items()}))
    return 0


def _heading(side: Side, given: argparse.Namespace) -> str:
    versions = side.run.json("versions.json")
    return (
        f"{given.iterations} iterations × {given.trials} trials, geometric "
        "adstock, one market of the sample. "
        f"Robyn {versions['Robyn']} on R {versions['R']}, glmnet "
        f"{versions['glmnet']}, nevergrad {versions['nevergrad']}; load of "
        f"the machine when it ended: {os.getloadavg()[0]:.1f}."
    )


def _document(engine: str, given: argparse.Namespace) -> dict[str, Any]:
    return config(
        sample(),
        engine={"name": engine, "version": _ENGINES[engine]},
        iterations=given.iterations,
        trials=given.trials,
        window=_truth()["window"],
    )


def _side(engine: str, folder: Path, given: argparse.Namespace) -> Side:
    print(f"training with {engine} …", flush=True)
    job = Job.prepare(folder, sample(), _document(engine, given))
    measured = measure(job.command, {"MMMFLOW_PROCESSES": "2"})
    run = Run(folder / "out", 0, measured.stdout)
    machine = MACHINES[engine]["small"]
    price = (
        machine.vcpus * PRICES["job_cpu"].per_unit
        + machine.gib * PRICES["job_memory"].per_unit
    )
    return Side(engine, run, measured, measured.seconds * price)


def _told(
    sides: Mapping[str, Side], problem: Problem
) -> tuple[str, dict[str, float]]:
    """The tables as Markdown, and their figures."""
    search, of_search = _search(sides, problem)
    fixed, of_fixed = _fixed(sides["robyn"], problem)
    channels, of_channels = _channels(sides)
    return (
        f"{search}\n\n{fixed}\n\n{channels}",
        {**of_search, **of_fixed, **of_channels},
    )


def _search(
    sides: Mapping[str, Side], problem: Problem
) -> tuple[str, dict[str, float]]:
    figures: dict[str, float] = {}
    rows = []
    for name, side in sides.items():
        models = side.models
        volume = hypervolume(models["nrmse"], models["decomp_rssd"])
        figures |= {
            f"{name}_seconds": side.measured.seconds,
            f"{name}_peak_mib": side.measured.peak_mib,
            f"{name}_dollars": side.dollars,
            f"{name}_hypervolume": volume,
        }
        rows.append(
            f"| {name} | {volume:.4f} | {side.measured.seconds:.0f} | "
            f"{side.measured.peak_mib:,.0f} | {side.dollars:.4f} |"
        )
    robyns = sides["robyn"].models
    exact = Evaluator(problem).evaluate(candidates(problem, robyns))
    rescored = hypervolume(exact.nrmse_train, exact.decomp_rssd)
    figures["robyn_hypervolume_exact"] = rescored
    rows.append(
        f"| robyn's candidates, fitted exactly | {rescored:.4f} | | | |"
    )
    head = (
        "**The search.** Hypervolume: what the models dominate of NRMSE up to "
        "0.3 and DECOMP.RSSD up to 1. Dollars: the seconds of this machine at "
        "the list price of the engine's small job.\n\n"
        "| engine | hypervolume | seconds | peak MiB | US dollars |\n"
        "|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows), figures


def _fixed(side: Side, problem: Problem) -> tuple[str, dict[str, float]]:
    """Robyn's best model, fitted again with its hyperparameters."""
    summary = side.run.summary["selected"]
    at = side.ids.index(summary["model_id"])
    values = {
        name: float(column[at])
        for name, column in side.models.items()
        if column.dtype.kind == "f"
    }
    again = {
        "glmnet's default, written again": fit(
            problem, values, solver="glmnet"
        ),
        "exact (glmnet's thresh to 1e-26)": fit(problem, values),
    }
    rows = [
        "| Robyn's own (glmnet, its default tolerance) | "
        f"{summary['nrmse_train']:.6f} | {summary['decomp_rssd']:.6f} | "
        f"{summary['rsq_train']:.6f} | {_roas_of(summary['channels'])} |"
    ]
    figures = {
        "fixed_robyn_nrmse": summary["nrmse_train"],
        "fixed_robyn_decomp_rssd": summary["decomp_rssd"],
    }
    for key, (name, fitted) in zip(
        ("glmnet", "exact"), again.items(), strict=True
    ):
        rows.append(
            f"| {name} | {fitted.nrmse_train:.6f} | "
            f"{fitted.decomp_rssd:.6f} | {fitted.rsq_train:.6f} | "
            f"{_roas(problem, fitted)} |"
        )
        figures |= {
            f"fixed_{key}_nrmse": fitted.nrmse_train,
            f"fixed_{key}_decomp_rssd": fitted.decomp_rssd,
        }
    channels = ", ".join(c["channel"] for c in summary["channels"])
    dropped = "dropped" if summary["intercept_dropped"] else "kept"
    head = (
        "**One model, fitted three times**: Robyn's best, with its "
        "hyperparameters and its features. Robyn's own numbers are those of "
        "glmnet at its default tolerance, which stops early, most of all where "
        f"the intercept was dropped (here it was {dropped}).\n\n"
        f"| fitted by | NRMSE | DECOMP.RSSD | adjusted R² | ROAS of {channels} "
        "|\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(rows), figures


def _roas_of(channels: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{channel['roas']:.3f}" for channel in channels)


def _roas(problem: Problem, fitted: Fit) -> str:
    spend = problem.spend[problem.window].sum(axis=0)
    roas: FloatArray = fitted.contribution[problem.paid] / spend
    return ", ".join(f"{value:.3f}" for value in roas)


def _channels(sides: Mapping[str, Side]) -> tuple[str, dict[str, float]]:
    truth = _truth()["countries"]["DE"]
    selected = {
        name: {
            c["channel"]: c for c in side.run.summary["selected"]["channels"]
        }
        for name, side in sides.items()
    }
    rows = []
    off: dict[str, list[float]] = {name: [] for name in sides}
    for channel, true in truth.items():
        cells = [f"{true['roas']:.2f}"]
        for name, channels in selected.items():
            found = channels[channel]
            cells += [f"{found['effect_share']:.1%}", f"{found['roas']:.2f}"]
            off[name].append(abs(found["roas"] / true["roas"] - 1))
        rows.append(f"| {channel} | " + " | ".join(cells) + " |")
    errors = {name: float(np.mean(values)) for name, values in off.items()}
    head = (
        "**The answer**: shares of the paid effect, and ROAS, of the model "
        "that each engine selects, beside the truth that the sample was made "
        "with.\n\n| channel | true ROAS | "
        + " | ".join(f"{name} share | {name} ROAS" for name in sides)
        + " |\n|---|---|"
        + "---|---|" * len(sides)
        + "\n"
    )
    mean = ", ".join(f"{name} {e:.0%}" for name, e in errors.items())
    return (
        head + "\n".join(rows) + f"\n\nMean error of ROAS: {mean}.",
        {f"{name}_roas_error": error for name, error in errors.items()},
    )


def _truth() -> Any:
    sample_folder = resources.files("mmmflow.local").joinpath("sample")
    return json.loads(sample_folder.joinpath("truth.json").read_text())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="compare_engines")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=2)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
