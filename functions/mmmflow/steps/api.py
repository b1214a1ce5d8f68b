"""HTTP → the JSON API and the status page."""

import logging

from flask import Request, Response
from werkzeug.exceptions import HTTPException

from mmmflow.api import guard, http, routes
from mmmflow.domain.errors import InvalidInputError, NotAllowedError, Problem
from mmmflow.ports import (
    NotFoundError,
    Ports,
    RefusedError,
    UnreachableError,
)
from mmmflow.submit import requests

log = logging.getLogger(__name__)

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self';"
        " connect-src 'self' https://storage.googleapis.com;"
        " frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


_MEND = "who deployed it can mend that; till then nothing else helps"


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
    except RefusedError as refused:
        log.error("a service refuses: %s", refused)
        problem = Problem("", str(refused), _MEND)
        response = http.error(ports, 503, "refused", [problem])
    except UnreachableError as silent:
        log.warning("a service does not answer: %s", silent)
        problem = Problem("", str(silent), "try again in a moment")
        response = http.error(ports, 503, "unreachable", [problem])
    except HTTPException as error:
        problem = Problem("", error.description or error.name)
        response = http.error(ports, error.code or 500, "http", [problem])
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if not response.is_streamed:
        response.add_etag()
        response.make_conditional(request)
    return response


def _answer(request: Request, ports: Ports) -> Response:
    """Nobody learns which routes there are before they are identified."""
    guard.identify(request, ports)
    route, arguments = routes.match(request)
    guard.require_role(request, route)
    guard.require_own_site(request, route)
    guard.require_names(arguments)
    if not route.is_safe:
        actor = http.actor(request)
        log.info("%s %s by %s", route.method, request.path, actor)
    return route.handler(request, ports, **arguments)
