"""Standing experiments: made, listed, changed, switched off, deleted."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Document, Json, Ports
from mmmflow.submit import standing


def index(request: Request, ports: Ports) -> Response:
    found = standing.index(ports, request.args.get("country"))
    shown = {"standing": [_shown(document) for document in found]}
    return http.answer(ports, shown, f"{len(found)} standing experiments")


def create(request: Request, ports: Ports) -> Response:
    key = request.headers.get("Idempotency-Key")
    body = http.body(request)
    document, new = standing.create(ports, body, actor=http.ANONYMOUS, key=key)
    word = "made" if new else "was made before by the same request"
    status = 201 if new else 200
    return http.answer(ports, _shown(document), word, status=status)


def show(request: Request, ports: Ports, id: str) -> Response:
    del request
    return http.answer(ports, _shown(standing.get(ports, id)))


def change(request: Request, ports: Ports, id: str) -> Response:
    changes = http.body(request)
    document = standing.change(ports, id, changes, actor=http.ANONYMOUS)
    return http.answer(ports, _shown(document), "changed")


def delete(request: Request, ports: Ports, id: str) -> Response:
    del request
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
