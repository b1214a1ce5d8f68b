"""An object under `signals/` → result, ranking, champion; a slot freed."""

import csv
import io
import logging
from typing import Any

from mmmflow import schema
from mmmflow.control import attempts
from mmmflow.domain import (
    experiment,
    paths,
    quality_bands,
    ranking,
    request,
    stability,
)
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.experiment import State
from mmmflow.log import labelled
from mmmflow.messaging import outbox
from mmmflow.ports import (
    Document,
    Json,
    NotFoundError,
    ObjectEvent,
    Ports,
    Update,
)
from mmmflow.queueing import queues, training
from mmmflow.results import champions

log = logging.getLogger(__name__)


def collect(event: ObjectEvent, ports: Ports) -> None:
    """Act on one signal of a worker; a superseded attempt's is ignored."""
    signal = paths.parse_signal(event.name)
    if signal is None:
        return
    hear(signal, ports)


def hear(signal: paths.Signal, ports: Ports) -> None:
    """The step for one signal, wherever it was found.

    Raises:
        NotFoundError: it is not there.
        InvalidInputError: it is none.
    """
    body = _read(signal, ports)
    with labelled(
        correlation_id=body["correlation_id"],
        experiment_id=signal.experiment_id,
        attempt=signal.attempt,
    ):
        _hear(signal, body, ports)


def _hear(signal: paths.Signal, body: Json, ports: Ports) -> None:
    while True:
        document = ports.documents.get("experiments", signal.experiment_id)
        if document is None or document.data["attempt"] != signal.attempt:
            return
        if document.data["state"] == State.CANCELLED:
            if _after_cancel(document, body, ports):
                return
            continue
        if experiment.is_terminal(document.data):
            break
        if _act(document, body, ports):
            break
    current = ports.documents.get("experiments", signal.experiment_id)
    if current is not None and current.data["state"] == State.SUCCEEDED:
        champions.rank(ports, current.data)


def is_said(signal: paths.Signal, ports: Ports) -> bool:
    """The signal is there, and is one that can be heard."""
    try:
        _read(signal, ports)
    except NotFoundError:
        return False
    except InvalidInputError as invalid:
        log.warning("%s is no signal: %s", signal, invalid)
        return False
    return True


def _read(signal: paths.Signal, ports: Ports) -> Json:
    name = paths.signal(signal.experiment_id, signal.attempt, signal.kind)
    try:
        body: Json = schema.parse(ports.data.read(name))
    except ValueError as error:
        raise InvalidInputError.of(name, f"no JSON: {error}") from None
    schema.require("signal.json", body)
    return body


def _act(document: Document, body: Json, ports: Ports) -> bool:
    """Commit what the signal says; False if overtaken."""
    if body["kind"] == "started":
        return _started(document, body, ports)
    return _finished(document, body, ports)


def _started(document: Document, body: Json, ports: Ports) -> bool:
    if document.data["state"] != State.LAUNCHING:
        return True
    data = experiment.running(
        document.data, body["execution"], now=ports.clock.now()
    )
    update = Update("experiments", document.id, document.version, data)
    return outbox.commit(ports, [update], training.changed(data))


def _finished(document: Document, body: Json, ports: Ports) -> bool:
    if experiment.state_of(document.data) not in experiment.ACTIVE:
        return True
    now = ports.clock.now()
    match body["outcome"]:
        case "succeeded":
            data = _succeeded(document.data, body, ports)
        case "skipped":
            data = experiment.skipped(document.data, body["reason"], now=now)
        case _:
            data = _failed(document.data, body, ports)
    return end(document, data, ports)


def _after_cancel(document: Document, body: Json, ports: Ports) -> bool:
    """The cancel came first: the end frees the slot and is noted, once."""
    if body["kind"] != "finished":
        return True
    why = f"the worker ended after the cancel: {body['outcome']}"
    if experiment.is_stopping(document.data):
        return attempts.release(ports, document, why)
    if experiment.is_noted(document.data, why):
        return True
    data = experiment.noted(document.data, now=ports.clock.now(), why=why)
    update = Update("experiments", document.id, document.version, data)
    return outbox.commit(ports, [update])


def end(document: Document, data: Json, ports: Ports) -> bool:
    """Commit the attempt's end and free its slot; False if overtaken."""
    succeeded = data["state"] == State.SUCCEEDED
    return outbox.commit(
        ports,
        [
            Update("experiments", document.id, document.version, data),
            *queues.free(ports, document.data),
            *([champions.unranked(ports, data)] if succeeded else []),
        ],
        [*training.changed(data), training.queue_changed(data)],
    )


def _succeeded(data: Json, body: Json, ports: Ports) -> Json:
    now = ports.clock.now()
    folder = paths.attempt_folder(request.run_folder(data), data["attempt"])
    try:
        manifest = schema.parse(
            ports.data.read(
                f"{folder}/manifest.json", body["manifest_generation"]
            )
        )
        schema.require("manifest.json", manifest)
        summary = schema.parse(ports.data.read(f"{folder}/model_summary.json"))
        schema.require("model_summary.json", summary)
    except (NotFoundError, InvalidInputError, ValueError) as wrong:
        error = {
            "step": "collect",
            "error": f"the result is not complete: {wrong}",
            "hint": "see the attempt's log",
        }
        return experiment.failed(data, error, retriable=True, now=now)
    result = {
        **_result(folder, summary, body["manifest_generation"]),
        "stability": _stability(ports, folder),
    }
    goal = {"goal": summary["dep_var"]}
    image = manifest["engine"].get("image", "")
    ended = experiment.succeeded(data, result, now=now, image=image)
    return {**ended, **goal}


def _result(folder: str, summary: Json, generation: str) -> dict[str, Any]:
    """What lists and rankings need; the rest stays in the attempt's files."""
    selected = summary["selected"]
    fields = (
        "model_id",
        "nrmse_train",
        "nrmse_val",
        "nrmse_test",
        "nrmse_backtest",
        "rsq_train",
        "rsq_val",
        "rsq_test",
        "decomp_rssd",
        "mape",
        "intercept_dropped",
    )
    return {
        "folder": folder,
        "manifest_generation": generation,
        "score": ranking.score(selected),
        "selected": {field: selected[field] for field in fields},
        "onepager": f"{folder}/{selected['onepager']}",
        "models_evaluated": summary["models_evaluated"],
        "pareto_models": summary["pareto_models"],
        "quality": quality_bands.judge(selected),
        "warnings": len(summary["warnings"]),
    }


def _stability(ports: Ports, folder: str) -> Json | None:
    """From the run's own table; None if its engine writes none."""
    try:
        table = ports.data.read(f"{folder}/{stability.TABLE}")
    except NotFoundError:
        return None
    return stability.summarise(csv.DictReader(io.StringIO(table.decode())))


def _failed(data: Json, body: Json, ports: Ports) -> Json:
    now = ports.clock.now()
    error = {key: body[key] for key in ("step", "error", "hint")}
    if body.get("interrupted"):
        return experiment.requeued(data, now=now, why="it was interrupted")
    return experiment.failed(data, error, retriable=body["retriable"], now=now)
