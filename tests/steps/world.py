"""A world for one step: the embedded services, a clock and jobs on paper."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from mmmflow import schema
from mmmflow.domain import paths, request
from mmmflow.local.messages import SqliteMessages
from mmmflow.local.ports import open_ports
from mmmflow.ports import (
    Execution,
    Json,
    Message,
    ObjectEvent,
    Outbound,
    Ports,
    RefusedError,
    UnreachableError,
    Update,
)
from mmmflow.steps.enqueue import enqueue
from mmmflow.steps.prepare import prepare
from mmmflow.steps.sweep import sweep

START = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)
WEEKS = 30
MAPPING: Json = {
    "schema_version": 1,
    "date": "day",
    "country": "market",
    "goals": [{"column": "revenue", "type": "revenue"}],
    "columns": {
        "tv": {"category": "paid_spend", "channel": "tv"},
        "price": {"category": "context"},
    },
}


def table(*countries: str) -> bytes:
    """A CSV of weekly rows."""
    rows = ["day,market,revenue,tv,price"]
    for country in countries:
        for week in range(WEEKS):
            day = (datetime(2024, 1, 1) + timedelta(weeks=week)).date()
            numbers = f"{1000 + week * 7 % 50},{week * 3 % 11},{week % 5}"
            rows.append(f"{day},{country},{numbers}")
    return "\n".join([*rows, ""]).encode()


@dataclass
class SetClock:
    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Numbered:
    """Names that no two calls share, the same in every run."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = count(first)

    def token(self) -> str:
        return f"token-{next(self._numbers)}"


@dataclass
class JobsOnPaper:
    """Executions that a test lets end; `refusal` refuses every start.

    With `unheard` a start is made, and nobody hears of it.
    """

    executions: dict[str, Execution] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    refusal: str = ""
    refused_as: type[Exception] = RefusedError
    unheard: bool = False
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(
        self, job: str, env: Mapping[str, str], timeout_seconds: int
    ) -> str:
        del timeout_seconds
        if self.refusal:
            raise self.refused_as(self.refusal)
        name = f"{job}-{next(self._numbers)}"
        self.executions[name] = Execution(name, "running", dict(env))
        if self.unheard:
            raise UnreachableError("no answer")
        return name

    def get(self, execution: str) -> Execution | None:
        return self.executions.get(execution)

    def cancel(self, execution: str) -> None:
        self.cancelled.append(execution)

    def log(self, execution: str, lines: int) -> list[str]:
        del lines
        return [f"{execution} says nothing"]

    def end(self, execution: str, reason: str = "exit code 1") -> None:
        ended = replace(
            self.executions[execution], state="failed", reason=reason
        )
        self.executions[execution] = ended


class RecordedMessages:
    """The embedded messages, and a list of all that was published."""

    def __init__(self, bus: SqliteMessages) -> None:
        self._bus = bus
        self.published: list[tuple[str, Json]] = []

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str]
    ) -> None:
        self._bus.publish(topic, data, attributes)
        self.published.append((topic, json.loads(data)))

    def publish_all(self, messages: Sequence[Outbound]) -> None:
        for message in messages:
            self.publish(message.topic, message.data, message.attributes)


