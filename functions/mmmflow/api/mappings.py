"""Mappings: suggested, validated, saved, listed, told apart."""

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.data import mappings as data_mappings
from mmmflow.domain.errors import InvalidInputError, Problem
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
    shown = mappings.judged(ports, document, given.get("dataset_id", ""))
    return http.answer(
        ports, shown, "it can be used" if shown["valid"] else "it can't be used"
    )


def suggest(request: Request, ports: Ports) -> Response:
    """A mapping for a dataset, with the reason for each column."""
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    schema.require("mapping.suggest.json", asked)
    found = data_mappings.suggest_for_dataset(
        ports, asked["dataset_id"], asked.get("rules")
    )
    shown = found.as_json()
    word = f"{len(shown['review'])} columns to look at"
    return http.answer(ports, shown, word)


def changes(request: Request, ports: Ports) -> Response:
    """Between two versions of a scope; a version may be universal/v1."""
    given = http.arguments(request, *_ASKED)
    problems = [
        Problem(name, "it is missing") for name in _ASKED if not given.get(name)
    ]
    if problems:
        raise InvalidInputError(problems)
    found = data_mappings.diff(ports, *(given[name] for name in _ASKED))
    shown = [change.as_json() for change in found]
    return http.answer(ports, {"changes": shown}, f"{len(shown)} changes")


_ASKED = ("scope", "before", "after")
_PATH = "/api/v1/mappings"
ROUTES = (
    Route("GET", _PATH, index),
    Route("POST", _PATH, save),
    Route("POST", f"{_PATH}/validate", validate, only_asks=True),
    Route("POST", f"{_PATH}/suggest", suggest, only_asks=True),
    Route("GET", f"{_PATH}/<scope>/<version>", show),
    Route("GET", "/api/v1/mapping-changes", changes),
)
