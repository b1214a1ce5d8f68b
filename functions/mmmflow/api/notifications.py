"""Who is told of what: targets of notifications."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import Problem
from mmmflow.people import notifications
from mmmflow.ports import Ports, RefusedError, UnreachableError

_OK = range(200, 300)


def index(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, {"targets": notifications.targets(ports)})


def save(request: Request, ports: Ports) -> Response:
    """Makes a target, or replaces the one of that id."""
    body = http.without_actor(http.body(request))
    actor = http.actor(request)
    shown, new = notifications.save(ports, body, actor=actor)
    word = "made" if new else "replaced"
    return http.answer(ports, shown, word, status=201 if new else 200)


def delete(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    notifications.remove(ports, id)
    return http.answer(ports, {"id": id}, "removed")


def test(request: Request, ports: Ports, id: str) -> Response:
    """Posts a notice at once, and says what came of it."""
    http.body(request, optional=True)
    try:
        status = notifications.test(ports, id)
    except (RefusedError, UnreachableError) as error:
        return http.error(
            ports, 502, "not_delivered", [Problem("url", str(error))]
        )
    if status not in _OK:
        problem = Problem("url", f"it answered {status}", "expected: 2xx")
        return http.error(ports, 502, "not_delivered", [problem])
    return http.answer(ports, {"answered": status}, "delivered")


_PATH = "/api/v1/notification-targets"
ROUTES = (
    Route("GET", _PATH, index),
    Route("POST", _PATH, save),
    Route("DELETE", f"{_PATH}/<id>", delete),
    Route("POST", f"{_PATH}/<id>/test", test),
)
