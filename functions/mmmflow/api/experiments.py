"""Experiments: made, listed, shown, with the files of their results."""

import mimetypes

from flask import Request, Response

from mmmflow import requests, views
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.steps import enqueue


def index(request: Request, ports: Ports) -> Response:
    found = views.experiments(ports, views.read_filter(request.args))
    return http.answer(ports, found, f"{len(found['experiments'])} experiments")


def show(request: Request, ports: Ports, id: str) -> Response:
    del request
    return http.answer(ports, views.experiment(ports, id))


def submit(request: Request, ports: Ports) -> Response:
    body = http.body(request)
    key = request.headers.get("Idempotency-Key")
    message = {
        "schema_version": 1,
        "actor": http.ANONYMOUS,
        **({"message_id": key} if key else {}),
        **body,
    }
    asked = requests.read("experiment.requested", message)
    known = requests.answered(ports, asked) is not None
    made = enqueue.submit(asked, ports)
    shown = [views.summary(ports, document.data) for document in made]
    word = "were made before by the same request" if known else "made"
    return http.answer(
        ports,
        {"experiments": shown},
        f"{len(shown)} experiments {word}",
        status=200 if known else 201,
    )


def file(request: Request, ports: Ports, id: str, name: str) -> Response:
    del request
    content = views.result_file(ports, id, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, mimetype=kind)


ROUTES = (
    Route("GET", "/api/v1/experiments", index),
    Route("POST", "/api/v1/experiments", submit),
    Route("GET", "/api/v1/experiments/<id>", show),
    Route("GET", "/api/v1/experiments/<id>/files/<path:name>", file),
)
