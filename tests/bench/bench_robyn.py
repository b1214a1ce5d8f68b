"""Robyn as it comes against this worker, on the same job in the same run.

    python -m tests.bench.bench_robyn [--iterations 1000] [--trials 2]

Robyn's side is `robyn_run(cores = 2)` and `robyn_outputs()` as they are; ours
is the whole engine, `python -m mmmflow_robyn`, with two processes. The one
runs after the other; other work on the machine slows both. The last line is
JSON.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmmflow_robyn.presence import (
    RSCRIPT,
    SETTINGS,
    missing,
    worker_folder,
)

from tests.robyn.job import Job, config, robyns, sample

SCRIPT = Path(__file__).with_name("robyn_as_it_comes.R")
MIB = 1024
_EVERY = 0.25  # seconds between two looks at the memory


@dataclass
class Measured:
    """A process with its children: seconds, and most memory at once (MiB).

    The memory is what the processes hold by themselves, with their share of
    what they hold together (PSS).
    """

    seconds: float
    peak_mib: float
    stdout: str
    stages: Mapping[str, float] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both sides, and all figures as one line of JSON."""
    given = _parser().parse_args(arguments)
    reason = missing()
    if reason is not None:
        print(f"Robyn can't be measured here: {reason}")
        print(json.dumps({"skipped": reason}))
        return 0
    data = robyns() or sample()
    document = config(data, iterations=given.iterations, trials=given.trials)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-robyn-") as folder:
        job = Job.prepare(Path(folder) / "ours", data, document)
        ours = _ours(job)
        theirs = _theirs(Path(folder) / "theirs", job)
    figures = {
        "iterations": given.iterations,
        "trials": given.trials,
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
        **_side("robyn", theirs),
        **_side("worker", ours),
        "search_times": theirs.stages["search"] / ours.stages["search"],
        "end_to_end_times": theirs.seconds / ours.seconds,
    }
    for name, value in figures.items():
        print(f"{name:28} {value:,.5g}")
    print(json.dumps({k: round(v, 3) for k, v in figures.items()}))
    return 0


def _side(name: str, measured: Measured) -> dict[str, float]:
    return {
        f"{name}_seconds": measured.seconds,
        **{f"{name}_{k}_seconds": v for k, v in measured.stages.items()},
        f"{name}_peak_mib": measured.peak_mib,
    }


def _ours(job: Job) -> Measured:
    print("this worker, two processes …", flush=True)
    found = measure([*job.command, "--processes", "2"], {})
    with (job.folder / "out" / "timings.csv").open() as file:
        stages = {r["stage"]: float(r["seconds"]) for r in csv.DictReader(file)}
    output = ("select", "allocation", "tables", "pictures", "report")
    found.stages = {
        "features": stages["read"] + stages["data"] + stages["features"],
        "search": stages["search"],
        "output": sum(stages[name] for name in output),
    }
    return found


def _theirs(folder: Path, job: Job) -> Measured:
    print("Robyn as it comes, two cores …", flush=True)
    folder.mkdir()
    (job.folder / "data.csv").rename(job.folder / "in" / "input_data.csv")
    inputs = str(job.folder / "in")
    found = measure(
        [RSCRIPT, str(SCRIPT), str(worker_folder()), inputs, str(folder)],
        SETTINGS,
    )
    stages = json.loads(found.stdout.splitlines()[-1])
    found.stages = {
        name: stages[name] for name in ("features", "search", "output")
    }
    return found


def measure(command: Sequence[str], env: Mapping[str, str]) -> Measured:
    """Run a command to its end, looking at its memory meanwhile."""
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    done = threading.Event()
    most = [0.0]

    def watch() -> None:
        while not done.wait(_EVERY):
            most[0] = max(most[0], sum(map(_pss, family(process.pid))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    stdout, _ = process.communicate()
    done.set()
    watcher.join()
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {stdout[-2000:]}")
    return Measured(time.monotonic() - start, most[0] / MIB, stdout)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _pss(pid: int) -> float:
    """KiB; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(ln.split()[1]) for ln in lines if ln.startswith("Pss:"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench_robyn")
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=2)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
