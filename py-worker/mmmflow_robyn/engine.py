"""Runs r-worker/run_all.R on a folder, and makes its result the contract's.

R reads and writes CSV in a working folder beside the output; its tables
become Parquet here, and the report is made of its summary and pictures.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from mmmflow_native.errors import UnmodellableError, UserError
from mmmflow_native.folder import PART, PROGRESS, RESULTS, SUMMARY, TIMINGS
from mmmflow_native.progress import Progress, Step, write_json

from mmmflow_robyn.presence import RSCRIPT, SETTINGS, worker_folder

WORK = ".robyn"
DATA = "input_data"
AS_IT_IS = ("job_config.json", "holidays.csv", "previous.json")
VERSIONS = "versions.json"
_END = 1.5  # seconds that R may take to end


class DiedError(Exception):
    """R ended without saying how."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of a run: its input folder, and how to train.

    `processes` trials run at a time; `previous` is the JSON of a model to
    refresh, if it is not previous.json in the folder.
    """

    input: Path
    processes: int
    previous: Path | None


def train(wanted: Wanted, out: Path, progress: Progress) -> None:
    """Train with Robyn and write everything found to `out`.

    Raises `UserError`, `UnmodellableError`, and `DiedError` if R was killed.
    """
    work = out / WORK
    shutil.rmtree(work, ignore_errors=True)
    (out / VERSIONS).unlink(missing_ok=True)
    try:
        with progress.stage("convert"):
            _bring(wanted.input, work / "in")
        code = _run_r(wanted, work, out / PROGRESS)
        _take_timings(work / "out" / TIMINGS, progress)
        _tell(work / "out" / "status.json", code, progress)
        progress.step = "output"
        with progress.stage("report"):
            _publish(work / "out", out)
        write_json(out / VERSIONS, _json(work / "out" / VERSIONS))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _bring(source: Path, target: Path) -> None:
    """The input folder, with the data as CSV."""
    from mmmflow_robyn.tables import write_csv

    target.mkdir(parents=True)
    for name in (*AS_IT_IS, f"{DATA}.csv"):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    parquet = source / f"{DATA}.parquet"
    if parquet.is_file():
        write_csv(parquet, target / f"{DATA}.csv")


def _run_r(wanted: Wanted, work: Path, progress: Path) -> int:
    """R's exit code; ends it, with its trials, if we are to end."""
    command = [
        *(RSCRIPT, "--no-save", "--no-restore"),
        str(worker_folder() / "run_all.R"),
        *("--input", str(work / "in")),
        *("--output", str(work / "out")),
        *("--processes", str(wanted.processes)),
        *("--progress", str(progress.resolve())),
    ]
    if wanted.previous is not None:
        command += ["--previous", str(wanted.previous.resolve())]
    try:
        process = subprocess.Popen(  # noqa: S603  (our own script)
            command,
            env=os.environ | SETTINGS,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise UserError(
            "there is no Rscript on the PATH",
            "docs/robyn.md says how to install R and Robyn",
        ) from None
    try:
        return process.wait()
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End R and what it has forked; its trials see that it is gone."""
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _take_timings(path: Path, progress: Progress) -> None:
    if path.is_file():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                progress.took(row["stage"], float(row["seconds"]))


def _tell(path: Path, code: int, progress: Progress) -> None:
    """Raise what R says went wrong."""
    if not path.is_file():
        raise DiedError(f"R ended with exit code {code} and no report")
    status = _json(path)
    if status["status"] == "skipped":
        raise UnmodellableError(status["reason"])
    if status["status"] == "failed":
        progress.step = _step(status["step"])
        raise UserError(status["error"], status["hint"])


def _step(name: str) -> Step:
    """A step of progress.json by its name."""
    steps: Mapping[str, Step] = {step: step for step in get_args(Step)}
    return steps[name]


def _publish(made: Path, out: Path) -> None:
    """R's result as the contract wants it: all or nothing."""
    from mmmflow_robyn.report import write_report
    from mmmflow_robyn.tables import convert

    part = out / PART
    shutil.copytree(
        made / RESULTS, part, ignore=shutil.ignore_patterns("*.csv")
    )
    convert(made / RESULTS, part)
    summary = _json(made / SUMMARY)
    write_report(summary, part)
    os.replace(part, out / RESULTS)
    os.replace(made / SUMMARY, out / SUMMARY)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
