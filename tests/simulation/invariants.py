"""What must hold at every moment of a simulated world, and at its end."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmmflow.data import handover
from mmmflow.domain import experiment, paths, ranking
from mmmflow.domain import request as requests_rules
from mmmflow.domain.experiment import State
from mmmflow.ports import Json
from mmmflow.queueing import queues

from tests.simulation.buckets import SimBucket, Stored
from tests.simulation.bus import SimBus
from tests.simulation.documents import Change, SimDocuments
from tests.simulation.jobs import SimExecution, SimJobs, Worker
from tests.simulation.world import Actor, Violation, World

_ATTEMPT = re.compile(r"(robyn/.+/([^/]+)/attempts/([0-9]+))/(.+)")
_ENDS = {
    "succeeded": {State.SUCCEEDED},
    "failed": {State.FAILED, State.QUEUED},
    "skipped": {State.SKIPPED},
}
_MOST_ATTEMPTS = 60
Run = tuple[str, int]


@dataclass
class Invariants:
    """Watches every commit, write, start and end."""

    world: World
    documents: SimDocuments = field(init=False)
    data: SimBucket = field(init=False)
    bus: SimBus = field(init=False)
    jobs: SimJobs = field(init=False)
    launched: Callable[[str, int], None] = field(init=False)
    _unsent: dict[str, str] = field(default_factory=dict)
    _to_start: dict[Run, str] = field(default_factory=dict)
    _trained: set[Run] = field(default_factory=set)
    _training: dict[str, Run] = field(default_factory=dict)
    _changes: list[Json] = field(default_factory=list)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _created: dict[str, str] = field(default_factory=dict)

    # at every moment

    def committed(self, changes: list[Change]) -> None:
        for change in changes:
            match change.collection:
                case "experiments":
                    self._experiment(change)
                case "slots":
                    self._slot(change)
                case "outbox":
                    self._outbox(change)
                case "champions" if change.after:
                    now = change.after
                    version = str(now["version"])
                    self._seen.add((now["country"], now["goal"], version))
        for change in changes:
            if change.collection in ("experiments", "slots"):
                self._held(change)

    def wrote(self, name: str, before: Stored | None, after: Stored) -> None:
        """An object of the data bucket was written."""
        if name.endswith("/job_config.json") and before is not None:
            raise Violation("a configuration is frozen once", name)
        signal = paths.parse_signal(name)
        if signal is not None and signal.kind == "finished":
            run = (signal.experiment_id, signal.attempt)
            self._training = {
                key: other
                for key, other in self._training.items()
                if other != run
            }
        match = _ATTEMPT.fullmatch(name)
        if match is None:
            return
        if match[4] == "claim.json":
            if before is not None:
                raise Violation("a claim is never written over", name)
            return
        claim = self.data.objects.get(f"{match[1]}/claim.json")
        if claim is None or claim.writer != after.writer:
            raise Violation(
                "only the worker that won the claim writes into its attempt",
                f"{after.writer} wrote {name}",
            )

    def published(self, topic: str, body: Mapping[str, Any]) -> None:
        """A message reached the bus."""
        if topic == "experiment.changed" and body["state"] != "DELETED":
            change = body["experiment_id"], body["state"], body["updated_at"]
        elif topic == "champion.changed":
            change = body["country"], body["goal"], str(body["version"])
        else:
            return
        if change not in self._seen:
            raise Violation("a message follows from a commit", f"{change}")

    def job_started(self, actor: Actor, execution: SimExecution) -> None:
        run = execution.run
        if self._to_start.pop(run, None) != actor.key:
            raise Violation(
                "only the handler whose commit took the slot starts the job",
                f"{actor.key} started {run}",
            )

    def handler_returned(self, actor: Actor) -> None:
        left = [id for id, key in self._unsent.items() if key == actor.key]
        if left:
            raise Violation(
                "a handler returns only after its messages are sent",
                f"{actor.key} left {left[0]}",
            )
        runs = [run for run, key in self._to_start.items() if key == actor.key]
        for run in runs:
            if not self._was_refused(run) and self._is_launching(run):
                raise Violation(
                    "whoever takes a slot starts the job",
                    f"{actor.key} took one for {run} and started nothing",
                )

    def begins(self, worker: Worker) -> None:
        """A worker begins to train."""
        run = (worker.experiment_id, worker.attempt)
        if run in self._trained:
            raise Violation("an attempt is trained once", f"{run}")
        self._trained.add(run)
        self._training[worker.key] = run
        data = self._data(run[0])
        if data is None:
            return
        if data["state"] == State.CANCELLED and data["slot"] is None:
            raise Violation(
                "no worker begins to train what was cancelled for good",
                worker.key,
            )
        self._check_slot(worker)

    def ends(self, worker: Worker) -> None:
        """A worker has trained to the end."""
        self._check_slot(worker)

    def left(self, worker: Worker) -> None:
        """A worker's process is gone."""
        self._training.pop(worker.key, None)
        run = (worker.experiment_id, worker.attempt)
        claim = self._claim(run)
        owner = claim is not None and claim[1] == worker.actor.key
        if not worker.returned:
            return
        if owner and self._signal(run, "finished") is None:
            raise Violation(
                "a worker that won the claim says how it ended", worker.key
            )
        if not owner and worker.code != 0 and self._data(run[0]):
            raise Violation("a loser leaves with exit 0", worker.key)

    def stopped(self, experiment_id: str) -> None:
        """Somebody's cancel has returned."""
        data = self._data(experiment_id)
        if data is None or data["state"] != State.CANCELLED:
            return
        for execution in self._executions((data["id"], data["attempt"])):
            for worker in execution.workers:
                if worker.key in self._training and not worker.interrupted:
                    raise Violation("a cancel stops the worker", worker.key)

    def _experiment(self, change: Change) -> None:
        before, after = change.before, change.after
        if after is None:
            self._deleted(before)
            return
        if before is None and "standing" not in after["labels"]:
            self._created[change.id] = after["correlation_id"]
        if before is None or before["state"] != after["state"]:
            self._changes.append(after)
            told = after["id"], after["state"], after["updated_at"]
            self._seen.add(told)
        if before is None:
            return
        was, now = State(before["state"]), State(after["state"])
        if was != now:
            self._transition(before, after, was, now)
        elif was in experiment.TERMINAL and before["result"] != after["result"]:
            raise Violation(
                "a result stays as it is", f"{change.id} is {was} already"
            )
        if after["attempt"] not in (before["attempt"], before["attempt"] + 1):
            raise Violation(
                "an attempt's number grows",
                f"{change.id}: {before['attempt']} → {after['attempt']}",
            )
        if after["tries"] > before["tries"]:
            self._try_counts(before)

    def _deleted(self, before: Json | None) -> None:
        if before is not None and experiment.is_open(before):
            raise Violation("only what has ended is deleted", before["id"])

    def _transition(
        self, before: Json, after: Json, was: State, now: State
    ) -> None:
        id, attempt = after["id"], after["attempt"]
        if now not in experiment.TRANSITIONS[was]:
            raise Violation(
                "every transition is in the table", f"{was} → {now}"
            )
        last = after["history"][-1]
        if (last["from"], last["to"]) != (was.value, now.value):
            raise Violation("every transition is in the history", f"{last}")
        if was == State.WAITING and now == State.QUEUED:
            self._let_go(before)
        if now == State.QUEUED:
            name = paths.job_config(requests_rules.run_folder(after))
            if after["config"] is None or name not in self.data.objects:
                raise Violation("what is queued has its configuration", id)
            if before["config"] not in (None, after["config"]):
                raise Violation("attempts share one configuration", id)
        if now == State.LAUNCHING:
            if attempt != before["attempt"] + 1:
                raise Violation("each start is a new attempt", id)
            if attempt > _MOST_ATTEMPTS:
                raise Violation("nothing is started for ever", id)
            self._to_start[(id, attempt)] = self._who()
            self.launched(id, attempt)
            if _is_paused(self.documents, after["queue"]):
                raise Violation("a paused queue starts nothing", id)
        if was in experiment.ACTIVE:
            self._attempt_ends((id, before["attempt"]), after, now)

    def _let_go(self, before: Json) -> None:
        """What an experiment waits for is there when it is let go."""
        batch_id = (before["waits_for"] or {}).get("batch")
        if batch_id is None:
            return
        batch = self.documents.peek("batches", batch_id)
        if batch is None or batch.data["created"] < batch.data["total"]:
            raise Violation(
                "a batch is eligible when it is complete", before["id"]
            )

    def _attempt_ends(self, run: Run, after: Json, now: State) -> None:
        said = self._signal(run, "finished")
        active = now in experiment.ACTIVE or now == State.CANCELLED
        if (
            said is not None
            and not active
            and now not in _ENDS[said["outcome"]]
        ):
            raise Violation(
                "what a worker said of its end counts",
                f"{run} said {said['outcome']} and became {now}",
            )
        if now == State.SUCCEEDED:
            folder = paths.attempt_folder(
                requests_rules.run_folder(after), run[1]
            )
            if after["result"]["folder"] != folder:
                raise Violation(
                    "a result is its own attempt's", after["result"]["folder"]
                )

    def _try_counts(self, before: Json) -> None:
        """Tries are counted for what the run itself failed."""
        run = (before["id"], before["attempt"])
        claim = self._claim(run)
        lost = any(
            worker.returned
            for execution in self._executions(run)
            for worker in execution.workers
        )
        if lost and claim is not None and claim[0] == "none":
            raise Violation(
                "a try is counted only for what the run itself failed",
                f"{run} was given up by us before its worker began",
            )

    def _slot(self, change: Change) -> None:
        after = change.after
        if after is None or not after["holder"]:
            return
        before = change.before or {}
        if before.get("holder") == after["holder"]:
            return
        queue = self.documents.peek("queues", after["queue"])
        if queue is None or after["index"] >= queue.data["parallelism"]:
            raise Violation(
                "no slot is given beyond the parallelism", change.id
            )

    def _held(self, change: Change) -> None:
        """Slot and experiment name each other, at every commit."""
        if change.collection == "slots" and change.after is not None:
            holder = change.after["holder"]
            if not holder:
                return
            data = self._data(holder["experiment_id"])
            if (
                data is None
                or data["slot"] != change.id
                or data["attempt"] != holder["attempt"]
                or State(data["state"])
                not in experiment.ACTIVE | {State.CANCELLED}
            ):
                raise Violation(
                    "a slot's holder holds it", f"{change.id}: {holder}"
                )
        elif change.collection == "experiments" and change.before is not None:
            self._given_up(change.before, change.after)

    def _given_up(self, before: Json, after: Json | None) -> None:
        """No attempt is without its slot while a worker may train."""
        run = (before["id"], before["attempt"])
        slot = before["slot"]
        if not slot or (after is not None and after["slot"] == slot):
            return
        row = self.documents.peek("slots", slot)
        holder = {"experiment_id": run[0], "attempt": run[1]}
        if row is not None and row.data["holder"] == holder:
            raise Violation("no slot is held by nobody", f"{slot}: {run}")
        training = [k for k, other in self._training.items() if other == run]
        if training:
            raise Violation(
                "a slot is freed on evidence",
                f"{slot} was taken from {training[0]}, which trains",
            )

    def _outbox(self, change: Change) -> None:
        if change.after is not None:
            self._unsent[change.id] = self._who()
            return
        if change.before is None:
            return
        sent = {p.body.get("message_id") for p in self.bus.published}
        if change.before["body"]["message_id"] not in sent:
            raise Violation("a message is sent before it is marked", change.id)
        self._unsent.pop(change.id, None)

    def _check_slot(self, worker: Worker) -> None:
        run = (worker.experiment_id, worker.attempt)
        holder = {"experiment_id": run[0], "attempt": run[1]}
        held = [
            slot
            for slot in self.documents.all("slots")
            if slot["holder"] == holder
        ]
        if len(held) != 1:
            raise Violation(
                "a run holds one slot while it trains",
                f"{worker.key} holds {len(held)}",
            )

    # at the end

    def final(self, expected: "Expected") -> None:
        """The world is quiet: nothing is left undone."""
        for data in self.documents.all("experiments"):
            if not expected.may_wait(data, self.documents):
                raise Violation(
                    "nothing waits for ever",
                    f"{data['id']} is {data['state']}, attempt"
                    f" {data['attempt']}",
                )
        for slot in self.documents.all("slots"):
            if slot["holder"]:
                raise Violation("no slot is held by nobody", f"{slot}")
        rows = self.documents.all("outbox")
        if rows:
            raise Violation("no message is unsent", f"{rows[0]['body']}")
        for key, run in self._training.items():
            raise Violation("nothing waits for ever", f"{key} trains {run}")
        self._announced()
        self._made(expected)
        self._champions()

    def _announced(self) -> None:
        told = {
            (p.body["experiment_id"], p.body["state"], p.body["updated_at"])
            for p in self.bus.published
            if p.topic == "experiment.changed"
        }
        for data in self._changes:
            change = (data["id"], data["state"], data["updated_at"])
            if change not in told:
                raise Violation("every change of state is told", f"{change}")

    def _made(self, expected: "Expected") -> None:
        made = Counter(self._created.values())
        without_data = {
            data["correlation_id"]
            for data in self.documents.all("datasets")
            if _was_given_up(data)
        }
        for correlation, number in expected.experiments.items():
            if correlation in without_data and not made[correlation]:
                continue
            if made[correlation] != number:
                raise Violation(
                    "a request is answered once",
                    f"{correlation} made {made[correlation]}, not {number}",
                )

    def _champions(self) -> None:
        finished: dict[tuple[str, str], list[Json]] = {}
        for data in self.documents.all("experiments"):
            if data["state"] == State.SUCCEEDED:
                key = data["country"], data["goal"]
                finished.setdefault(key, []).append(data)
        champions = {
            (c["country"], c["goal"]): c
            for c in self.documents.all("champions")
        }
        for key, found in finished.items():
            best = ranking.ranked(found, self._rule(key[0]))[0]
            champion = champions.get(key)
            if champion is None or champion["experiment_id"] != best["id"]:
                raise Violation(
                    "the champion is what the rule says",
                    f"{champion and champion['experiment_id']}, not"
                    f" {best['id']}",
                )
            self._rendered(champion)

    def _rule(self, country: str) -> ranking.Rule:
        """The country's own rule, else the one for all."""
        own = self.documents.peek("settings", f"ranking~{country}")
        chosen = own or self.documents.peek("settings", "ranking")
        return ranking.read(chosen.data if chosen else None)

    def _rendered(self, champion: Json) -> None:
        name = paths.rendering(
            champion["country"], champion["goal"], "champion"
        )
        stored = self.data.objects.get(name)
        shown = json.loads(stored.content) if stored else {}
        if shown.get("version") != champion["version"]:
            raise Violation(
                "the champion's file shows the champion",
                f"{shown.get('version')}, not {champion['version']}",
            )

    # what is known

    def _who(self) -> str:
        actor = self.world.acting
        return actor.key if actor else "world"

    def _data(self, experiment_id: str) -> Json | None:
        document = self.documents.peek("experiments", experiment_id)
        return document.data if document else None

    def _executions(self, run: Run) -> Iterable[SimExecution]:
        return (e for e in self.jobs.executions.values() if e.run == run)

    def _is_launching(self, run: Run) -> bool:
        data = self._data(run[0])
        return (
            data is not None
            and data["state"] == State.LAUNCHING
            and data["attempt"] == run[1]
        )

    def _was_refused(self, run: Run) -> bool:
        return run in self.jobs.refused

    def _claim(self, run: Run) -> tuple[str, str] | None:
        """(execution, writer) of the attempt's claim."""
        data = self._data(run[0])
        if data is None:
            return None
        name = paths.claim(requests_rules.run_folder(data), run[1])
        stored = self.data.objects.get(name)
        if stored is None:
            return None
        return str(json.loads(stored.content)["execution"]), stored.writer

    def _signal(self, run: Run, kind: Any) -> Json | None:
        stored = self.data.objects.get(paths.signal(*run, kind))
        return json.loads(stored.content) if stored else None


