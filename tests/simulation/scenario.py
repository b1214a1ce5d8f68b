"""What people ask of a simulated world, and what is there before."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmmflow.control import commands
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json, NotFoundError, Ports
from mmmflow.queueing import queues

from tests.simulation import data
from tests.simulation.buckets import SimBucket
from tests.simulation.demands import Demands
from tests.simulation.documents import SimDocuments
from tests.simulation.invariants import Expected
from tests.simulation.warehouse import csv_of
from tests.simulation.world import (
    Actor,
    Outcome,
    UnavailableError,
    World,
)

_ANSWERS = UnavailableError | InvalidInputError | NotFoundError


@dataclass
class Scenario:
    world: World
    ports: Ports
    documents: SimDocuments
    data: SimBucket
    returned: Callable[[Actor], None]
    stopped: Callable[[str], None]
    _regret: float = 0.0
    expected: Expected = field(default_factory=Expected)

    def __post_init__(self) -> None:
        self._demands = Demands(
            self.world, self.ports, self.documents, self._person, self.expected
        )
        self.expected.today = lambda: self.world.clock().date().isoformat()

    def prepare(self) -> None:
        """Data of one country is there; people come and ask."""
        self._seed_data()
        decisions = self.world.decisions
        self._regret = 0.1 if decisions.unit("swarm/regret") > 0.5 else 0.0
        self._seed_queue(decisions.number("parallelism", 1, (1, 1, 2, 3)))
        for index in range(decisions.number("requests", 1, (1, 2, 2, 3, 4))):
            self._request(index)
        for index in range(decisions.number("queue changes", 0, (0, 0, 1, 3))):
            self._change_queue(index)
        for index in range(decisions.number("commands", 0, (0, 1, 2, 4))):
            self._command(index)
        self._demands.prepare()
        if decisions.chance("new data", 0.08):
            self._new_data()

    def _request(self, index: int) -> None:
        decisions, key = self.world.decisions, f"request {index}"
        body: Json = {
            "schema_version": 1,
            "actor": "sim",
            "correlation_id": f"r{index}",
            "experiment": {
                "country": data.COUNTRY,
                "preset": "test",
                "seed": index,
                "max_tries": decisions.number(f"{key} tries", 3, (1, 2, 3)),
                "priority": decisions.number(f"{key} priority", 0, (-1, 0, 5)),
                "time_limit_seconds": 300,
            },
        }
        if decisions.chance(f"{key} has a key", 0.5):
            body["message_id"] = f"key-{index}"
        number = decisions.number(f"{key} experiments", 1, (1, 1, 2, 3))
        if number > 1:
            body["sweep"] = {"seed": [100 * index + n for n in range(number)]}
        wrong = decisions.chance(f"{key} is wrong", 0.05)
        if wrong:
            body["experiment"]["preset"] = "huge"
        self.expected.experiments[f"r{index}"] = 0 if wrong else number
        times = 1 + decisions.number(f"{key} repeated", 0, (0, 0, 1, 2))
        for time in range(times):
            self._publish(
                f"{key} time {time}",
                decisions.amount(f"{key} at {time}", 0.0, 0.0, 300.0),
                "experiment.requested",
                body,
            )

    def _change_queue(self, index: int) -> None:
        """Another parallelism; or a pause, and its end a while later."""
        decisions, key = self.world.decisions, f"queue change {index}"
        at = decisions.amount(f"{key} at", 0.0, 0.0, 300.0)
        wide = decisions.number(f"{key} to", 1, (0, 1, 2, 3))
        if wide > 0:
            self._person(key, at, lambda: self._set_queue(parallelism=wide))
            return
        back = at + decisions.amount(f"{key} until", 1.0, 1.0, 400.0)
        if decisions.chance(f"{key} all queues", 0.3):
            ports = self.ports
            self._person(key, at, lambda: queues.pause_all(ports, actor="p"))
            self._person(
                f"{key} back",
                back,
                lambda: queues.resume_all(ports, actor="p"),
            )
            return
        self._person(key, at, lambda: self._set_queue(paused=True))
        self._person(f"{key} back", back, lambda: self._set_queue(paused=False))

    def _set_queue(self, **fields: Any) -> None:
        queues.change(self.ports, "default", actor="person", **fields)

    def _command(self, index: int) -> None:
        """Cancel, retry or delete one of the experiments there are then."""
        decisions, key = self.world.decisions, f"command {index}"
        what = decisions.pick(
            f"{key} is", "cancel", [("retry", 0.35), ("delete", 0.15)]
        )
        which = decisions.number(f"{key} which", 0, range(8))
        at = decisions.amount(f"{key} at", 10.0, 0.0, 700.0)
        self._person(key, at, lambda: self._obey(what, which), faulty=True)

    def launched(self, experiment_id: str, attempt: int) -> None:
        """Somebody may regret it at once."""
        decisions = self.world.decisions
        key = f"{experiment_id[-4:]}-{attempt} regretted"
        if decisions.chance(key, self._regret):
            wait = decisions.delay(f"{key} after", 0.9, (0.02, 1.5, 40.0))
            self._person(
                key,
                self.world.now + wait,
                lambda: self._cancel(experiment_id),
                faulty=True,
            )

    def _cancel(self, experiment_id: str) -> None:
        commands.cancel(self.ports, experiment_id, actor="person")
        self.stopped(experiment_id)

    def _obey(self, what: str, which: int) -> None:
        there = sorted(one["id"] for one in self.documents.all("experiments"))
        if not there:
            return
        id = there[which % len(there)]
        if what == "cancel":
            self._cancel(id)
        elif what == "retry":
            commands.retry(self.ports, id, actor="person")
        else:
            commands.delete(self.ports, id, actor="person", keep_objects=False)

    def _new_data(self) -> None:
        """A table of another country, and a mapping: whichever comes last."""
        decisions = self.world.decisions
        waiting = {
            "schema_version": 1,
            "correlation_id": "early",
            "experiment": {
                "country": "FR",
                "preset": "test",
                "time_limit_seconds": 300,
                "mapping_version": "m2",
            },
        }
        self._demands.of_new_data()
        self.expected.experiments["early"] = 1
        self.expected.countries_with_data.add("FR")
        at = decisions.amount("early request at", 0.0, 0.0, 300.0)
        self._publish("early request", at, "experiment.requested", waiting)
        at = decisions.amount("mapping at", 0.0, 0.0, 300.0)
        text = json.dumps(data.MAPPING).encode()
        self._person(
            "mapping",
            at,
            lambda: self.ports.data.create(
                paths.mapping_marker("FR", "m2"), text
            ),
        )
        at = decisions.amount("table at", 0.0, 0.0, 300.0)
        if decisions.chance("by upload", 0.5):
            self._person(
                "upload",
                at,
                lambda: self.ports.uploads.write("FR/rows.csv", csv_of("FR")),
            )
            return
        asked = {
            "schema_version": 1,
            "correlation_id": "new data",
            "source": {"table": "rows", "country_column": "country"},
            "countries": ["FR"],
            "mapping_version": "m2",
            "train": {"experiment": {"preset": "test"}},
        }
        self.expected.experiments["new data"] = 1
        self._publish("table", at, "dataset.requested", asked)

    def _publish(
        self, key: str, at: float, topic: str, body: Mapping[str, Any]
    ) -> None:
        data = json.dumps(body).encode()
        self._person(
            key, at, lambda: self.ports.messages.publish(topic, data, {})
        )

    def _person(
        self,
        key: str,
        at: float,
        act: Callable[[], Any],
        *,
        faulty: bool = False,
    ) -> None:
        actor = Actor(key, "person", faultless=not faulty)

        def done(outcome: Outcome, error: Exception | None) -> None:
            if not isinstance(error, _ANSWERS | None):
                raise error
            if outcome == "returned":
                self.returned(actor)

        self.world.at(at, lambda: self.world.spawn(actor, act, done))

    def _seed_queue(self, parallelism: int) -> None:
        self.documents.seed(
            "queues",
            "default",
            {
                "schema_version": 1,
                "name": "default",
                "parallelism": parallelism,
                "paused": False,
                "daily_runs": self._demands.daily_runs(),
                "daily_cost": None,
                "actor": "seed",
                "updated_at": self.world.clock().isoformat(),
            },
        )

    def _seed_data(self) -> None:
        """A dataset of DE that was prepared with a mapping."""
        for name, content in data.objects().items():
            self.data.seed(name, content)
        generation = self.data.objects[data.TRAINING_DATA].generation
        for collection, id, document in data.documents(
            self.ports.data.uri(data.TRAINING_DATA),
            str(generation),
            self.world.clock().isoformat(),
        ):
            self.documents.seed(collection, id, document)
        self.expected.countries_with_data.add(data.COUNTRY)
