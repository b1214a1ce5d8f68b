"""What came of it all: champions and datasets."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import views


def champions(request: Request, ports: Ports) -> Response:
    del request
    return http.answer(ports, {"champions": views.champions(ports)})


def champion(
    request: Request, ports: Ports, country: str, goal: str
) -> Response:
    del request
    return http.answer(ports, views.champion(ports, country, goal))


def datasets(request: Request, ports: Ports) -> Response:
    del request
    return http.answer(ports, {"datasets": views.datasets(ports)})


ROUTES = (
    Route("GET", "/api/v1/champions", champions),
    Route("GET", "/api/v1/champions/<country>/<path:goal>", champion),
    Route("GET", "/api/v1/datasets", datasets),
)
