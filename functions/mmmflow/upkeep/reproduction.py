"""A run from its archive, once more: does the same come out, bit for bit?"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError
from mmmflow.upkeep import archive_file, imports
from mmmflow.upkeep.archive_file import ATTEMPT, CONFIG, DATA, PREVIOUS

# What tells how long it took, not what came out.
_OF_THE_RUN = ("manifest.json", "timings.csv", "progress.json", "status.json")


@dataclass(frozen=True)
class Comparison:
    """What came out again.

    Attributes:
        same: the files whose bytes are those of the archive.
        different, missing, new: the names of files that are not so.
        made_on: the machine and packages that the archived run had.
    """

    experiment_id: str
    same: tuple[str, ...]
    different: tuple[str, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    made_on: dict[str, Any]

    @property
    def is_same(self) -> bool:
        return not (self.different or self.missing or self.new)

    def as_json(self) -> dict[str, Any]:
        return {
            "experiment_id": self.experiment_id,
            "reproduced": self.is_same,
            "same": len(self.same),
            "different": list(self.different),
            "missing": list(self.missing),
            "new": list(self.new),
            "made_on": self.made_on,
        }


def reproduce(source: Path) -> Comparison:
    """Run the native engine on the archive's configuration and data.

    Raises:
        InvalidInputError: the archive is no such, of another engine, or the
            engine fails on it here.
    """
    with (
        archive_file.opened(source) as archive,
        tempfile.TemporaryDirectory() as temporary,
    ):
        packed = Path(temporary) / "packed"
        packed.mkdir()
        files = archive.unpack(packed)
        imports.require_consistent(dict(archive.head), files)
        config = schema.parse(files[CONFIG].read_bytes())
        if config["engine"]["name"] != "native":
            raise InvalidInputError.of(
                CONFIG,
                f"the run is of the engine {config['engine']['name']}",
                "only the native engine gives the same bytes again",
            )
        out = _run(files, Path(temporary))
        manifest = schema.parse(files[f"{ATTEMPT}manifest.json"].read_bytes())
        return _compared(config["experiment_id"], manifest, out)


def _run(files: imports.Files, folder: Path) -> Path:
    inputs, out = folder / "in", folder / "out"
    inputs.mkdir()
    named = {
        CONFIG: "job_config.json",
        DATA: "input_data.parquet",
        PREVIOUS: "previous.json",
    }
    for name, local in named.items():
        if name in files:
            shutil.copyfile(files[name], inputs / local)
    arguments = ["--input", str(inputs), "--output", str(out)]
    ended = subprocess.run(  # noqa: S603  (our own engine)
        [sys.executable, "-m", "mmmflow_native", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        said = (ended.stdout + ended.stderr).strip().splitlines()[-3:]
        raise InvalidInputError.of(
            "engine", " ".join(said) or f"exit code {ended.returncode}"
        )
    return out


def _compared(
    experiment_id: str, manifest: dict[str, Any], out: Path
) -> Comparison:
    before = {
        file["name"]: file["sha256"]
        for file in manifest["files"]
        if file["name"] not in _OF_THE_RUN
    }
    after = {
        path.relative_to(out).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
    after = {n: v for n, v in after.items() if n not in _OF_THE_RUN}
    both = sorted(before.keys() & after.keys())
    return Comparison(
        experiment_id,
        tuple(name for name in both if before[name] == after[name]),
        tuple(name for name in both if before[name] != after[name]),
        tuple(sorted(before.keys() - after.keys())),
        tuple(sorted(after.keys() - before.keys())),
        manifest["platform"],
    )
