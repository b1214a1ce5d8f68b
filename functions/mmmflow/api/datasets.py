"""Datasets: requested, listed, their quality, their first rows."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import dataset_views, views
from mmmflow.submit import extracts

_MOST_ROWS = 1000


def index(request: Request, ports: Ports) -> Response:
    given = http.arguments(request, "country", "limit", "after")
    found = dataset_views.index(
        ports,
        given.get("country"),
        views.read_limit(given),
        given.get("after"),
    )
    return http.answer(ports, found, f"{len(found['datasets'])} datasets")


def ask(request: Request, ports: Ports) -> Response:
    """Asks for an extract of a dataset.requested.json."""
    http.arguments(request)
    body = http.without_actor(http.body(request))
    key = http.idempotency_key(request)
    asked, known = extracts.ask(ports, body, http.actor(request), key)
    word = "was asked for before" if known else "is asked for"
    found = {"request_id": asked.id, "correlation_id": asked.correlation_id}
    return http.answer(ports, found, word, status=200 if known else 202)


def show(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    return http.answer(ports, dataset_views.show(ports, id))


def quality(request: Request, ports: Ports, id: str) -> Response:
    version = http.arguments(request, "mapping_version").get("mapping_version")
    found = dataset_views.quality(ports, id, version)
    return http.answer(ports, found, f"{len(found['findings'])} findings")


def preview(request: Request, ports: Ports, id: str) -> Response:
    given = http.arguments(request, "rows")
    rows = http.number(given, "rows", 20, 1, _MOST_ROWS)
    return http.answer(ports, dataset_views.preview(ports, id, rows))


_PATH = "/api/v1/datasets"
ROUTES = (
    Route("GET", _PATH, index),
    Route("POST", _PATH, ask),
    Route("GET", f"{_PATH}/<id>", show),
    Route("GET", f"{_PATH}/<id>/quality", quality),
    Route("GET", f"{_PATH}/<id>/preview", preview),
)
