"""The native engine as the supervisor and a data scientist start it."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mmmflow
import numpy as np
import pyarrow.parquet
import pytest
from mmmflow.domain import stability
from mmmflow.schema import check
from mmmflow_native.write.model_json import read_model, recreate

ROOT = Path(__file__).parents[2]
SAMPLE = Path(mmmflow.__path__[0]) / "local/sample/marketing_weekly.csv"
COUNTRY = "DE"
PAID = {
    "tv": "tv_impressions",
    "ooh": None,
    "search": "search_clicks",
    "social": "social_impressions",
    "video": "video_impressions",
}
RANGES = {"alphas": [0.5, 3.0], "gammas": [0.3, 1.0], "thetas": [0.0, 0.6]}
TABLES = (
    "features",
    "models",
    "pareto",
    "decomposition",
    "clusters",
    "convergence",
    "rssd_weights",
    "plausible",
    "decomposition_over_time",
    "media_vectors",
    "response_curves",
    "allocation",
)

Document = dict[str, Any]


def _config(**changes: Any) -> Document:
    media = [exposure or f"{name}_spend" for name, exposure in PAID.items()]
    return {
        "schema_version": 1,
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "correlation_id": "test",
        "country": COUNTRY,
        "revision": {"tag": "test", "number": 1},
        "engine": {"name": "native", "version": "test"},
        "dataset_id": "20261120T104512Z-1f3a9c0b77de",
        "mapping_version": "v1",
        "data": {"uri": "file", "generation": "1", "sha256": "0" * 64},
        "date_var": "date",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "window": {"start": "2021-06-07", "end": None},
        "paid_media": [
            {
                "channel": name,
                "spend": f"{name}_spend",
                "exposure": exposure,
                "sign": "positive",
            }
            for name, exposure in PAID.items()
        ],
        "organic_media": [{"variable": "newsletter_sends", "sign": "positive"}],
        "context": [
            {"variable": "promotion", "sign": "default", "factor": False},
            {"variable": "event", "sign": "default", "factor": True},
        ],
        "prophet": {
            "components": ["trend", "season", "holiday"],
            "country": COUNTRY,
        },
        "adstock": "geometric",
        "hyperparameters": {
            f"{medium}_{kind}": range_
            for medium in [*media, "newsletter_sends"]
            for kind, range_ in RANGES.items()
        },
        "iterations": 80,
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
        "seed": 123,
        "time_limit_seconds": 600,
        **changes,
    }


def _input(folder: Path, config: Document) -> Path:
    """The sample's rows of one country, and a configuration beside them."""
    folder.mkdir()
    (folder / "job_config.json").write_text(json.dumps(config))
    with SAMPLE.open(newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if row["country"] == COUNTRY
        ]
    with (folder / "input_data.csv").open("w", newline="") as file:
        lines = csv.DictWriter(file, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    return folder


def _start(source: Path, out: Path, threads: str = "1") -> Any:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mmmflow_native",
            "--input",
            str(source),
            "--output",
            str(out),
        ],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}/functions:{ROOT}/py-worker",
            "OPENBLAS_NUM_THREADS": threads,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _json(path: Path) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(path.read_text())
    return loaded


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path, str]:
    """Two runs of one configuration at once, and what the first one said.

    The first is held to one core.
    """
    folder = tmp_path_factory.mktemp("engine")
    source = _input(folder / "in", _config())
    outs = folder / "one", folder / "two"
    processes = [
        _start(source, out, threads)
        for out, threads in zip(outs, ("1", "2"), strict=True)
    ]
    os.sched_setaffinity(processes[0].pid, {min(os.sched_getaffinity(0))})
    logs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], logs
    return *outs, logs[0]


@pytest.fixture(scope="module")
def out(runs: tuple[Path, Path, str]) -> Path:
    return runs[0]


@pytest.mark.parametrize("name", ["model_summary", "status", "progress"])
def test_what_crosses_the_boundary_is_valid(name: str, out: Path) -> None:
    assert check(f"{name}.json", _json(out / f"{name}.json")) == []


