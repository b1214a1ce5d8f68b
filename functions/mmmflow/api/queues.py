"""Queues: shown, set, paused, reordered; and the switch for all of them."""

import re

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Ports
from mmmflow.queueing import ordering, queues
from mmmflow.show import queue_views, views

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def index(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, queue_views.index(ports))


def show(request: Request, ports: Ports, name: str) -> Response:
    http.arguments(request)
    return http.answer(ports, queue_views.queue(ports, name))


def put(request: Request, ports: Ports, name: str) -> Response:
    """Sets a queue, which is made if it is not there."""
    if not _NAME.fullmatch(name):
        raise InvalidInputError.of(
            "name",
            f"{name!r} is no name of a queue",
            "a letter, then letters, digits and -; 40 at most, lower case",
        )
    body = http.without_actor(http.body(request))
    schema.require("queue.json", body)
    queues.change(ports, name, actor=http.actor(request), **body)
    return http.answer(ports, queue_views.queue(ports, name), "set")


def pause(request: Request, ports: Ports, name: str) -> Response:
    return _pause(request, ports, name, paused=True)


def resume(request: Request, ports: Ports, name: str) -> Response:
    return _pause(request, ports, name, paused=False)


def order(request: Request, ports: Ports, name: str) -> Response:
    """Gives an experiment a priority, or the place before another one."""
    body = http.without_actor(http.body(request))
    schema.require("order.json", body)
    actor, id = http.actor(request), body["experiment_id"]
    _require_in(ports, name, id)
    if "before" in body:
        found = ordering.move_before(ports, id, body["before"], actor=actor)
    else:
        found = ordering.set_priority(ports, id, body["priority"], actor=actor)
    shown = views.summary(ports, found.data)
    return http.answer(ports, shown, f"priority {found.data['priority']:g}")


def pause_all(request: Request, ports: Ports) -> Response:
    by = http.command(request)
    queues.pause_all(ports, actor=by.actor, why=by.why)
    shown = {"paused_by_all": queue_views.switch(ports)}
    return http.answer(ports, shown, "no queue starts anything")


def resume_all(request: Request, ports: Ports) -> Response:
    by = http.command(request)
    queues.resume_all(ports, actor=by.actor, why=by.why)
    shown = {"paused_by_all": queue_views.switch(ports)}
    return http.answer(ports, shown, "queues go on")


def _pause(
    request: Request, ports: Ports, name: str, *, paused: bool
) -> Response:
    by = http.command(request)
    queues.known(ports, name)
    queues.change(ports, name, actor=by.actor, paused=paused)
    word = "paused; what runs goes on" if paused else "goes on"
    return http.answer(ports, queue_views.queue(ports, name), word)


def _require_in(ports: Ports, name: str, experiment_id: str) -> None:
    document = ports.documents.get("experiments", experiment_id)
    if document is not None and document.data["queue"] != name:
        raise InvalidInputError.of(
            "experiment_id",
            f"it is in queue {document.data['queue']}, not in {name}",
        )


ROUTES = (
    Route("GET", "/api/v1/queues", index),
    Route("GET", "/api/v1/queues/<name>", show),
    Route("PUT", "/api/v1/queues/<name>", put),
    Route("POST", "/api/v1/queues/<name>/pause", pause),
    Route("POST", "/api/v1/queues/<name>/resume", resume),
    Route("POST", "/api/v1/queues/<name>/order", order),
    Route("POST", "/api/v1/pause-all", pause_all),
    Route("POST", "/api/v1/resume-all", resume_all),
)