class World:
    """Each helper does what some other part of the system would have done."""

    def __init__(self, home: Path, first_token: int = 1) -> None:
        embedded = open_ports(home)
        assert isinstance(embedded.messages, SqliteMessages)
        self.home = home
        self.clock = SetClock()
        self.jobs = JobsOnPaper()
        self.messages = RecordedMessages(embedded.messages)
        self.ports: Ports = replace(
            embedded,
            clock=self.clock,
            entropy=Numbered(first_token),
            jobs=self.jobs,
            messages=self.messages,
        )

    def copy(self, home: Path) -> "World":
        """The same world once more, to try what follows again."""
        shutil.copytree(self.home, home)
        other = World(home, first_token=1000)
        other.clock.time = self.clock.time
        for execution in self.jobs.executions.values():
            other.jobs.start("native", execution.env, 0)
        other.jobs.executions.update(self.jobs.executions)
        return other

    # what people and other systems do

    def put_table(self, name: str, *countries: str) -> None:
        path = self.home / "warehouse" / f"{name}.csv"
        path.write_bytes(table(*countries))

    def drop(self, name: str, content: bytes) -> ObjectEvent:
        made = self.ports.uploads.write(name, content)
        return ObjectEvent("uploads", name, made.generation)

    def put_mapping(
        self,
        version: str = "v1",
        scope: str = "universal",
        mapping: object = MAPPING,
    ) -> ObjectEvent:
        content = json.dumps(mapping).encode()
        return self.put(paths.mapping_marker(scope, version), content)

    def put(self, name: str, content: bytes) -> ObjectEvent:
        made = self.ports.data.write(name, content)
        return ObjectEvent("data", name, made.generation)

    def message(self, topic: str, **body: Any) -> Message:
        return Message(topic, "1", {"schema_version": 1, **body})

    # what other functions do

    def prepared(self, country: str = "DE") -> str:
        """A dataset with its training data; its id."""
        from mmmflow.steps.ingest import ingest

        prepare(self.put_mapping(), self.ports)
        known = {d.id for d in self.ports.documents.query("datasets")}
        ingest(self.drop(f"{country}/t.csv", table(country)), self.ports)
        (dataset,) = (
            d
            for d in self.ports.documents.query("datasets")
            if d.id not in known
        )
        prepare(self.marker_event(dataset.id), self.ports)
        return dataset.id

    def marker_event(self, dataset_id: str) -> ObjectEvent:
        data = self.document("datasets", dataset_id)
        name = paths.dataset_marker(data["country"], dataset_id)
        info = self.ports.data.stat(name)
        assert info is not None
        return ObjectEvent("data", name, info.generation)

    def queued(self, count: int = 1, **asked: Any) -> list[str]:
        """Experiments that are ready to run; their ids, the oldest first."""
        before = {d.id for d in self.ports.documents.query("experiments")}
        seeds = list(range(len(before), len(before) + count))
        body = {"experiment": {"country": "DE", **asked}}
        body["sweep"] = {"seed": seeds}
        enqueue(self.message("experiment.requested", **body), self.ports)
        after = self.ports.documents.query("experiments")
        return [d.id for d in after if d.id not in before]

    def change(self, collection: str, id: str, **fields: Any) -> None:
        """Another hand writes into a document."""
        document = self.ports.documents.get(collection, id)
        assert document is not None
        data = {**document.data, **fields}
        update = Update(collection, id, document.version, data)
        self.ports.documents.commit([update])

    # what a worker does

    def claim(self, id: str, execution: str) -> None:
        body = {
            "schema_version": 1,
            "execution": execution,
            "task": "0",
            "token": "the worker's",
        }
        attempt = self.experiment(id)["attempt"]
        self.ports.data.create(
            paths.claim(self.run(id), attempt), json.dumps(body).encode()
        )

    def started(
        self,
        id: str,
        *,
        attempt: int | None = None,
        execution: str = "native-medium-1",
    ) -> ObjectEvent:
        return self._signal(id, attempt, "started", execution=execution)

    def succeeded(
        self, id: str, *, attempt: int | None = None, error: float = 0.1
    ) -> ObjectEvent:
        """The worker's result, and the signal that it is there."""
        number = attempt or self.experiment(id)["attempt"]
        folder = paths.attempt_folder(self.run(id), number)
        self._put_json(f"{folder}/model_summary.json", summary(id, error))
        made = self._put_json(f"{folder}/manifest.json", manifest(id, number))
        return self._signal(
            id,
            number,
            "finished",
            outcome="succeeded",
            manifest_generation=made,
        )

    def failed(
        self,
        id: str,
        *,
        attempt: int | None = None,
        retriable: bool = False,
        interrupted: bool = False,
    ) -> ObjectEvent:
        return self._signal(
            id,
            attempt,
            "finished",
            outcome="failed",
            step="train",
            error="it broke",
            hint="mend it",
            retriable=retriable,
            interrupted=interrupted,
        )

    def skipped(self, id: str) -> ObjectEvent:
        return self._signal(
            id, None, "finished", outcome="skipped", reason="no spend"
        )

    def _signal(
        self, id: str, attempt: int | None, kind: Any, **said: Any
    ) -> ObjectEvent:
        number = attempt or self.experiment(id)["attempt"]
        body = {
            "schema_version": 1,
            "kind": kind,
            "experiment_id": id,
            "attempt": number,
            "correlation_id": "c",
            "execution": "native-medium-1",
            "sent_at": self.clock.now().isoformat(),
            **said,
        }
        schema.require("signal.json", body)
        name = paths.signal(id, number, kind)
        return ObjectEvent("data", name, self._put_json(name, body))

    def _put_json(self, name: str, content: Json) -> str:
        text = json.dumps(content).encode()
        return self.ports.data.write(name, text).generation

    # what there is

    def document(self, collection: str, id: str) -> Json:
        found = self.ports.documents.get(collection, id)
        assert found is not None
        return found.data

    def all(self, collection: str) -> list[Json]:
        return [d.data for d in self.ports.documents.query(collection)]

    def experiment(self, id: str) -> Json:
        return self.document("experiments", id)

    def states(self) -> list[str]:
        return [e["state"] for e in self.all("experiments")]

    def holders(self) -> list[str | None]:
        """Who holds each slot."""
        held = (slot["holder"] for slot in self.all("slots"))
        return [h["experiment_id"] if h else None for h in held]

    def run(self, id: str) -> str:
        return request.run_folder(self.experiment(id))

    def read(self, name: str) -> Any:
        return json.loads(self.ports.data.read(name))

    def sent(self, topic: str) -> list[Json]:
        return [body for sent, body in self.messages.published if sent == topic]

    def sweep(self, after: float = 61) -> None:
        """The timer, once every lease and back-off is over."""
        self.clock.advance(after)
        sweep(Message("timer.sweep", "1", {}), self.ports)


