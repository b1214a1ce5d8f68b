"""Whether it answers, and who asks."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports


def health(request: Request, ports: Ports) -> Response:
    """Reads a document, so that it says what the store says."""
    http.arguments(request)
    ports.documents.query("queues", limit=1)
    return http.answer(ports, {"documents": "ok"}, "it answers")


def me(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    person = http.person(request)
    shown = {"mail": person.mail, "roles": sorted(person.roles)}
    return http.answer(ports, shown)


ROUTES = (
    Route("GET", "/api/v1/health", health),
    Route("GET", "/api/v1/me", me),
)
