"""A table and a mapping are all that a person with a laptop needs."""

import json
import subprocess
import sys
from pathlib import Path

import mmmflow.local

SAMPLE = Path(mmmflow.local.__path__[0]) / "sample"


def _train(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "mmmflow_native",
            "--data",
            str(SAMPLE / "marketing_weekly.csv"),
            "--output",
            str(out),
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_table_and_a_mapping_are_trained_with_the_defaults_filled_in(
    tmp_path: Path,
) -> None:
    experiment = tmp_path / "experiment.json"
    experiment.write_text('{"country": "FR", "iterations": 40, "trials": 1}')
    out = tmp_path / "out"
    ended = _train(
        out,
        "--mapping",
        str(SAMPLE / "mapping.json"),
        "--experiment",
        str(experiment),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    config = json.loads((out / "in" / "job_config.json").read_text())
    assert config["hyperparameters"]["tv_impressions_thetas"] == [0.3, 0.8]
    summary = json.loads((out / "model_summary.json").read_text())
    assert summary["country"] == "FR"


def test_a_table_of_several_countries_asks_which(tmp_path: Path) -> None:
    ended = _train(tmp_path / "out", "--mapping", str(SAMPLE / "mapping.json"))
    assert ended.returncode == 1
    assert "say which country in --experiment" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_mapping_that_is_no_json_is_named(tmp_path: Path) -> None:
    mapping = tmp_path / "broken.json"
    mapping.write_text("{")
    ended = _train(tmp_path / "out", "--mapping", str(mapping))
    assert ended.returncode == 1
    assert "broken.json: no JSON" in ended.stdout
