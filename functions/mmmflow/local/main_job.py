"""The main job: a table and a mapping in; datasets and experiments out.

Only the mapping and one `dataset.requested` message are published here; from
there on events move it.
"""

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mmmflow.data import mappings
from mmmflow.domain import paths, spreadsheets
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.experiment import TERMINAL
from mmmflow.domain.mapping import DataMapping
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Json,
    Ports,
    Query,
    Where,
)
from mmmflow.submit import requests

_ENDINGS = (".csv", ".parquet")
_SWEEP = {"adstock": ["geometric", "weibull_cdf"]}
EVERYTHING = "all"


@dataclass(frozen=True)
class Job:
    """What is asked for, before anything runs."""

    request: requests.Request
    mapping_name: str
    mapping_content: bytes
    truth: Json | None

    @property
    def experiments_per_country(self) -> int:
        return len(_SWEEP["adstock"])


@dataclass(frozen=True)
class Standing:
    """Where the job stands: its datasets and experiments."""

    datasets: list[Document]
    experiments: list[Document]
    expected: int

    @property
    def failed_datasets(self) -> list[Document]:
        return [d for d in self.datasets if d.data["state"] == "FAILED"]

    @property
    def done(self) -> bool:
        """Nothing is left to happen, whether or not all went well."""
        if not self.datasets:
            return False
        ended = [e for e in self.experiments if e.data["state"] in TERMINAL]
        missing = self.expected - self._lost
        return len(ended) >= missing

    @property
    def outcome(self) -> str:
        """The experiments' states in numbers."""
        states = Counter(e.data["state"] for e in self.experiments)
        states.update({"without data": self._lost} if self._lost else {})
        return ", ".join(
            f"{number} {state.lower()}" for state, number in states.items()
        )

    @property
    def _lost(self) -> int:
        """Experiments that never will be, for want of their dataset."""
        per_dataset = self.expected // max(1, len(self.datasets))
        return per_dataset * len(self.failed_datasets)


def sample_job(
    ports: Ports, home: Path, *, countries: Sequence[str], experiment: Json
) -> Job:
    """The sample that ships with the project; by default both countries."""
    sample = resources.files("mmmflow.local").joinpath("sample")
    with resources.as_file(sample) as folder:
        truth = json.loads((folder / "truth.json").read_text())
        return _job(
            ports,
            home,
            folder / "marketing_weekly.csv",
            (folder / "mapping.json").read_bytes(),
            countries=countries or sorted(truth["countries"]),
            experiment={"window": truth["window"], **experiment},
            truth=truth["countries"],
        )


def own_job(
    ports: Ports,
    home: Path,
    data: Path,
    mapping: Path,
    *,
    countries: Sequence[str],
    experiment: Json,
) -> Job:
    """A person's own file, with the mapping of its columns.

    Raises:
        InvalidInputError: a file is missing or can't be what it should.
    """
    for path, what in ((data, "DATA"), (mapping, "MAPPING")):
        if not path.is_file():
            raise InvalidInputError.of(what, f"there is no file {path}")
    workbook = spreadsheets.refusal(data.name)
    if workbook is not None:
        raise InvalidInputError.of("DATA", workbook, spreadsheets.HINT)
    if data.suffix.lower() not in _ENDINGS:
        raise InvalidInputError.of(
            "DATA", f"{data.name} is neither .csv nor .parquet"
        )
    return _job(
        ports,
        home,
        data,
        mapping.read_bytes(),
        countries=countries,
        experiment=experiment,
        truth=None,
    )


def publish(ports: Ports, job: Job) -> None:
    """The mapping, then the message that starts it all."""
    with suppress(AlreadyExistsError):  # its version is its checksum
        ports.data.create(job.mapping_name, job.mapping_content)
    body = json.dumps(job.request.body, ensure_ascii=False).encode()
    ports.messages.publish("dataset.requested", body, {})


def standing(ports: Ports, job: Job) -> Standing | None:
    """Where the job stands; None if nobody asked for it yet.

    Raises:
        InvalidInputError: the request was refused.
    """
    answer = requests.answered(ports, job.request)
    if answer is None:
        return None
    datasets = requests.made(ports, answer, "datasets")
    if not datasets:
        return None
    experiments = ports.documents.query(
        "experiments",
        [Where("batch_id", "==", answer["batch_id"])],
    )
    expected = len(datasets) * job.experiments_per_country
    return Standing(datasets, experiments, expected)


def _job(
    ports: Ports,
    home: Path,
    data: Path,
    mapping: bytes,
    *,
    countries: Sequence[str],
    experiment: Json,
    truth: Json | None,
) -> Job:
    _, meaning = mappings.parse(mapping)
    version = hashlib.sha256(mapping).hexdigest()[:12]
    table = _install(data, home / "warehouse")
    body: dict[str, Any] = {
        "schema_version": 1,
        "actor": "make run",
        "source": _source(table, meaning),
        "countries": list(countries) or _countries(ports, table, meaning),
        "mapping_version": version,
        "train": {
            "experiment": experiment,
            "sweep": _SWEEP,
            "confirm": True,  # every country of the table is meant
        },
    }
    name = paths.mapping_marker("universal", version)
    request = requests.read("dataset.requested", body)
    return Job(request, name, mapping, truth)


def _install(data: Path, warehouse: Path) -> str:
    """Copy the file into the warehouse; the table's name tells its content."""
    with data.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()[:8]
    stem = re.sub(r"[^A-Za-z0-9_]", "_", data.stem)
    table = (
        f"t_{stem}_{checksum}" if stem[0].isdigit() else f"{stem}_{checksum}"
    )
    target = warehouse / f"{table}{data.suffix.lower()}"
    if not target.exists():
        partial = target.with_suffix(".partial")
        shutil.copyfile(data, partial)
        partial.replace(target)
    return table


def _source(table: str, meaning: DataMapping) -> Json:
    column = {"country_column": meaning.country} if meaning.country else {}
    return {"table": table, **column}


def _countries(ports: Ports, table: str, meaning: DataMapping) -> list[str]:
    """Every country in the table; one name for all rows without a column."""
    if meaning.country is None:
        return [EVERYTHING]
    column = '"' + meaning.country.replace('"', '""') + '"'
    statement = f'SELECT DISTINCT {column} FROM "{table}" ORDER BY 1'  # noqa: S608
    query = Query(statement)
    batches = ports.warehouse.fetch(ports.warehouse.submit(query), query)
    return [
        str(value)
        for batch in batches
        for value in batch.column(0).to_pylist()
        if value is not None
    ]
