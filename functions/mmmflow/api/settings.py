"""What a team decides for all its runs: the ranking rule."""

import re

from flask import Request, Response

from mmmflow import settings
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Ports

_COUNTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def show(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, settings.show_ranking(ports))


def put(request: Request, ports: Ports, country: str | None = None) -> Response:
    """Champions are ranked again by the new rule, in a moment."""
    if country is not None and not _COUNTRY.fullmatch(country):
        raise InvalidInputError.of("country", f"{country!r} is no country")
    body = http.without_actor(http.body(request))
    settings.set_ranking(ports, country, body, actor=http.actor(request))
    return http.answer(ports, settings.show_ranking(ports), "set")


def delete(request: Request, ports: Ports, country: str) -> Response:
    http.arguments(request)
    settings.forget_ranking(ports, country)
    message = f"{country} is ranked as all others"
    return http.answer(ports, settings.show_ranking(ports), message)


_PATH = "/api/v1/settings/ranking"
ROUTES = (
    Route("GET", _PATH, show),
    Route("PUT", _PATH, put),
    Route("PUT", f"{_PATH}/<country>", put),
    Route("DELETE", f"{_PATH}/<country>", delete),
)
