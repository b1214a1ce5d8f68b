"""Mappings: listed, shown, validated, saved."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import Ports
from mmmflow.show import mapping_views, views
from mmmflow.submit import mappings


def index(request: Request, ports: Ports) -> Response:
    given = http.arguments(request, "scope", "limit")
    limit = views.read_limit(given)
    found = mapping_views.index(ports, given.get("scope"), limit)
    return http.answer(ports, {"mappings": found}, f"{len(found)} mappings")


def show(request: Request, ports: Ports, scope: str, version: str) -> Response:
    http.arguments(request)
    return http.answer(ports, mapping_views.show(ports, scope, version))


def save(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    key = http.idempotency_key(request)
    asked = http.without_actor(http.body(request))
    found, new = mappings.save(ports, asked, http.actor(request), key)
    word = "saved; data that waited for it is prepared" if new else "known"
    return http.answer(ports, found, word, status=201 if new else 200)


def validate(request: Request, ports: Ports) -> Response:
    """All that is wrong with a mapping.json, also for a dataset's columns."""
    given = http.arguments(request, "dataset_id")
    document = http.body(request)
    found = mappings.problems_of(ports, document, given.get("dataset_id", ""))
    shown = {
        "valid": not found,
        "problems": [problem.as_json() for problem in found],
    }
    word = f"{len(found)} problems" if found else "it can be used"
    return http.answer(ports, shown, word)


_PATH = "/api/v1/mappings"
ROUTES = (
    Route("GET", _PATH, index),
    Route("POST", _PATH, save),
    Route("POST", f"{_PATH}/validate", validate),
    Route("GET", f"{_PATH}/<scope>/<version>", show),
)
