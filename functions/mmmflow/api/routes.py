"""Every route there is, and the one that a request is for."""

from typing import Any

from flask import Request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mmmflow.api import (
    commands,
    contract,
    costs,
    datasets,
    dead_letters,
    experiments,
    files,
    health,
    history,
    http,
    mappings,
    notifications,
    overview,
    page,
    queues,
    results,
    secrets,
    settings,
    short_forms,
    standing,
    submissions,
    upkeep,
    uploads,
    what_if,
)
from mmmflow.api.http import Route
from mmmflow.domain.errors import Problem

ROUTES: tuple[Route, ...] = (
    *experiments.ROUTES,
    *submissions.ROUTES,
    *standing.ROUTES,
    *commands.ROUTES,
    *files.ROUTES,
    *what_if.ROUTES,
    *queues.ROUTES,
    *history.ROUTES,
    *dead_letters.ROUTES,
    *results.ROUTES,
    *datasets.ROUTES,
    *uploads.ROUTES,
    *mappings.ROUTES,
    *settings.ROUTES,
    *notifications.ROUTES,
    *secrets.ROUTES,
    *costs.ROUTES,
    *upkeep.ROUTES,
    *health.ROUTES,
    *overview.ROUTES,
    *short_forms.ROUTES,
    *contract.ROUTES,
    *page.ROUTES,
)
_MAP = Map(
    [
        Rule(route.path, methods=[route.method], endpoint=index)
        for index, route in enumerate(ROUTES)
    ],
    merge_slashes=False,  # it would answer a path like //x with a redirect
)


def match(request: Request) -> tuple[Route, dict[str, Any]]:
    """The request's route, and the arguments in its path.

    Raises:
        RefusedError: there is none.
    """
    try:
        index, arguments = _MAP.bind("", path_info=request.path).match(
            method=request.method
        )
    except (NotFound, MethodNotAllowed) as error:
        problem = Problem(request.path, "no such route", "see docs/api.md")
        status = error.code or 404
        raise http.RefusedError(status, "no_route", [problem]) from None
    return ROUTES[index], dict(arguments)