def test_how_firm_it_is_can_be_told_from_its_table(out: Path) -> None:
    """`collect` reads it, of every paid channel."""
    with (out / stability.TABLE).open(newline="") as file:
        found = stability.summarise(csv.DictReader(file))
    assert found is not None
    selected = _json(out / "model_summary.json")["selected"]
    named = [channel["channel"] for channel in selected["channels"]]
    assert [channel["channel"] for channel in found["channels"]] == named
    assert all(c["roas_median"] is not None for c in found["channels"])


def test_it_says_that_it_succeeded(out: Path) -> None:
    assert _json(out / "status.json")["status"] == "succeeded"
    assert _json(out / "progress.json")["step"] == "done"


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_there_as_parquet_and_csv(name: str, out: Path) -> None:
    table = pyarrow.parquet.read_table(out / f"results/{name}.parquet")
    with (out / f"results/{name}.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == table.column_names
    assert len(lines) - 1 == table.num_rows > 0


def test_the_decomposition_adds_up(out: Path) -> None:
    selected = _json(out / "model_summary.json")["selected"]
    shares = [part["share"] for part in selected["decomposition"]]
    assert sum(shares) == pytest.approx(1.0)
    table = pyarrow.parquet.read_table(
        out / "results/decomposition_over_time.parquet"
    ).to_pydict()
    parts = np.sum(
        [table[name] for name in ("(Intercept)", *_variables(selected))], axis=0
    )
    np.testing.assert_allclose(parts, table["fitted"], rtol=1e-9)


def _variables(selected: Mapping[str, Any]) -> list[str]:
    return [
        part["variable"]
        for part in selected["decomposition"]
        if part["kind"] != "intercept"
    ]


def test_the_pictures_are_there(out: Path) -> None:
    selected = _json(out / "model_summary.json")["selected"]
    assert (out / selected["onepager"]).is_file()
    pictures = ("allocation", "pareto", "convergence", "prophet")
    for name in pictures:
        assert (out / f"results/{name}.png").is_file()
    assert "</html>" in (out / "results/report.html").read_text()


def test_the_same_configuration_gives_the_same_bytes_on_one_core_or_two(
    runs: tuple[Path, Path, str],
) -> None:
    one, two, _ = runs
    assert _bytes(one / "results") == _bytes(two / "results")
    name = "model_summary.json"
    assert (one / name).read_bytes() == (two / name).read_bytes()


def test_the_log_is_one_that_a_person_can_read(
    runs: tuple[Path, Path, str],
) -> None:
    log = runs[2]
    assert "186 modelled (2021-06-07 to 2024-12-23)" in log
    assert "best model" in log
    assert log.endswith("succeeded\n")
    assert "cmdstanpy" not in log


def test_timings_are_by_stage(out: Path) -> None:
    lines = (out / "timings.csv").read_text().splitlines()
    assert lines[0] == "stage,seconds"
    assert [line.split(",")[0] for line in lines[1:4]] == [
        "read",
        "features",
        "search",
    ]


def test_a_model_is_fitted_again_from_its_json(out: Path) -> None:
    selected = _json(out / "model_summary.json")["selected"]
    path = out / f"results/models/{selected['model_id']}.json"
    again = recreate(read_model(path))
    found = {
        part["variable"]: part["contribution"]
        for part in selected["decomposition"]
        if part["kind"] != "intercept"
    }
    np.testing.assert_allclose(
        again.contribution, list(found.values()), rtol=1e-9
    )


def test_what_only_the_configuration_asks_for_is_done(
    tmp_path: Path, out: Path
) -> None:
    """Seeds, a refresh, and a budget that is bound in every way."""
    selected = _json(out / "model_summary.json")["selected"]["model_id"]
    plan = {
        "scenario": "max_response",
        "total_budget": None,
        "bounds": {"default": [0.5, 2.0]},
        "locked": ["tv"],
        "groups": [{"name": "web", "channels": ["search", "social"]}],
        "period": {"name": "Q1", "start": "2024-12-30", "end": "2025-03-23"},
    }
    previous = {
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "model_id": selected,
        "name": "somewhere",
        "generation": "1",
        "sha256": "0" * 64,
    }
    window = {"start": "2021-09-06", "end": None}
    source = _input(
        tmp_path / "in",
        _config(stability=2, allocation=plan, previous=previous, window=window),
    )
    old = _json(out / f"results/models/{selected}.json")
    first, end = old["problem"]["window"]
    old = {**old, "problem": {**old["problem"], "window": [first, end - 12]}}
    (source / "previous.json").write_text(json.dumps(old))
    process = _start(source, tmp_path / "out")
    log, _ = process.communicate(timeout=120)
    assert process.returncode == 0, log
    results = tmp_path / "out/results"
    seeds = pyarrow.parquet.read_table(results / "stability.parquet")["seed"]
    assert len(set(seeds.to_pylist())) == 2
    assert (results / "movement.csv").is_file()
    proposal = _json(tmp_path / "out/model_summary.json")["allocation"]
    assert proposal["periods"] == 12
    tv = next(c for c in proposal["channels"] if c["channel"] == "tv")
    assert tv["spend_proposed"] == pytest.approx(tv["spend_now"])


def test_a_model_to_refresh_that_is_not_there_is_missed(tmp_path: Path) -> None:
    previous = {
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "model_id": "1_2_1",
        "name": "somewhere",
        "generation": "1",
        "sha256": "0" * 64,
    }
    source = _input(tmp_path / "in", _config(previous=previous))
    process = _start(source, tmp_path / "out")
    log, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the configuration refreshes the model 1_2_1, which" in log


def test_a_mistake_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    source = _input(tmp_path / "in", _config())
    data = source / "input_data.csv"
    data.write_text(data.read_text().replace("2021-02-01,DE,", "x,DE,"))
    process = _start(source, tmp_path / "out")
    log, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "column 'date', row 5: 'x' is not a date" in log
    assert "Traceback" not in log
    status = _json(tmp_path / "out/status.json")
    assert check("status.json", status) == []
    assert (status["status"], status["step"]) == ("failed", "prepare")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "progress.json",
        "status.json",
        "timings.csv",
    ]


