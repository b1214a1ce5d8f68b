"""What was promised beside the runs themselves: caps, times, words, ends."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mmmflow.domain import experiment
from mmmflow.domain.experiment import State
from mmmflow.ports import Json

from tests.simulation.bus import SimBus
from tests.simulation.documents import Change, SimDocuments
from tests.simulation.invariants import Expected, Run
from tests.simulation.jobs import SimJobs
from tests.simulation.outside import SimOutside
from tests.simulation.world import Violation, World

# What the clocks of two functions may differ by.
_SKEW = timedelta(seconds=3)


@dataclass
class Promises:
    """Watches every commit, and looks at what was said at the end."""

    world: World
    outside: SimOutside
    documents: SimDocuments
    bus: SimBus
    jobs: SimJobs
    _started: dict[str, list[Run]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _ended: Counter[str] = field(default_factory=Counter)
    _standing_for: Counter[tuple[str, str]] = field(default_factory=Counter)

    def committed(self, changes: list[Change]) -> None:
        for change in changes:
            match change.collection:
                case "slots":
                    self._slot(change)
                case "experiments" if change.before is None:
                    self._made(change.after)
                case "experiments":
                    self._let_go(change)
                case "batch_ends":
                    self._ends(change)

    def _slot(self, change: Change) -> None:
        """A day's cap counts every start that was not refused."""
        before, after = change.before or {}, change.after
        if after is None or not after["holder"]:
            return
        if before.get("holder") == after["holder"]:
            return
        holder = after["holder"]
        run = (holder["experiment_id"], holder["attempt"])
        day, queue = after["day"], after["queue"]
        self._started[f"{queue} {day}"].append(run)
        settings = self.documents.peek("queues", queue)
        most = settings.data["daily_runs"] if settings else None
        started = [
            one
            for one in self._started[f"{queue} {day}"]
            if one not in self.jobs.refused
        ]
        if most is not None and len(started) > most:
            raise Violation(
                "a day's cap is kept", f"{len(started)} of {most} on {day}"
            )

    def _made(self, data: Json | None) -> None:
        if data is not None and "standing" in data["labels"]:
            standing = data["labels"]["standing"]
            self._standing_for[(standing, data["dataset_id"])] += 1

    def _let_go(self, change: Change) -> None:
        """Nothing is queued before the time that it was asked for."""
        before, after = change.before, change.after
        if before is None or after is None:
            return
        if (before["state"], after["state"]) != (State.WAITING, State.QUEUED):
            return
        time = after["request"]["not_before"]
        now = self.world.clock()
        if time and datetime.fromisoformat(time) > now + _SKEW:
            raise Violation("nothing begins before its time", change.id)

    def _ends(self, change: Change) -> None:
        """The same end of a batch is told once."""
        before, after = change.before, change.after
        self._ended[change.id] += 1
        if before and after and before["counted"] == after["counted"]:
            raise Violation("the end of a batch is told once", change.id)

    # at the end

    def final(self, expected: Expected) -> None:
        self._batches()
        self._standing()
        self._places()
        self._notices()
        if expected.poisoned:
            self._poisoned()

    def _batches(self) -> None:
        """What has ended is told, as often as it has."""
        by_batch: dict[str, list[Json]] = defaultdict(list)
        for data in self.documents.all("experiments"):
            if data["batch_id"]:
                by_batch[data["batch_id"]].append(data)
        told = Counter(
            body["batch_id"]
            for body in self._distinct("batch.changed").values()
        )
        for id, found in by_batch.items():
            if any(State(e["state"]) not in experiment.TERMINAL for e in found):
                continue
            if not told[id]:
                raise Violation("the end of a batch is told", id)
        for id, number in told.items():
            if number > self._ended[id]:
                raise Violation(
                    "the end of a batch is told once",
                    f"{id}: {number} messages of {self._ended[id]} ends",
                )

    def _standing(self) -> None:
        """The newest dataset has started what stands, and each once at most.

        One that is prepared after a newer one is not news any more.
        """
        for pair, number in self._standing_for.items():
            if number > 1:
                raise Violation(
                    "new data starts what stands for it, once",
                    f"{pair} was started {number} times",
                )
        for standing in self.documents.all("standing"):
            prepared = [
                dataset["id"]
                for dataset in self.documents.all("datasets")
                if dataset["country"] == standing["country"]
                and dataset["prepared_with"] is not None
            ]
            newest = (standing["id"], max(prepared, default=""))
            if prepared and not self._standing_for[newest]:
                raise Violation(
                    "new data starts what stands for it, once",
                    f"{newest} was not started",
                )

    def _places(self) -> None:
        """What names a table is trained on what was extracted for it."""
        for data in self.documents.all("experiments"):
            if not data.get("data_request") or data["config"] is None:
                continue
            request = self.documents.peek("requests", data["data_request"])
            made = request.data["made"] if request else []
            if data["config"]["dataset_id"] not in made:
                raise Violation(
                    "an experiment is trained on the data that it asked for",
                    f"{data['id']}: {data['config']['dataset_id']}",
                )

    def _notices(self) -> None:
        """Who wants to be told is told, and can tell a repeat by its key."""
        keys: dict[str, set[str]] = defaultdict(set)
        for _, body, headers in self.outside.posted:
            keys[body["data"]["message_id"]].add(headers["Idempotency-Key"])
        for about, found in keys.items():
            if len(found) > 1:
                raise Violation("a notice has one key", f"{about}: {found}")
        if len({key for found in keys.values() for key in found}) < len(keys):
            raise Violation("no two notices share a key", "")
        for target in self.documents.all("notification_targets"):
            for topic in ("champion.changed", "batch.changed"):
                self._all_told(topic, self._distinct(topic), keys)
            failed = {
                id: body
                for id, body in self._distinct("experiment.changed").items()
                if body["state"] == State.FAILED
            }
            self._all_told(target["id"], failed, keys)

    def _all_told(
        self,
        what: str,
        messages: Mapping[str, Mapping[str, Any]],
        keys: Mapping[str, set[str]],
    ) -> None:
        for id in messages:
            if id not in keys:
                raise Violation("who wants to be told is told", f"{what} {id}")

    def _poisoned(self) -> None:
        """It lies with the dead letters, with what was wrong with it."""
        letters = [
            letter
            for letter in self.documents.all("dead_letters")
            if "poisoned" in json.dumps(letter)
        ]
        if len(letters) != 1 or not letters[0]["reason"]:
            raise Violation(
                "a poisoned message is buried, once", f"{len(letters)} letters"
            )

    def _distinct(self, topic: str) -> dict[str, Mapping[str, Any]]:
        """The messages of a topic by their ids, however often published."""
        return {
            one.body["message_id"]: one.body
            for one in self.bus.published
            if one.topic == topic
        }
