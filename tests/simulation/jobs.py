"""A platform that runs jobs: late, twice, not at all, or to their limit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from mmmflow.ports import Execution, RefusedError, UnreachableError

from tests.simulation.bus import SimBus
from tests.simulation.world import Actor, Outcome, World

State = Literal["running", "succeeded", "failed", "cancelled"]

_START = 1.0
_GRACE = 10.0
_LONGEST = 600  # a step, whose limit is hours
_SWARM = {
    "refused": 0.2,
    "unheard": 0.15,
    "late": 0.2,
    "twice": 0.15,
    "killed": 0.15,
}
_NEVER = 0.05


@dataclass
class Worker:
    """One process of an execution."""

    key: str
    execution: "SimExecution"
    task: str
    actor: Actor
    interrupted: bool = False
    code: int | None = None
    returned: bool = False

    @property
    def experiment_id(self) -> str:
        return self.execution.run[0]

    @property
    def attempt(self) -> int:
        return self.execution.run[1]


@dataclass
class SimExecution:
    name: str
    job: str
    env: Mapping[str, str]
    timeout_seconds: int
    awaited: int = 0
    workers: list[Worker] = field(default_factory=list)
    state: State = "running"
    reason: str = ""
    stop: str = ""

    @property
    def trains(self) -> bool:
        """It is an experiment's, not a step's that takes long."""
        return "MMMFLOW_EXPERIMENT" in self.env

    @property
    def run(self) -> tuple[str, int]:
        """Experiment and attempt."""
        if not self.trains:
            return "", 0
        return self.env["MMMFLOW_EXPERIMENT"], int(self.env["MMMFLOW_ATTEMPT"])


Body = Callable[[Worker], int]


class SimJobs:
    """`body` is what a worker's process does; it returns its exit code."""

    def __init__(
        self,
        world: World,
        bus: SimBus,
        body: Body,
        started: Callable[[Actor, SimExecution], None],
        left: Callable[[Worker], None],
    ) -> None:
        self._world = world
        self._bus = bus
        self._body = body
        self._started = started
        self._left = left
        self.executions: dict[str, SimExecution] = {}
        self.refused: set[tuple[str, int]] = set()
        unit = world.decisions.unit
        self._rates = {
            what: 0.0 if unit(f"swarm/{what}") < 0.4 else high
            for what, high in _SWARM.items()
        }

    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        actor = self._world.current
        decisions = self._world.decisions

        def apply() -> str:
            key = f"{actor.key}/{actor.calls}"
            limit = min(timeout_seconds, _LONGEST)
            execution = SimExecution("", job, env, limit)
            if not actor.faultless and decisions.chance(
                f"{key}/refused", self._rates["refused"]
            ):
                self.refused.add(execution.run)
                raise RefusedError("429: no capacity")
            id, attempt = execution.run
            of = f"{id[-4:]}-{attempt}" if execution.trains else job
            execution.name = f"x{len(self.executions)}-{of}"
            self.executions[execution.name] = execution
            if execution.trains:
                self._started(actor, execution)
            self._schedule(execution)
            if not actor.faultless and decisions.chance(
                f"{key}/unheard", self._rates["unheard"]
            ):
                raise UnreachableError("503: whatever became of it")
            return execution.name

        return self._world.call(f"start {job}", apply)

    def get(self, execution: str) -> Execution | None:
        def apply() -> Execution | None:
            found = self.executions.get(execution)
            if found is None:
                return None
            return Execution(found.name, found.state, found.env, found.reason)

        return self._world.call(f"look at {execution}", apply)

    def cancel(self, execution: str) -> None:
        def apply() -> None:
            found = self.executions.get(execution)
            if found is not None and found.state == "running":
                self._stop(found, "cancelled")

        self._world.call(f"cancel {execution}", apply)

    def log(self, execution: str, lines: int) -> list[str]:
        del lines
        return self._world.call(f"read the log of {execution}", lambda: [])

    def _schedule(self, execution: SimExecution) -> None:
        decisions, name = self._world.decisions, execution.name
        if decisions.chance(f"{name}/never starts", _NEVER):
            self._world.after(30.0, lambda: self._end(execution, "no image"))
            return
        processes = 1 + decisions.chance(
            f"{name}/started twice", self._rates["twice"]
        )
        execution.awaited = processes
        for number in range(processes):
            key = f"{name}/{number}"
            late = decisions.delay(
                f"{key}/late", self._rates["late"], (5.0, 90.0, 900.0)
            )
            self._world.after(
                _START + late, partial(self._begin, execution, key)
            )

    def _begin(self, execution: SimExecution, key: str) -> None:
        if execution.state != "running" or execution.stop:
            execution.awaited -= 1
            self._maybe_end(execution)
            return
        actor = Actor(f"worker·{key}", "worker")
        worker = Worker(key, execution, key[-1], actor)
        execution.workers.append(worker)

        def body() -> None:
            worker.code = self._body(worker)

        def done(outcome: Outcome, error: Exception | None) -> None:
            execution.awaited -= 1
            worker.returned = outcome == "returned"
            if not worker.returned:
                worker.code = 1
                cause = type(error).__name__ if error else "its process died"
                execution.reason = execution.reason or cause
            if execution.trains:
                self._left(worker)
            self._world.after(0.1, lambda: self._maybe_end(execution))

        limit = execution.timeout_seconds
        self._world.after(
            limit, lambda: self._stop_worker(worker, f"over {limit} s")
        )
        decisions = self._world.decisions
        if decisions.chance(f"{key}/killed", self._rates["killed"]):
            self._world.after(
                decisions.amount(f"{key}/killed after", 0.0, 0.0, 60.0),
                lambda: self._world.kill(actor),
            )
        self._world.spawn(actor, body, done)

    def _stop(self, execution: SimExecution, why: str) -> None:
        execution.stop = execution.stop or why
        for worker in execution.workers:
            self._stop_worker(worker, why)
        if not execution.workers:
            self._world.after(1.0, lambda: self._maybe_end(execution))

    def _stop_worker(self, worker: Worker, why: str) -> None:
        """SIGTERM, and SIGKILL ten seconds later."""
        if worker.actor.dead or worker.interrupted:
            return
        worker.interrupted = True
        worker.execution.reason = worker.execution.reason or why
        self._world.say(worker.actor, f"is told to stop: {why}")
        self._world.after(_GRACE, lambda: self._world.kill(worker.actor))

    def _maybe_end(self, execution: SimExecution) -> None:
        alive = any(not worker.actor.dead for worker in execution.workers)
        if alive or (execution.awaited > 0 and not execution.stop):
            return
        self._end(execution, execution.reason)

    def _end(self, execution: SimExecution, reason: str) -> None:
        if execution.state != "running":
            return
        codes = [worker.code for worker in execution.workers]
        if execution.stop:
            execution.state = "cancelled"
        elif codes and not any(codes):
            execution.state = "succeeded"
        else:
            execution.state = "failed"
        execution.reason = reason
        self._world.say(None, f"{execution.name} ended: {execution.state}")
        resource = f"namespaces/sim/executions/{execution.name}"
        self._bus.log_entry(
            "execution.ended",
            {
                "protoPayload": {
                    "methodName": "/Jobs.RunJob",
                    "resourceName": resource,
                }
            },
            execution.name,
        )
