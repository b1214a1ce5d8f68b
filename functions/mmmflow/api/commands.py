"""What a person does with an experiment: cancel, retry, clone, delete."""

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.control import commands
from mmmflow.domain import experiment
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Ports
from mmmflow.show import views

_OBJECTS = ("keep", "remove")


def cancel(request: Request, ports: Ports, id: str) -> Response:
    by = http.command(request)
    document = commands.cancel(ports, id, actor=by.actor, why=by.why)
    stopping = experiment.is_stopping(document.data)
    return http.answer(
        ports,
        views.summary(ports, document.data),
        "cancelled; its run is being stopped" if stopping else "cancelled",
    )


def retry(request: Request, ports: Ports, id: str) -> Response:
    by = http.command(request)
    key = http.idempotency_key(request)
    document = commands.retry(ports, id, actor=by.actor, key=key)
    shown = views.summary(ports, document.data)
    return http.answer(ports, shown, "it runs once more")


def clone(request: Request, ports: Ports, id: str) -> Response:
    body = http.without_actor(http.body(request, optional=True))
    schema.require("clone.json", body)
    document, new = commands.clone(
        ports,
        id,
        changes=body.get("changes", {}),
        actor=http.actor(request),
        key=http.idempotency_key(request),
    )
    return http.answer(
        ports,
        views.summary(ports, document.data),
        f"cloned from {id}" if new else "was cloned before by the same request",
        status=201 if new else 200,
    )


def delete(request: Request, ports: Ports, id: str) -> Response:
    objects = http.arguments(request, "objects").get("objects", "keep")
    if objects not in _OBJECTS:
        raise InvalidInputError.of(
            "objects", "keep or remove?", f"one of {', '.join(_OBJECTS)}"
        )
    commands.delete(
        ports,
        id,
        actor=http.actor(request),
        keep_objects=objects == "keep",
    )
    what = "kept" if objects == "keep" else "removed"
    return http.answer(ports, {"id": id}, f"deleted; its objects are {what}")


ROUTES = (
    Route("POST", "/api/v1/experiments/<id>/cancel", cancel),
    Route("POST", "/api/v1/experiments/<id>/retry", retry),
    Route("POST", "/api/v1/experiments/<id>/clone", clone),
    Route("DELETE", "/api/v1/experiments/<id>", delete),
)
