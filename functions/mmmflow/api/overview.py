"""Everything that the status page shows at a glance."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import overview


def show(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    person = http.person(request)
    me = {"mail": person.mail, "roles": sorted(person.roles)}
    return http.answer(ports, {"me": me, **overview.overview(ports)})


ROUTES = (Route("GET", "/api/v1/overview", show),)
