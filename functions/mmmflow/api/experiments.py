"""Experiments: listed and shown."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import views


def index(request: Request, ports: Ports) -> Response:
    found = views.experiments(ports, views.read_filter(request.args))
    return http.answer(ports, found, f"{len(found['experiments'])} experiments")


def show(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    return http.answer(ports, views.experiment(ports, id))


ROUTES = (
    Route("GET", "/api/v1/experiments", index),
    Route("GET", "/api/v1/experiments/<id>", show),
)
