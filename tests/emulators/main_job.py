"""The main job on the deployment of one machine, from table to champion."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mmmflow.local
from mmmflow.cloud.ports import CloudPorts
from mmmflow.cloud.warehouse import SnowflakeWarehouse
from mmmflow.domain import paths
from mmmflow.local import main_job
from mmmflow.local.main_job import Job, Standing
from mmmflow.ports import Ports
from mmmflow.submit import requests

from tests.emulators.deployment import DATABASE

SAMPLE = Path(mmmflow.local.__path__[0]) / "sample"
TABLE = "MARKETING_WEEKLY"


def fill_warehouse(ports: CloudPorts, table: str = TABLE) -> None:
    """The sample as a table, as a dbt run would leave it."""
    warehouse = ports.warehouse
    assert isinstance(warehouse, SnowflakeWarehouse)
    file = SAMPLE / "marketing_weekly.csv"
    with warehouse._session.cursor() as cursor:
        for statement in (
            f"CREATE DATABASE IF NOT EXISTS {DATABASE}",
            f"CREATE OR REPLACE TABLE {_full(table)} AS"
            f" SELECT * FROM read_csv('{file}')",
        ):
            cursor.execute(statement)


@dataclass(frozen=True)
class Asked:
    """What was asked for, and how many experiments follow from it."""

    job: Job
    experiments: int

    def standing(self, ports: Ports) -> Standing | None:
        """Where it stands; None if nobody took it up yet."""
        found = main_job.standing(ports, self.job)
        return replace(found, expected=self.experiments) if found else None


def of_sample(
    experiment: Mapping[str, Any],
    *,
    adstock: tuple[str, ...] = ("geometric",),
    countries: tuple[str, ...] = ("DE",),
    table: str = TABLE,
    actor: str = "dbt",
) -> Asked:
    """An upstream system's wish: each country and adstock of the sample."""
    mapping = (SAMPLE / "mapping.json").read_bytes()
    truth = json.loads((SAMPLE / "truth.json").read_text())
    version = hashlib.sha256(mapping).hexdigest()[:12]
    body: dict[str, Any] = {
        "schema_version": 1,
        "actor": actor,
        "source": {"table": _full(table), "country_column": "country"},
        "countries": list(countries),
        "mapping_version": version,
        "train": {
            "experiment": {"window": truth["window"], **experiment},
            "sweep": {"adstock": list(adstock)},
        },
    }
    name = paths.mapping_marker("universal", version)
    request = requests.read("dataset.requested", body)
    job = Job(request, name, mapping, truth["countries"])
    return Asked(job, len(countries) * len(adstock))


def wait(ports: Ports, asked: Asked, seconds: float) -> Standing:
    """How it ended.

    Raises:
        TimeoutError: it had not, after that time; with where it stood.
    """
    deadline = time.monotonic() + seconds
    while True:
        now = asked.standing(ports)
        if now is not None and now.done:
            return now
        if time.monotonic() > deadline:
            stood = now.outcome if now is not None else "nobody took it up"
            raise TimeoutError(f"not done after {seconds:.0f} s: {stood}")
        time.sleep(0.2)


def _full(table: str) -> str:
    return f"{DATABASE}.PUBLIC.{table}"
