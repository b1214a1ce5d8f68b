"""Experiments: listed and shown, with the files of their results."""

import mimetypes

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import views


def index(request: Request, ports: Ports) -> Response:
    found = views.experiments(ports, views.read_filter(request.args))
    return http.answer(ports, found, f"{len(found['experiments'])} experiments")


def show(request: Request, ports: Ports, id: str) -> Response:
    del request
    return http.answer(ports, views.experiment(ports, id))


def file(request: Request, ports: Ports, id: str, name: str) -> Response:
    del request
    content = views.result_file(ports, id, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, mimetype=kind)


ROUTES = (
    Route("GET", "/api/v1/experiments", index),
    Route("GET", "/api/v1/experiments/<id>", show),
    Route("GET", "/api/v1/experiments/<id>/files/<path:name>", file),
)
