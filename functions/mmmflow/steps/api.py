"""HTTP → the JSON API and the status page."""

from flask import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mmmflow.api import (
    commands,
    dead_letters,
    experiments,
    history,
    http,
    notifications,
    page,
    queues,
    results,
    settings,
    standing,
    submissions,
)
from mmmflow.domain.errors import InvalidInputError, NotAllowedError, Problem
from mmmflow.ports import NotFoundError, Ports
from mmmflow.submit import requests

_ROUTES = (
    *experiments.ROUTES,
    *submissions.ROUTES,
    *standing.ROUTES,
    *commands.ROUTES,
    *queues.ROUTES,
    *history.ROUTES,
    *dead_letters.ROUTES,
    *results.ROUTES,
    *settings.ROUTES,
    *notifications.ROUTES,
    *page.ROUTES,
)
_MAP = Map(
    [
        Rule(route.path, methods=[route.method], endpoint=index)
        for index, route in enumerate(_ROUTES)
    ],
    merge_slashes=False,  # it would answer a path like //x with a redirect
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def api(request: Request, ports: Ports) -> Response:
    """Answer one request; every error is JSON that says what was expected."""
    try:
        response = _answer(request, ports)
    except http.RefusedError as refused:
        response = http.error(
            ports, refused.status, refused.code, refused.problems
        )
    except NotAllowedError as conflict:
        response = http.error(ports, 409, "not_allowed", conflict.problems)
    except InvalidInputError as invalid:
        response = http.error(ports, 400, "invalid", invalid.problems)
    except requests.KeyReusedError as reused:
        problem = Problem("Idempotency-Key", str(reused))
        response = http.error(ports, 409, "key_reused", [problem])
    except NotFoundError as missing:
        problem = Problem("", f"there is no {missing}")
        response = http.error(ports, 404, "not_found", [problem])
    except HTTPException as error:
        problem = Problem("", error.description or error.name)
        response = http.error(ports, error.code or 500, "http", [problem])
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not response.is_streamed:
        response.add_etag()
        response.make_conditional(request)
    return response


def _answer(request: Request, ports: Ports) -> Response:
    matcher = _MAP.bind("", path_info=request.path)
    try:
        index, arguments = matcher.match(method=request.method)
    except (NotFound, MethodNotAllowed) as error:
        code = error.code or 404
        problem = Problem(request.path, "no such route", "see docs/api.md")
        raise http.RefusedError(code, "no_route", [problem]) from None
    return _ROUTES[index].handler(request, ports, **arguments)
