"""The whole job, as a data scientist starts it: table in, results out."""

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mmmflow

SAMPLE = Path(mmmflow.__path__[0]) / "local/sample/marketing_weekly.csv"
ENGINE = (sys.executable, "-m", "mmmflow_native")
COUNTRY = "DE"
EXPOSURES = {
    "tv": "tv_impressions",
    "ooh": None,
    "search": "search_clicks",
    "social": "social_impressions",
    "video": "video_impressions",
}
THETAS = {
    "tv_impressions": [0.3, 0.8],
    "ooh_spend": [0.1, 0.4],
    "search_clicks": [0.0, 0.3],
    "social_impressions": [0.0, 0.3],
    "video_impressions": [0.1, 0.4],
    "newsletter_sends": [0.1, 0.4],
}


def whole_job() -> dict[str, float]:
    """Seconds and peak MiB of 2000 × 5 with every table and picture."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in", Path(folder) / "out"
        _write_input(source)
        start = time.perf_counter()
        subprocess.run(
            [*ENGINE, "--input", str(source), "--output", str(out)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - start
        with (out / "timings.csv").open() as file:
            stages = {
                f"job_{row['stage']}_seconds": float(row["seconds"])
                for row in csv.DictReader(file)
            }
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {**stages, "job_seconds": seconds, "job_peak_mib": peak}


def _write_input(folder: Path) -> None:
    folder.mkdir()
    with SAMPLE.open(newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["country"] == COUNTRY]
    with (folder / "input_data.csv").open("w", newline="") as file:
        lines = csv.DictWriter(file, rows[0])
        lines.writeheader()
        lines.writerows(rows)
    (folder / "job_config.json").write_text(json.dumps(_config()))


def _config() -> dict[str, Any]:
    hyperparameters = {}
    for name, thetas in THETAS.items():
        hyperparameters[f"{name}_alphas"] = [0.5, 3.0]
        hyperparameters[f"{name}_gammas"] = [0.3, 1.0]
        hyperparameters[f"{name}_thetas"] = thetas
    return {
        "schema_version": 1,
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "correlation_id": "bench",
        "country": COUNTRY,
        "revision": {"tag": "bench", "number": 1},
        "engine": {"name": "native", "version": "bench"},
        "dataset_id": "20261120T104512Z-1f3a9c0b77de",
        "mapping_version": "v1",
        "data": {"uri": "file", "generation": "1", "sha256": "0" * 64},
        "date_var": "date",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "window": {"start": "2021-06-07", "end": "2024-12-23"},
        "paid_media": [
            {
                "channel": channel,
                "spend": f"{channel}_spend",
                "exposure": exposure,
                "sign": "positive",
            }
            for channel, exposure in EXPOSURES.items()
        ],
        "organic_media": [{"variable": "newsletter_sends", "sign": "positive"}],
        "context": [
            {"variable": name, "sign": "default", "factor": name == "event"}
            for name in ("competitor_price_index", "promotion", "event")
        ],
        "prophet": {
            "components": ["trend", "season", "holiday"],
            "country": COUNTRY,
        },
        "adstock": "geometric",
        "hyperparameters": hyperparameters,
        "iterations": 2000,
        "trials": 5,
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
    }
