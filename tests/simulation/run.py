"""One seed: a world from its beginning until it is quiet."""

import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from unittest.mock import patch

import main
from mmmflow import job, wiring
from mmmflow.local.billing import NoBilling
from mmmflow.local.identity import LoopbackIdentity
from mmmflow.messaging import topology
from mmmflow.ports import Ports
from mmmflow.queueing import training
from mmmflow.steps import extract, ingest
from mmmflow.submit import batches
from mmmflow_worker import engine, manifest

from tests.simulation.buckets import SimBucket
from tests.simulation.bus import SimBus
from tests.simulation.decisions import Decisions, Value
from tests.simulation.documents import Change, SimDocuments
from tests.simulation.invariants import Invariants
from tests.simulation.jobs import SimJobs, Worker
from tests.simulation.outside import SimOutside, SimSecrets
from tests.simulation.promises import Promises
from tests.simulation.scenario import Scenario
from tests.simulation.warehouse import SimWarehouse
from tests.simulation.worker import Workers
from tests.simulation.world import Violation, World

# Before any process is forked: the entry points import their steps late.
for _step in topology.SUBSCRIPTIONS:
    importlib.import_module(f"mmmflow.steps.{_step}")

SWEEP_EVERY = 60.0
TROUBLE_ENDS = 1000.0
_QUIET_SWEEPS = 3
_IN_MEMORY = "/dev/shm"  # noqa: S108  (each world makes its own in it)
_CHUNK = 2  # three experiments are a large batch
_PATIENCE = 4 * 3600.0


@dataclass(frozen=True)
class Report:
    """What came of a seed; `broken` is the rule that did not hold."""

    seed: int
    events: int
    broken: str | None
    how: str
    taken: Mapping[str, Value]
    lines: tuple[str, ...]


class _Clock:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.clock(self._world.acting)


class _Entropy:
    """Tokens that depend on who asks, and how often he has."""

    def __init__(self, world: World) -> None:
        self._world = world

    def token(self) -> str:
        actor = self._world.current
        actor.tokens += 1
        return f"{actor.key}.{actor.tokens}"


class Simulation:
    def __init__(self, decisions: Decisions, *, trace: bool = False) -> None:
        self.world = World(decisions, trace=trace)
        # In some worlds a table is large: it is left to a job.
        self.small = 0 if decisions.chance("large tables", 0.4) else 10**6
        self.invariants = Invariants(self.world)
        self.bus = SimBus(
            self.world,
            _push,
            self.invariants.handler_returned,
            self.invariants.published,
        )
        self.documents = SimDocuments(self.world, self._committed)
        self.data = SimBucket(
            "data", self.world, self.bus, self.invariants.wrote
        )
        self.workers = Workers(self.world, self.invariants)
        self.jobs = SimJobs(
            self.world,
            self.bus,
            self._work,
            self.invariants.job_started,
            self.invariants.left,
        )
        self.invariants.documents = self.documents
        self.invariants.data = self.data
        self.invariants.bus = self.bus
        self.invariants.jobs = self.jobs
        self.outside = SimOutside(self.world)
        self.promises = Promises(
            self.world, self.outside, self.documents, self.bus, self.jobs
        )
        self.ports = Ports(
            documents=self.documents,
            uploads=SimBucket("uploads", self.world, self.bus, lambda *_: None),
            data=self.data,
            messages=self.bus,
            jobs=self.jobs,
            warehouse=SimWarehouse(self.world),
            secrets=SimSecrets(self.world),
            outside=self.outside,
            identity=LoopbackIdentity(),
            billing=NoBilling(),
            clock=_Clock(self.world),
            entropy=_Entropy(self.world),
        )
        self.scenario = Scenario(
            self.world,
            self.ports,
            self.documents,
            self.data,
            self.invariants.handler_returned,
            self.invariants.stopped,
        )
        self.invariants.launched = self.scenario.launched

    def _work(self, worker: Worker) -> int:
        """What a job's process does: it trains, or does a step at length."""
        if worker.execution.trains:
            return self.workers.run(worker, self.data)
        return job.main(worker.execution.env)

    def _committed(self, changes: list[Change]) -> None:
        self.invariants.committed(changes)
        self.promises.committed(changes)

    def run(self) -> None:
        """Raises: Violation."""
        self.scenario.prepare()
        world, sweeps, quiet = self.world, 0, 0
        while quiet < _QUIET_SWEEPS:
            next_sweep = (sweeps + 1) * SWEEP_EVERY
            if not world.idle and world.next_time <= next_sweep:
                world.step()
                continue
            world.decisions.calm = next_sweep > TROUBLE_ENDS
            if world.decisions.calm and self._is_quiet():
                quiet += 1
            elif next_sweep > TROUBLE_ENDS + _PATIENCE:
                break
            sweeps += 1
            world.at(next_sweep, partial(self._tick, sweeps))
            world.step()
        self.invariants.final(self.scenario.expected)
        self.promises.final(self.scenario.expected)

    def _tick(self, number: int) -> None:
        self.bus.tick("timer.sweep", f"sweep {number}")

    def _is_quiet(self) -> bool:
        """Nothing is under way, and nobody could want more."""
        if not self.world.idle or self.documents.all("outbox"):
            return False
        return all(
            self.scenario.expected.may_wait(data, self.documents)
            for data in self.documents.all("experiments")
        )


def run(
    seed: int,
    recorded: Mapping[str, Value] | None = None,
    *,
    trace: bool = False,
) -> Report:
    """Let the seed's world happen, or one of recorded decisions."""
    decisions = Decisions(seed, recorded)
    simulation = Simulation(decisions, trace=trace)
    broken, how = None, ""
    with _installed(simulation):
        try:
            simulation.run()
        except Violation as violation:
            broken, how = violation.rule, violation.how
    world = simulation.world
    return Report(
        seed,
        world.events,
        broken,
        how,
        dict(decisions.taken),
        tuple(world.lines or ()),
    )


@contextmanager
def _installed(simulation: Simulation) -> Iterator[None]:
    """The entry points and the supervisor, in this world."""
    with (
        patch.object(wiring, "ports", lambda: simulation.ports),
        patch.object(engine, "run", simulation.workers.engine),
        patch.object(tempfile, "tempdir", _folder()),
        patch.object(manifest, "_versions", dict),
        patch.object(manifest, "_cpu_features", list),
        patch.object(batches, "CHUNK", _CHUNK),
        patch.object(training, "CHUNK", _CHUNK),
        patch.object(job, "configure", lambda *_: None),
        patch.object(extract, "SMALL_ROWS", simulation.small),
        patch.object(ingest, "SMALL_BYTES", simulation.small),
    ):
        yield


def _push(subscription: str, event: Any) -> None:
    getattr(main, subscription)(event)


def _folder() -> str | None:
    """Where workers' files are: in memory where the system can."""
    return _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
