"""Standing experiments: made, listed, changed, switched off, deleted."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Document, Json, Ports
from mmmflow.submit import standing


def index(request: Request, ports: Ports) -> Response:
    country = http.arguments(request, "country").get("country")
    found = standing.index(ports, country)
    shown = {"standing": [_shown(document) for document in found]}
    return http.answer(ports, shown, f"{len(found)} standing experiments")


def create(request: Request, ports: Ports) -> Response:
    key = http.idempotency_key(request)
    body = http.without_actor(http.body(request))
    actor = http.actor(request)
    document, new = standing.create(ports, body, actor=actor, key=key)
    word = "made" if new else "was made before by the same request"
    status = 201 if new else 200
    return http.answer(ports, _shown(document), word, status=status)


def show(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    return http.answer(ports, _shown(standing.get(ports, id)))


def change(request: Request, ports: Ports, id: str) -> Response:
    changes = http.without_actor(http.body(request))
    actor = http.actor(request)
    document = standing.change(ports, id, changes, actor=actor)
    return http.answer(ports, _shown(document), "changed")


def delete(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    standing.delete(ports, id)
    return http.answer(ports, None, "deleted; what it has started goes on")


def _shown(document: Document) -> Json:
    return {k: v for k, v in document.data.items() if k != "op"}


ROUTES = (
    Route("GET", "/api/v1/standing", index),
    Route("POST", "/api/v1/standing", create),
    Route("GET", "/api/v1/standing/<id>", show),
    Route("PATCH", "/api/v1/standing/<id>", change),
    Route("DELETE", "/api/v1/standing/<id>", delete),
)
