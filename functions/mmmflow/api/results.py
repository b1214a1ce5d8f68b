"""What came of it all: champions, leaderboards, two runs side by side."""

import re

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Ports
from mmmflow.results import comparisons
from mmmflow.show import views

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")


def champions(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, {"champions": views.champions(ports)})


def champion(
    request: Request, ports: Ports, country: str, goal: str
) -> Response:
    http.arguments(request)
    return http.answer(ports, views.champion(ports, country, goal))


def leaderboards(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, {"leaderboards": views.leaderboards(ports)})


def leaderboard(
    request: Request, ports: Ports, country: str, goal: str
) -> Response:
    http.arguments(request)
    return http.answer(ports, views.leaderboard(ports, country, goal))


def compare(request: Request, ports: Ports) -> Response:
    given = http.arguments(request, "before", "after")
    ids = [given.get(name, "") for name in ("before", "after")]
    problems = [
        Problem(name, "no id of an experiment")
        for name, id in zip(("before", "after"), ids, strict=True)
        if not _ID.fullmatch(id)
    ]
    if problems:
        raise InvalidInputError(problems)
    found = comparisons.compare(ports, *ids)
    return http.answer(ports, found, found["headline"])


ROUTES = (
    Route("GET", "/api/v1/champions", champions),
    Route("GET", "/api/v1/champions/<country>/<path:goal>", champion),
    Route("GET", "/api/v1/leaderboards", leaderboards),
    Route("GET", "/api/v1/leaderboards/<country>/<path:goal>", leaderboard),
    Route("GET", "/api/v1/comparisons", compare),
)
