"""The manifest: everything that an attempt wrote, and on what it ran."""

import csv
import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = (
    "matplotlib",
    "numpy",
    "pandas",
    "prophet",
    "pyarrow",
    "scipy",
)
_SIMD = ("sse4_2", "avx", "avx2", "fma", "avx512f", "asimd")


def build(
    config: Mapping[str, Any],
    attempt: int,
    config_sha256: str,
    out: Path,
    generations: Mapping[str, str],
    *,
    image: str,
) -> dict[str, Any]:
    """The manifest of the files in `out`, stored at these generations.

    `image` is what it ran in, "" if that is none.
    """
    return {
        "schema_version": 1,
        "experiment_id": config["experiment_id"],
        "attempt": attempt,
        "engine": {
            "name": config["engine"]["name"],
            "version": config["engine"]["version"],
            **({"image": image} if image else {}),
        },
        "seed": config["seed"],
        "data_sha256": config["data"]["sha256"],
        "config_sha256": config_sha256,
        "platform": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cpu_features": _cpu_features(),
            "packages": _versions() | _engines_own(out / "versions.json"),
        },
        "timings": _timings(out / "timings.csv"),
        "files": [
            {
                "name": name,
                "size": (out / name).stat().st_size,
                "sha256": sha256(out / name),
                "generation": generation,
            }
            for name, generation in sorted(generations.items())
        ],
    }


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _engines_own(path: Path) -> dict[str, str]:
    """What an engine that is not Python's says it ran on."""
    if not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _cpu_features() -> list[str]:
    """The vector units that change the last bits of a result."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return []
    words = set(text.split())
    return [feature for feature in _SIMD if feature in words]


def _timings(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        return {
            row["stage"]: float(row["seconds"]) for row in csv.DictReader(file)
        }
