"""The real supervisor, around an engine that only pretends to train."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mmmflow.ports import Bucket
from mmmflow_worker import supervisor
from mmmflow_worker.engine import Ended, Stopped
from mmmflow_worker.task import Task

from tests.simulation.jobs import Worker
from tests.simulation.world import World

ENGINES = ("native", "robyn")
GOAL = "revenue"
_STEPS = 4
_LOOK = 5.0
_TROUBLE = (
    ("fails", 0.04),
    ("dies", 0.08),
    ("skips", 0.04),
    ("hangs", 0.04),
    ("freezes", 0.04),
    ("no picture", 0.04),
)


class Training(Protocol):
    """Who is told when a worker trains."""

    def begins(self, worker: Worker) -> None: ...

    def ends(self, worker: Worker) -> None: ...


@dataclass
class Workers:
    """What a worker's process does: `supervise`, on the simulated bucket."""

    world: World
    training: Training
    _workers: dict[str, Worker] = field(default_factory=dict)

    def run(self, worker: Worker, bucket: Bucket) -> int:
        """The process's exit code."""
        self._workers[worker.key] = worker
        task = Task(
            bucket=bucket,
            run=worker.execution.env["MMMFLOW_RUN_URI"].split("/", 3)[3],
            experiment_id=worker.experiment_id,
            attempt=worker.attempt,
            execution=worker.execution.name,
            task=worker.task,
            timeout_seconds=worker.execution.timeout_seconds,
            progress_seconds=0.0,
        )
        return supervisor.supervise(
            task,
            lambda: worker.interrupted,
            dict.fromkeys(ENGINES, (worker.key,)),
        )

    def engine(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        seconds: float,
        interrupted: Callable[[], bool],
        tick: Callable[[], None],
    ) -> Ended:
        """In place of `engine.run`: time passes, files appear."""
        worker = self._workers[command[0]]
        key, decisions = worker.key, self.world.decisions
        trouble = decisions.pick(f"{key}/engine", "", _TROUBLE)
        needed = decisions.amount(f"{key}/trains for", 8.0, 1.0, 150.0)
        self.training.begins(worker)
        while trouble == "freezes":  # until it is killed
            self.world.sleep(_LOOK)
        if trouble == "hangs":
            needed = 1e6
        ended = self._train(needed, seconds, interrupted, tick, folder)
        if ended.stopped is None and trouble != "dies":
            config = json.loads((folder / "in" / "job_config.json").read_text())
            _write(folder / "out", config, trouble, decisions.unit(key))
            self.training.ends(worker)
        if trouble == "dies":
            return Ended(-11, ended.stopped)
        return ended

    def _train(
        self,
        needed: float,
        limit: float,
        interrupted: Callable[[], bool],
        tick: Callable[[], None],
        folder: Path,
    ) -> Ended:
        begun, steps = self.world.now, 0
        while (spent := self.world.now - begun) < needed:
            if interrupted() or spent > limit:
                _leave_partial(folder / "out")
                why = Stopped.INTERRUPTED if interrupted() else Stopped.TIMEOUT
                return Ended(-15, why)
            if spent >= needed * steps / _STEPS and steps < _STEPS:
                progress = json.dumps({"step": "search", "trial": steps})
                (folder / "out" / "progress.json").write_text(progress)
                tick()
                steps += 1
            self.world.sleep(min(_LOOK, needed / _STEPS))
        return Ended(0, None)


def _leave_partial(out: Path) -> None:
    """What a search that is stopped had found."""
    (out / "partial").mkdir()
    (out / "partial" / "models.csv").write_text("model_id")
    (out / "partial" / "partial.json").write_text("{}")


def _write(
    out: Path, config: Mapping[str, Any], trouble: str, luck: float
) -> None:
    """What an engine leaves behind."""
    if trouble == "fails":
        said = {"status": "failed", "step": "search", "error": "e", "hint": "h"}
    elif trouble == "skips":
        said = {"status": "skipped", "reason": "the goal is constant"}
    else:
        said = {"status": "succeeded"}
        (out / "model_summary.json").write_text(
            json.dumps(summary(config, luck))
        )
        if trouble != "no picture":
            (out / "onepager.png").write_bytes(b"picture")
    status = {"schema_version": 1, **said}
    (out / "status.json").write_text(json.dumps(status))


def summary(config: Mapping[str, Any], luck: float) -> dict[str, Any]:
    """A model whose errors are the luck that it had."""
    nrmse = round(0.05 + 0.2 * luck, 6)
    model = {
        "model_id": "1_1_1",
        "pareto_front": 1,
        "error_score": nrmse,
        "decomp_rssd": round(0.3 * (1 - luck), 6),  # so that rules differ
        "mape": None,
        "nrmse_train": nrmse,
        "nrmse_val": None,
        "nrmse_test": None,
        "nrmse_backtest": None,
        "rsq_train": 0.9,
        "rsq_val": None,
        "rsq_test": None,
        "intercept_dropped": False,
    }
    selected = {
        **model,
        "rule": "least error",
        "decomposition": [],
        "channels": [],
        "onepager": "onepager.png",
    }
    return {
        "schema_version": 1,
        "experiment_id": config["experiment_id"],
        "country": config["country"],
        "dep_var": config["dep_var"],
        "dep_var_type": config["dep_var_type"],
        "engine": config["engine"],
        "window": {
            "start": "2024-01-01",
            "end": "2024-06-24",
            "periods": 26,
            "interval": "week",
        },
        "models_evaluated": 1,
        "pareto_models": 1,
        "selected": selected,
        "candidates": [],
        "allocation": None,
        "warnings": [],
    }