def test_it_stops_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    source = _input(tmp_path / "in", _config(iterations=100_000))
    out = tmp_path / "out"
    process = _start(source, out)
    _await_search(out)
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    process.communicate(timeout=10)
    assert time.monotonic() - asked < 2
    assert process.returncode == 1
    status = _json(out / "status.json")
    assert status["error"] == "stopped"
    assert status["step"] == "search"
    assert not (out / "results").exists()
    assert not (out / "model_summary.json").exists()


def test_stopped_while_it_searches_it_leaves_what_it_has_found(
    tmp_path: Path,
) -> None:
    source = _input(tmp_path / "in", _config(iterations=100_000))
    out = tmp_path / "out"
    process = _start(source, out)
    _await_search(out)
    process.send_signal(signal.SIGTERM)
    log, _ = process.communicate(timeout=10)
    said = _json(out / "partial/partial.json")
    assert check("partial.json", said) == []
    assert 0 < said["models_evaluated"] < said["models_asked"] == 200_000
    models = pyarrow.parquet.read_table(out / "partial/models.parquet")
    assert models.num_rows == said["models_evaluated"]
    assert said["best"]["model_id"] in models["model_id"].to_pylist()
    assert "Traceback" not in log


def test_stopped_after_the_search_it_leaves_all_that_it_has_found(
    tmp_path: Path,
) -> None:
    source = _input(tmp_path / "in", _config())
    out = tmp_path / "out"
    process = _start(source, out)
    _await_step(out, "output")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert _json(out / "status.json")["step"] == "output"
    said = _json(out / "partial/partial.json")
    assert said["models_evaluated"] == said["models_asked"] == 160
    assert not (out / "results").exists()


def _await_step(out: Path, step: str) -> None:
    """Until progress.json says that it has come to the step."""
    for _ in range(3000):
        path = out / "progress.json"
        if path.is_file() and _json(path)["step"] == step:
            return
        time.sleep(0.01)
    pytest.fail(f"the step {step} has not begun within 30 s")


def _await_search(out: Path) -> None:
    """Until progress.json names an iteration."""
    for _ in range(600):
        path = out / "progress.json"
        if path.is_file() and "iteration" in _json(path):
            return
        time.sleep(0.05)
    pytest.fail("the search has not begun within 30 s")
