"""What else people want of a simulated world: caps, times, words, rules.

Each is there in some worlds only, and promised to be kept in `promises`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mmmflow import settings
from mmmflow.ports import Json, Ports

from tests.simulation import data
from tests.simulation.documents import SimDocuments
from tests.simulation.invariants import Expected
from tests.simulation.world import START, World

TARGET = "team"
POISON = "poisoned"
STANDING = "20260301T000000Z-5a5a5a5a5a5a"
SOURCE: Json = {"table": "rows", "country_column": "country"}
_RULES: Mapping[str, Json] = {
    "error_score": {"rule": "error_score"},
    "by RSSD": {"rule": "weighted", "weights": {"decomp_rssd": 1.0}},
}


class Person(Protocol):
    """Lets somebody act at a time."""

    def __call__(
        self,
        key: str,
        at: float,
        act: Callable[[], Any],
        *,
        faulty: bool = False,
    ) -> None: ...


@dataclass
class Demands:
    world: World
    ports: Ports
    documents: SimDocuments
    person: Person
    expected: Expected

    def prepare(self) -> None:
        """Everything that does not need another country's data."""
        decisions = self.world.decisions
        if decisions.chance("somebody is told", 0.3):
            self._target()
        if decisions.chance("poison", 0.2):
            self._poison()
        for index in range(decisions.number("rules", 0, (0, 0, 0, 1, 2))):
            self._rule(index)
        if decisions.chance("not before", 0.3):
            self._not_before()

    def daily_runs(self) -> int | None:
        """The cap of a queue's day, which ends at midnight of this world."""
        capped = self.world.decisions.chance("capped", 0.25)
        if not capped:
            return None
        return self.world.decisions.number("daily runs", 1, (1, 2, 3))

    def of_new_data(self) -> None:
        """What stands for FR, and what asks for its data by itself."""
        decisions = self.world.decisions
        if decisions.chance("standing", 0.6):
            self._standing()
        if decisions.chance("by place", 0.6):
            self._by_place()

    def _target(self) -> None:
        self.documents.seed(
            "notification_targets",
            TARGET,
            {
                "schema_version": 1,
                "id": TARGET,
                "kind": "webhook",
                "events": [
                    "champion.changed",
                    "batch.changed",
                    "experiment.failed",
                ],
                "url": "https://team.example/hook",
                "enabled": True,
                "actor": "seed",
                "updated_at": self.world.clock().isoformat(),
            },
        )

    def _poison(self) -> None:
        """A message that no try will make right."""
        body = {"schema_version": 1, POISON: True}
        at = self.world.decisions.amount("poison at", 0.0, 0.0, 300.0)
        self._publish("poison", at, "queue.changed", body)
        self.expected.poisoned = True

    def _rule(self, index: int) -> None:
        decisions, key = self.world.decisions, f"rule {index}"
        name = decisions.pick(key, "error_score", [("by RSSD", 0.7)])
        own = decisions.chance(f"{key} of the country", 0.5)
        at = decisions.amount(f"{key} at", 10.0, 0.0, 900.0)
        country = data.COUNTRY if own else None
        self.person(
            key,
            at,
            lambda: settings.set_ranking(
                self.ports, country, _RULES[name], actor="person"
            ),
        )

    def _not_before(self) -> None:
        decisions = self.world.decisions
        until = decisions.amount("not before until", 60.0, 1.0, 900.0)
        at = decisions.amount("not before at", 0.0, 0.0, 600.0)
        experiment = {
            "country": data.COUNTRY,
            "preset": "test",
            "time_limit_seconds": 300,
            "seed": 77,
            "not_before": self.world.clock_at(until).isoformat(),
        }
        self.expected.experiments["later"] = 1
        self._ask("not before", at, "later", experiment)

    def _standing(self) -> None:
        """Whenever FR has new data, one experiment."""
        now = START.isoformat()
        self.documents.seed(
            "standing",
            STANDING,
            {
                "schema_version": 1,
                "id": STANDING,
                "name": "each time",
                "country": "FR",
                "experiment": {"preset": "test", "time_limit_seconds": 300},
                "sweep": None,
                "confirm": False,
                "enabled": True,
                "minimum_interval_hours": 0,
                "new_rows_threshold": 0,
                "last_started": None,
                "last_considered": None,
                "created_at": now,
                "updated_at": now,
                "correlation_id": "seed",
                "actor": "seed",
            },
        )

    def _by_place(self) -> None:
        """An experiment that names a table: it is extracted for it."""
        experiment = {
            "country": "FR",
            "preset": "test",
            "time_limit_seconds": 300,
            "mapping_version": "m2",
            "source": SOURCE,
        }
        at = self.world.decisions.amount("by place at", 0.0, 0.0, 300.0)
        self.expected.experiments["by place"] = 1
        self._ask("by place", at, "by place", experiment)

    def _ask(
        self, key: str, at: float, correlation: str, experiment: Json
    ) -> None:
        body = {
            "schema_version": 1,
            "correlation_id": correlation,
            "experiment": experiment,
        }
        self._publish(key, at, "experiment.requested", body)

    def _publish(
        self, key: str, at: float, topic: str, body: Mapping[str, Any]
    ) -> None:
        content = json.dumps(body).encode()
        self.person(
            key, at, lambda: self.ports.messages.publish(topic, content, {})
        )
