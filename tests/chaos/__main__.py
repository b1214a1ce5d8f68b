"""`make chaos`: many experiments while runner and workers are killed.

On the embedded services, with SIGKILL, at random: afterwards nothing is
lost, nothing was trained twice, and everything has ended.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmmflow.domain.experiment import TERMINAL, State
from mmmflow.local.database import Database
from mmmflow.local.ports import open_ports
from mmmflow.ports import Create, Ports, Where

from tests.simulation import data
from tests.simulation.worker import summary

ROOT = Path(__file__).parents[2]
_PARALLELISM = 4
_AT_ONCE = 50
_RUNNERS_TURN = 0.3
_LAST = 12.0
_PATIENCE = 3600.0
_REPORT_EVERY = 5.0


@dataclass
class Chaos:
    """One run of it; `seed` decides who is killed, not when it is hit."""

    home: Path
    experiments: int
    kills: int
    seed: int
    killed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  (no secret)
        self._ports: Ports = open_ports(self.home)
        self._database = Database(self.home / "state.db")

    def run(self) -> dict[str, Any]:
        """The figures; broken rules are listed under `problems`."""
        self._prepare()
        begun = shown = time.monotonic()
        ended = 0
        while ended < self.experiments:
            if time.monotonic() - begun > _PATIENCE:
                break
            runner = self._start_runner()
            ended = self._let_live(runner)
            _kill(runner)
            self.killed["runner"] += ended < self.experiments
            if time.monotonic() - shown > _REPORT_EVERY:
                shown = time.monotonic()
                self._progress(ended, shown - begun)
        runner = self._start_runner()
        time.sleep(_LAST)  # two sweeps: what is left is sent
        _kill(runner)
        problems = self._problems()
        return {
            "experiments": self.experiments,
            "ended": ended,
            "kills": sum(self.killed.values()),
            "killed": dict(self.killed),
            "states": dict(self._states()),
            "attempts": self._attempts(),
            "seconds": round(time.monotonic() - begun, 1),
            "problems": problems,
        }

    def _is_due(self, ended: int) -> bool:
        """Kills are spread over the whole run, a little ahead of it."""
        part = (ended + _AT_ONCE / 2) / self.experiments
        return sum(self.killed.values()) < self.kills * part

    def _prepare(self) -> None:
        """Training data is there, and the experiments are asked for."""
        now = datetime.now(UTC).isoformat()
        for name, content in data.objects().items():
            self._ports.data.create(name, content)
        stored = self._ports.data.stat(data.TRAINING_DATA)
        assert stored is not None
        uri = self._ports.data.uri(data.TRAINING_DATA)
        self._ports.documents.commit(
            [
                Create(collection, id, document)
                for collection, id, document in data.documents(
                    uri, stored.generation, now
                )
            ]
        )
        config = {
            "experiment_id": "",
            "country": data.COUNTRY,
            "dep_var": "revenue",
            "dep_var_type": "revenue",
            "engine": {"name": "native", "version": "tiny"},
        }
        found = json.dumps(summary(config, 0.5))
        (self.home / "summary.json").write_text(found)
        queue = {
            "schema_version": 1,
            "name": "default",
            "parallelism": _PARALLELISM,
            "paused": False,
            "daily_runs": None,
            "daily_cost": None,
            "actor": "chaos",
            "updated_at": now,
        }
        self._ports.documents.commit([Create("queues", "default", queue)])
        for first in range(0, self.experiments, _AT_ONCE):
            seeds = range(first, min(first + _AT_ONCE, self.experiments))
            self._ask(list(seeds))

    def _ask(self, seeds: list[int]) -> None:
        body = {
            "schema_version": 1,
            "actor": "chaos",
            "message_id": f"chaos-{seeds[0]}",
            "experiment": {
                "country": data.COUNTRY,
                "preset": "test",
                "max_tries": 10,
                "time_limit_seconds": 60,
            },
            "sweep": {"seed": seeds},
        }
        text = json.dumps(body).encode()
        self._ports.messages.publish("experiment.requested", text, {})

    def _start_runner(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner", str(self.home)],
            cwd=ROOT,
        )

    def _let_live(self, runner: "subprocess.Popen[bytes]") -> int:
        """Kill workers until it is the runner's turn; how many have ended."""
        until = time.monotonic() + _PATIENCE
        while (ended := self._ended()) < self.experiments:
            if runner.poll() is not None:
                raise RuntimeError(f"the runner ended by itself: {runner}")
            if time.monotonic() > until:
                break
            if self._is_due(ended):
                if self._random.random() < _RUNNERS_TURN:
                    break
                self._kill_a_worker()
            time.sleep(self._random.uniform(0.05, 0.4))
        return ended

    def _kill_a_worker(self) -> None:
        rows = self._database.connection.execute(
            "SELECT name, pid FROM executions"
            " WHERE state = 'running' AND pid IS NOT NULL"
        ).fetchall()
        if not rows:
            return
        name, pid = self._random.choice(rows)
        if _is_of(pid, name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.killed["worker"] += 1

    def _ended(self) -> int:
        states = [state.value for state in TERMINAL]
        where = [Where("state", "in", states)]
        return self._ports.documents.count("experiments", where)

    def _states(self) -> Counter[str]:
        found = self._ports.documents.query("experiments")
        return Counter(document.data["state"] for document in found)

    def _attempts(self) -> int:
        found = self._ports.documents.query("experiments")
        return sum(document.data["attempt"] for document in found)

    def _problems(self) -> list[str]:
        """Every rule that does not hold."""
        states = self._states()
        problems = []
        if states != {State.SUCCEEDED.value: self.experiments}:
            problems.append(f"not all succeeded: {dict(states)}")
        log = (self.home / "trained.log").read_text().splitlines()
        lines = [line.split() for line in log]
        for what in ("begin", "end"):
            counted = Counter(tuple(r[1:3]) for r in lines if r[0] == what)
            twice = [run for run, times in counted.items() if times > 1]
            problems += [f"{what} twice: {run}" for run in twice[:3]]
        for document in self._ports.documents.query("slots"):
            if document.data["holder"]:
                problems.append(f"slot {document.id} is held")
        left = self._ports.documents.count("outbox")
        if left:
            problems.append(f"{left} messages are unsent")
        ended = {tuple(r[1:3]) for r in lines if r[0] == "end"}
        for document in self._ports.documents.query("experiments"):
            run = (document.id, str(document.data["attempt"]))
            if document.data["state"] == State.SUCCEEDED and run not in ended:
                problems.append(f"{run} succeeded and was never trained")
        return problems

    def _progress(self, ended: int, seconds: float) -> None:
        print(
            f"{ended} of {self.experiments} ended,"
            f" {self.killed['runner']} runners and"
            f" {self.killed['worker']} workers killed, {seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )


def main(arguments: Sequence[str]) -> int:
    """0 if no rule was broken and enough was killed."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mmmflow-chaos-") as home:
        figures = Chaos(
            Path(home), told.experiments, told.kills, told.seed
        ).run()
    print(json.dumps(figures))
    return 1 if figures["problems"] or figures["kills"] < told.kills else 0


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def _is_of(pid: int, execution: str) -> bool:
    """The process is still this execution's, and no other's by now."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"MMMFLOW_EXECUTION={execution}".encode() in environment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
