"""How batches stand, what was refused, and every experiment as CSV."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import history, queue_views, views


def batches(request: Request, ports: Ports) -> Response:
    given = http.arguments(request, "limit", "after")
    limit = views.read_limit(given)
    found = queue_views.batches(ports, limit, given.get("after"))
    return http.answer(ports, found, f"{len(found['batches'])} batches")


def batch(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    shown = queue_views.batch(ports, id)
    text = f"{shown['ended']} of {shown['experiments']} experiments ended"
    return http.answer(ports, shown, text)


def asked(request: Request, ports: Ports, id: str) -> Response:
    """What became of a request: made, or refused with its problems."""
    http.arguments(request)
    return http.answer(ports, views.request(ports, id))


def refused(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    return http.answer(ports, {"requests": views.refused(ports)})


def table(request: Request, ports: Ports) -> Response:
    """Streamed: it may be longer than a response in one piece may be."""
    wanted = views.read_filter(request.args, paged=False)
    return Response(
        history.lines(ports, wanted.where),
        mimetype="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="history.csv"',
        },
    )


ROUTES = (
    Route("GET", "/api/v1/batches", batches),
    Route("GET", "/api/v1/batches/<id>", batch),
    Route("GET", "/api/v1/requests/<id>", asked),
    Route("GET", "/api/v1/refused-requests", refused),
    Route("GET", "/api/v1/history.csv", table),
)
