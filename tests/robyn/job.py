"""Jobs for the Robyn engine: its input folder, and how to run it."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mmmflow
import pyarrow.csv
import pyarrow.parquet

SAMPLE = Path(mmmflow.__path__[0]) / "local/sample/marketing_weekly.csv"
# Robyn's own demo data, or a file with its columns; ours for it to have none.
ROBYN_DATA = "ROBYN_DATA"
MINUTES = 15

Document = dict[str, Any]
_SATURATION = {"alphas": [0.5, 3.0], "gammas": [0.3, 1.0]}
_ADSTOCK: Mapping[str, Mapping[str, list[float]]] = {
    "geometric": {"thetas": [0.0, 0.6]},
    "weibull_cdf": {"shapes": [0.0001, 2.0], "scales": [0.0, 0.1]},
    "weibull_pdf": {"shapes": [0.0001, 10.0], "scales": [0.0, 0.1]},
}


@dataclass(frozen=True)
class Data:
    """A table, and what its columns mean."""

    rows: Sequence[Mapping[str, str]]
    date: str
    paid: Mapping[str, tuple[str, str | None]]  # channel: spend, exposure
    organic: tuple[str, ...]
    context: Mapping[str, bool]  # variable: whether it is a factor
    window: tuple[str, str]
    country: str = "DE"

    @property
    def media(self) -> list[str]:
        """Every medium's variable, paid then organic."""
        paid = [exposure or spend for spend, exposure in self.paid.values()]
        return [*paid, *self.organic]


def sample() -> Data:
    """The sample that ships with the project, of one country."""
    with SAMPLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["country"] == "DE"]
    return Data(
        rows=rows,
        date="date",
        paid={
            "tv": ("tv_spend", "tv_impressions"),
            "ooh": ("ooh_spend", None),
            "search": ("search_spend", "search_clicks"),
            "social": ("social_spend", "social_impressions"),
            "video": ("video_spend", "video_impressions"),
        },
        organic=("newsletter_sends",),
        context={"promotion": False, "event": True},
        window=("2021-06-07", "2024-12-23"),
    )


def robyns() -> Data | None:
    """Robyn's demo data, where ROBYN_DATA says where it is."""
    path = os.environ.get(ROBYN_DATA)
    if path is None:
        return None
    with Path(path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Data(
        rows=rows,
        date="DATE",
        paid={
            "tv": ("tv_S", None),
            "ooh": ("ooh_S", None),
            "print": ("print_S", None),
            "facebook": ("facebook_S", "facebook_I"),
            "search": ("search_S", "search_clicks_P"),
        },
        organic=("newsletter",),
        context={"competitor_sales_B": False, "events": True},
        window=("2016-01-04", "2018-12-31"),
    )


def config(data: Data, **changes: Any) -> Document:
    """A small geometric job on the data; `changes` replace fields."""
    adstock = changes.get("adstock", "geometric")
    kinds = {**_SATURATION, **_ADSTOCK[adstock]}
    names = [f"{medium}_{kind}" for medium in data.media for kind in kinds]
    return {
        "schema_version": 1,
        "experiment_id": "20261120T104512Z-1f3a9c0b77de",
        "correlation_id": "test",
        "country": data.country,
        "revision": {"tag": "test", "number": 1},
        "engine": {"name": "robyn", "version": "3.12.1"},
        "dataset_id": "20261120T104512Z-1f3a9c0b77de",
        "mapping_version": "v1",
        "data": {"uri": "file", "generation": "1", "sha256": "0" * 64},
        "date_var": data.date,
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "window": {"start": data.window[0], "end": data.window[1]},
        "paid_media": [
            {
                "channel": channel,
                "spend": spend,
                "exposure": exposure,
                "sign": "positive",
            }
            for channel, (spend, exposure) in data.paid.items()
        ],
        "organic_media": [
            {"variable": name, "sign": "positive"} for name in data.organic
        ],
        "context": [
            {"variable": name, "sign": "default", "factor": factor}
            for name, factor in data.context.items()
        ],
        "prophet": {
            "components": ["trend", "season", "holiday"],
            "country": data.country,
        },
        "adstock": adstock,
        "hyperparameters": {
            name: kinds[name.rpartition("_")[2]] for name in names
        },
        "iterations": 25,
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
        "time_limit_seconds": 3600,
        **changes,
    }


@dataclass(frozen=True)
class Run:
    """What a run of an engine left: its folder, exit code and log."""

    out: Path
    code: int
    log: str

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())

    @property
    def summary(self) -> Document:
        found: Document = self.json("model_summary.json")
        return found

    @property
    def results(self) -> Path:
        return self.out / "results"


@dataclass(frozen=True)
class Job:
    """An engine's input folder, to be run."""

    folder: Path
    engine: str = "robyn"
    env: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def prepare(cls, folder: Path, data: Data, document: Document) -> "Job":
        """Write the input folder: the configuration, and the data."""
        inputs = folder / "in"
        inputs.mkdir(parents=True)
        (inputs / "job_config.json").write_text(json.dumps(document))
        with (folder / "data.csv").open("w", newline="") as file:
            table = csv.DictWriter(file, list(data.rows[0]))
            table.writeheader()
            table.writerows(data.rows)
        pyarrow.parquet.write_table(
            pyarrow.csv.read_csv(folder / "data.csv"),
            inputs / "input_data.parquet",
        )
        return cls(folder, document["engine"]["name"])

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", f"mmmflow_{self.engine}"),
            *("--input", str(self.folder / "in")),
            *("--output", str(self.folder / "out")),
        ]

    def run(self) -> Run:
        """Run it to its end."""
        done = subprocess.run(
            self.command,
            env=os.environ | self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
        return Run(self.folder / "out", done.returncode, done.stdout)