def summary(experiment_id: str, error: float) -> Json:
    """A model summary with this error out of sample."""
    model = {
        "model_id": "1_2_1",
        "pareto_front": 1,
        "error_score": error,
        "decomp_rssd": 0.1,
        "mape": None,
        "nrmse_train": error,
        "nrmse_val": None,
        "nrmse_test": None,
        "nrmse_backtest": error,
        "rsq_train": 0.9,
        "rsq_val": None,
        "rsq_test": None,
        "intercept_dropped": False,
    }
    selected = {
        **model,
        "rule": "the best",
        "onepager": "results/onepager.png",
        "decomposition": [],
        "channels": [],
    }
    content = {
        "schema_version": 1,
        "experiment_id": experiment_id,
        "country": "DE",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "engine": {"name": "native", "version": "0"},
        "window": {
            "start": "2024-01-01",
            "end": "2024-07-22",
            "periods": WEEKS,
            "interval": "week",
        },
        "models_evaluated": 100,
        "pareto_models": 10,
        "selected": selected,
        "candidates": [model],
        "allocation": None,
        "warnings": [],
    }
    schema.require("model_summary.json", content)
    return content


def manifest(experiment_id: str, attempt: int) -> Json:
    content = {
        "schema_version": 1,
        "experiment_id": experiment_id,
        "attempt": attempt,
        "engine": {"name": "native", "version": "0"},
        "seed": 1,
        "data_sha256": "0" * 64,
        "config_sha256": "0" * 64,
        "platform": {
            "python": "3",
            "machine": "x",
            "cpu_features": [],
            "packages": {},
        },
        "timings": {},
        "files": [],
    }
    schema.require("manifest.json", content)
    return content