@dataclass
class Expected:
    """What the people of the world asked for."""

    experiments: dict[str, int] = field(default_factory=dict)
    countries_with_data: set[str] = field(default_factory=set)
    poisoned: bool = False
    today: Callable[[], str] = field(default=lambda: "")

    def may_wait(self, data: Json, documents: SimDocuments) -> bool:
        """It is terminal, or waits for what has not come."""
        state = State(data["state"])
        if state in experiment.TERMINAL:
            return True
        if state == State.WAITING:
            of_country = [
                dataset
                for dataset in documents.all("datasets")
                if dataset["country"] == data["country"]
            ]
            gone = bool(of_country) and all(map(_was_given_up, of_country))
            return gone or data["country"] not in self.countries_with_data
        if state == State.QUEUED:
            queue = data["queue"]
            if _is_paused(documents, queue):
                return True
            return _is_spent(documents, queue, self.today())
        return False


def _was_given_up(dataset: Json) -> bool:
    """Its job ended, as often as is tried, before it was done."""
    return dataset["state"] == "FAILED" and any(
        f"its job ended {handover.TRIES} times" in problem["what"]
        for problem in dataset["problems"]
    )


def _is_spent(documents: SimDocuments, queue: str, today: str) -> bool:
    """It may start no more runs on that day."""
    found = documents.peek("queues", queue)
    if found is None or found.data["daily_runs"] is None:
        return False
    runs = sum(
        slot["runs"]
        for slot in documents.all("slots")
        if slot["queue"] == queue and slot["day"] == today
    )
    return bool(runs >= found.data["daily_runs"])


def _is_paused(documents: SimDocuments, queue: str) -> bool:
    """By itself, or by the switch that pauses all."""
    switch = documents.peek("switches", queues.PAUSE_ALL)
    if switch is not None and switch.data["on"]:
        return True
    found = documents.peek("queues", queue)
    return found is not None and bool(found.data["paused"])
