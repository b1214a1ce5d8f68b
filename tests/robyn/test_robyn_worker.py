"""The whole Robyn engine: files in, files out, with real Robyn."""

import csv
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from mmmflow.schema import check
from mmmflow_robyn.columns import TABLES

from tests.robyn.job import ROBYN_DATA, Data, Job, Run, config, robyns, sample

pytestmark = pytest.mark.robyn

LIFT = {
    "channel": "search",
    "liftStartDate": "2023-03-06",
    "liftEndDate": "2023-04-02",
    "liftAbs": 150000,
    "metric": "revenue",
    "calibration_scope": "total",
}


def trained(folder: Path, data: Data, **changes: Any) -> Run:
    """The run of a job that succeeds."""
    run = Job.prepare(folder, data, config(data, **changes)).run()
    assert run.code == 0, run.log[-2000:]
    return run


@pytest.fixture(scope="module")
def geometric(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A small run on the sample."""
    return trained(tmp_path_factory.mktemp("geometric"), sample())


def is_whole(run: Run) -> None:
    """The result is what the contract asks for."""
    assert check("status.json", run.json("status.json")) == []
    assert check("progress.json", run.json("progress.json")) == []
    assert check("model_summary.json", run.summary) == []
    assert (run.out / run.summary["selected"]["onepager"]).is_file()
    for name in TABLES:
        assert (run.results / f"{name}.parquet").is_file()
    assert run.json("progress.json")["step"] == "done"
    assert not (run.out / ".robyn").exists()


def test_a_run_leaves_a_whole_result(geometric: Run) -> None:
    is_whole(geometric)
    assert geometric.summary["models_evaluated"] == 50


def test_the_selected_model_has_the_lowest_error_score(geometric: Run) -> None:
    rows = pyarrow.parquet.read_table(geometric.results / "pareto.parquet")
    scores = rows["error_score"].to_pylist()
    assert scores == sorted(scores)
    assert (
        rows["model_id"][0].as_py()
        == (geometric.summary["selected"]["model_id"])
    )
    assert all(front >= 1 for front in rows["pareto_front"].to_pylist())


def test_the_parts_of_a_model_add_up_to_what_it_fits(geometric: Run) -> None:
    table = pyarrow.parquet.read_table(
        geometric.results / "decomposition_over_time.parquet"
    ).to_pylist()
    known = {"model_id", "date", "part", "actual", "fitted", "residual"}
    for row in table:
        parts = sum(v for k, v in row.items() if k not in known)
        assert math.isclose(parts, row["fitted"], rel_tol=1e-9)
    selected = geometric.summary["selected"]
    shares = [part["share"] for part in selected["decomposition"]]
    assert math.isclose(sum(shares), 1, rel_tol=1e-9)


def test_media_add_up_to_the_contribution_of_the_summary(
    geometric: Run,
) -> None:
    selected = geometric.summary["selected"]
    table = pyarrow.parquet.read_table(
        geometric.results / "media_vectors.parquet"
    ).to_pylist()
    for channel in selected["channels"]:
        rows = [
            row
            for row in table
            if row["model_id"] == selected["model_id"]
            and row["variable"] == channel["variable"]
        ]
        assert math.isclose(
            sum(row["response"] for row in rows),
            channel["contribution"],
            rel_tol=1e-6,
        )


def test_the_proposal_places_the_budget_within_its_bounds(
    geometric: Run,
) -> None:
    proposal = geometric.summary["allocation"]
    now = sum(c["spend_now"] for c in proposal["channels"])
    assert math.isclose(
        proposal["total_budget"], now * proposal["periods"], rel_tol=1e-6
    )
    assert proposal["response_proposed"] >= proposal["response_now"]
    for channel in proposal["channels"]:
        ratio = channel["spend_proposed"] / channel["spend_now"]
        assert 0.5 - 1e-9 <= ratio <= 2 + 1e-9


def test_csv_and_parquet_hold_the_same(geometric: Run) -> None:
    for path in geometric.results.glob("*.parquet"):
        table = pyarrow.parquet.read_table(path)
        with path.with_suffix(".csv").open(newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == table.column_names
        assert len(rows) - 1 == table.num_rows


def test_the_folder_is_the_native_engines(
    geometric: Run, tmp_path: Path
) -> None:
    native = trained(
        tmp_path,
        sample(),
        engine={"name": "native", "version": "test"},
        iterations=60,
    )

    def files(run: Run) -> set[str]:
        """Names, with one for all models."""
        names = (p.relative_to(run.out).as_posix() for p in run.out.rglob("*"))
        return {re.sub(r"\d+_\d+_\d+", "MODEL", name) for name in names}

    assert files(geometric) - {"versions.json"} == files(native)
    for path in native.results.glob("*.parquet"):
        ours = pyarrow.parquet.read_schema(geometric.results / path.name)
        theirs = pyarrow.parquet.read_schema(path)
        assert ours.names == theirs.names, path.name
        assert ours.types == theirs.types, path.name


@pytest.mark.parametrize("adstock", ["weibull_cdf", "weibull_pdf"])
def test_it_trains_with_weibull_adstock(tmp_path: Path, adstock: str) -> None:
    run = trained(tmp_path, sample(), adstock=adstock)
    is_whole(run)
    models = pyarrow.parquet.read_schema(run.results / "models.parquet")
    assert "ooh_spend_shapes" in models.names


def test_it_trains_with_validation(tmp_path: Path) -> None:
    run = trained(tmp_path, sample(), ts_validation=True)
    is_whole(run)
    assert run.summary["selected"]["nrmse_val"] is not None
    assert run.summary["selected"]["nrmse_test"] is not None
    table = pyarrow.parquet.read_table(
        run.results / "decomposition_over_time.parquet"
    )
    assert set(table["part"].to_pylist()) == {"train", "validation", "test"}


def test_it_trains_with_a_lift_test(tmp_path: Path) -> None:
    run = trained(tmp_path, sample(), calibration=[LIFT], iterations=60)
    is_whole(run)
    assert run.summary["selected"]["mape"] is not None
    assert "MAPE.LIFT" in run.summary["selected"]["rule"]


def test_it_trains_with_penalty_factors_and_signs(tmp_path: Path) -> None:
    data = sample()
    document = config(data)
    context = [{**c, "sign": "negative"} for c in document["context"]]
    ranges = {**document["hyperparameters"], "trend_penalty": [0.1, 0.5]}
    run = trained(
        tmp_path,
        data,
        add_penalty_factor=True,
        context=context,
        hyperparameters=ranges,
    )
    is_whole(run)
    models = pyarrow.parquet.read_table(run.results / "models.parquet")
    penalties = models["trend_penalty"].to_pylist()
    assert all(0.1 <= penalty <= 0.5 for penalty in penalties)
    parts = pyarrow.parquet.read_table(run.results / "decomposition.parquet")
    assert all(
        row["coefficient"] <= 0
        for row in parts.to_pylist()
        if row["variable"] == "promotion"
    )


def test_it_proposes_for_a_target(tmp_path: Path) -> None:
    run = trained(
        tmp_path,
        sample(),
        allocation={
            "scenario": "target_efficiency",
            "total_budget": None,
            "bounds": {"default": [0.1, 10.0]},
            "locked": ["ooh"],
        },
    )
    is_whole(run)
    proposal = run.summary["allocation"]
    assert proposal["scenario"] == "target_efficiency"
    ooh = next(c for c in proposal["channels"] if c["channel"] == "ooh")
    assert math.isclose(ooh["spend_proposed"], ooh["spend_now"], rel_tol=1e-6)


def test_a_refresh_stays_near_the_previous_model(tmp_path: Path) -> None:
    data = sample()
    first = trained(
        tmp_path / "first",
        data,
        window={"start": "2021-03-15", "end": "2024-09-30"},
    )
    best = first.summary["selected"]["model_id"]
    job = Job.prepare(tmp_path / "second", data, config(data))
    model = first.results / "models" / f"{best}.json"
    (job.folder / "in" / "previous.json").write_bytes(model.read_bytes())
    run = job.run()
    assert run.code == 0, run.log[-2000:]
    is_whole(run)
    assert "Robyn's rule for a refresh" in run.summary["selected"]["rule"]
    moved = pyarrow.parquet.read_table(run.results / "movement.parquet")
    before = {c["channel"]: c for c in first.summary["selected"]["channels"]}
    for row in moved.to_pylist():
        assert math.isclose(
            row["roas_previous"],
            before[row["channel"]]["roas"],
            rel_tol=1e-3,
        )
        # The same data: its hyperparameters give what they gave.
        assert math.isclose(
            row["roas_data"], row["roas_previous"], rel_tol=0.05
        )


def test_a_model_of_the_other_engine_is_no_model_to_refresh(
    tmp_path: Path,
) -> None:
    job = Job.prepare(tmp_path, sample(), config(sample()))
    (job.folder / "in" / "previous.json").write_text('{"format": "x"}')
    run = job.run()
    assert run.code == 1
    assert "no model of Robyn's" in run.json("status.json")["error"]


def test_data_that_can_not_be_modelled_are_skipped(tmp_path: Path) -> None:
    data = sample()
    rows = [{**row, "revenue": "5"} for row in data.rows]
    still = Data(**{**vars(data), "rows": rows})
    run = Job.prepare(tmp_path, still, config(still)).run()
    assert run.code == 0
    assert run.json("status.json")["status"] == "skipped"
    assert not run.results.exists()


def test_a_search_that_can_not_run_fails_after_one_repetition(
    tmp_path: Path,
) -> None:
    """A Python without nevergrad: what any failing trial looks like."""
    job = Job.prepare(tmp_path, sample(), config(sample()))
    run = Job(job.folder, env={"RETICULATE_PYTHON": sys.executable}).run()
    assert run.code == 1
    status = run.json("status.json")
    assert status["step"] == "search"
    assert "trial 1 failed twice" in status["error"]
    assert "repeated alone" in run.log
    assert not run.results.exists()


def test_a_run_that_is_stopped_ends_soon_and_leaves_nobody(
    tmp_path: Path,
) -> None:
    job = Job.prepare(tmp_path, sample(), config(sample(), iterations=2000))
    process = subprocess.Popen(job.command, stdout=subprocess.DEVNULL)
    progress = job.folder / "out" / "progress.json"
    run = Run(job.folder / "out", 0, "")
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if progress.is_file() and run.json("progress.json").get("iteration"):
            break
        time.sleep(0.2)
    assert run.json("progress.json")["best"]["nrmse"] > 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(4) == 1
    assert run.json("status.json")["error"] == "stopped"
    assert not (run.out / ".robyn").exists()
    until = time.monotonic() + 30
    while trials_of_this_test() and time.monotonic() < until:
        time.sleep(0.2)
    assert trials_of_this_test() == []


def trials_of_this_test() -> list[str]:
    """The trials that run for it, told by the environment they inherit."""
    current = f"PYTEST_CURRENT_TEST={os.environ['PYTEST_CURRENT_TEST']}"
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
            environment = (process / "environ").read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            continue
        is_trial = any(word.endswith("trial.R") for word in words)
        if is_trial and current in environment:
            found.append(process.name)
    return found


def test_it_trains_on_robyns_own_data(tmp_path: Path) -> None:
    data = robyns()
    if data is None:
        pytest.skip(f"{ROBYN_DATA} does not say where Robyn's data is")
    run = trained(tmp_path, data, iterations=60)
    is_whole(run)
    assert run.summary["window"]["periods"] == 157
