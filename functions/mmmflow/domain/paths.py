"""The names of objects, in one place."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal


def raw_data(country: str, dataset_id: str) -> str:
    return f"datasets/{country}/{dataset_id}/raw.parquet"


def dataset_marker(country: str, dataset_id: str) -> str:
    return f"datasets/{country}/{dataset_id}/dataset.json"


def mapping_marker(scope: str, version: str) -> str:
    """`scope` is a country, or "universal"."""
    return f"metadata/{scope}/{version}/mapping.json"


def annotations(country: str, file: str) -> str:
    """What happened when, to be joined to the rows by date: a CSV."""
    return f"annotations/{country}/{file}"


def training_data(country: str, dataset_id: str, mapping_version: str) -> str:
    """The folder of what `prepare` made of a dataset and a mapping."""
    return f"training-data/{country}/{dataset_id}/{mapping_version}"


def run_folder(tag: str, number: int, country: str, experiment_id: str) -> str:
    return f"robyn/{tag}-{number}/{country}/{experiment_id}"


def batch_manifest(batch_id: str) -> str:
    """A request a line, of a batch that is created in chunks."""
    return f"batches/{batch_id}/manifest.jsonl"


def job_config(run: str) -> str:
    return f"{run}/job_config.json"


def attempt_folder(run: str, attempt: int) -> str:
    return f"{run}/attempts/{attempt}"


def claim(run: str, attempt: int) -> str:
    return f"{attempt_folder(run, attempt)}/claim.json"


def signal(
    experiment_id: str, attempt: int, kind: Literal["started", "finished"]
) -> str:
    return f"{signals(experiment_id)}{attempt}/{kind}.json"


def signals(experiment_id: str) -> str:
    """The prefix of every signal of the experiment."""
    return f"signals/{experiment_id}/"


def rendering(country: str, goal: str, what: str) -> str:
    return f"models/{country}/{safe(goal)}/{what}.json"


def comparison(country: str, goal: str, before: str, after: str) -> str:
    """Of two experiments that were champions one after the other."""
    return f"models/{country}/{safe(goal)}/comparisons/{before}_{after}.json"


def require_object_name(name: str) -> None:
    """Let pass only what every store of objects takes, and a folder too.

    Raises: ValueError.
    """
    parts = name.split("/")
    ill = any(part in ("", ".", "..") for part in parts)
    if ill or len(name.encode()) > _LONGEST or _CONTROL.search(name):
        raise ValueError(f"{name!r} is no object name")


def safe(name: str) -> str:
    """A column's name as part of a path: no two names give the same.

    Other signs become `_`, and a hash of the name tells it apart.
    """
    clean = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    if clean == name:
        return name
    return f"{clean}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Signal:
    experiment_id: str
    attempt: int
    kind: Literal["started", "finished"]


_LONGEST = 1024  # bytes
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SIGNAL = re.compile(r"signals/([^/]+)/([1-9][0-9]*)/(started|finished)\.json")
_DATASET = re.compile(r"datasets/([^/]+)/([^/]+)/dataset\.json")
_MAPPING = re.compile(r"metadata/([^/]+)/([^/]+)/mapping\.json")
_UPLOAD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,39})/([^/]+)")


def parse_signal(name: str) -> Signal | None:
    match = _SIGNAL.fullmatch(name)
    if match is None:
        return None
    kind: Literal["started", "finished"] = (
        "started" if match[3] == "started" else "finished"
    )
    return Signal(match[1], int(match[2]), kind)


def parse_dataset_marker(name: str) -> tuple[str, str] | None:
    """(country, dataset_id), or None for any other object."""
    match = _DATASET.fullmatch(name)
    return (match[1], match[2]) if match else None


def parse_mapping_marker(name: str) -> tuple[str, str] | None:
    """(scope, version), or None for any other object."""
    match = _MAPPING.fullmatch(name)
    return (match[1], match[2]) if match else None


def parse_upload(name: str) -> tuple[str, str] | None:
    """(country, file name), or None for what is not in a country's folder."""
    match = _UPLOAD.fullmatch(name)
    return (match[1], match[2]) if match else None
