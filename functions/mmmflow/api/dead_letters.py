"""Messages that could not be delivered: shown, replayed, discarded."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.messaging import dead_letters
from mmmflow.ports import Ports
from mmmflow.show import queue_views, views


def index(request: Request, ports: Ports) -> Response:
    limit = views.read_limit(request.args)
    found = queue_views.letters(ports, request.args.get("state"), limit)
    return http.answer(ports, {"dead_letters": found}, f"{len(found)} letters")


def replay(request: Request, ports: Ports, id: str) -> Response:
    by = http.command(request)
    document = dead_letters.replay(ports, id, actor=by.actor)
    return http.answer(ports, queue_views.letter(document), "sent again")


def discard(request: Request, ports: Ports, id: str) -> Response:
    by = http.command(request)
    document = dead_letters.discard(ports, id, actor=by.actor)
    return http.answer(ports, queue_views.letter(document), "discarded")


ROUTES = (
    Route("GET", "/api/v1/dead-letters", index),
    Route("POST", "/api/v1/dead-letters/<id>/replay", replay),
    Route("POST", "/api/v1/dead-letters/<id>/discard", discard),
)
