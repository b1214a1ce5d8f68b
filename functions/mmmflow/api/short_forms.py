"""Short forms for scripts: train, status, metadata, as GET or POST.

The parameters country, iterations, trials, job_id and version come in the
query or, of a POST, in a JSON object.
"""

from typing import Any

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.data import mappings
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json, NotFoundError, Order, Ports, Where
from mmmflow.show import attempts, dataset_views, mapping_views, views
from mmmflow.steps import enqueue
from mmmflow.submit import requests

_NUMBERS = ("iterations", "trials")


def train(request: Request, ports: Ports) -> Response:
    """An experiment with the newest data; anew, unless the key is known.

    `version` is the mapping's.
    """
    given = _given(request, "country", "version", *_NUMBERS)
    named = {"version": "mapping_version"}
    experiment = {
        named.get(name, name): _number(name, value)
        for name, value in given.items()
    }
    key = http.idempotency_key(request) or ports.entropy.token()
    message = {
        "schema_version": 1,
        "message_id": key,
        "actor": http.actor(request),
        "experiment": experiment,
        "force": True,
    }
    asked = requests.read("experiment.requested", message)
    known = requests.answered(ports, asked) is not None
    made = enqueue.submit(asked, ports)
    if not made:
        raise NotFoundError("experiment of this request any more: deleted")
    shown = views.summary(ports, made[0].data)
    word = "was asked for before" if known else "it trains as soon as it can"
    status = 200 if known else 201
    return http.answer(ports, _job(shown), word, status=status)


def status(request: Request, ports: Ports) -> Response:
    """Of the experiment `job_id`, else of the country's newest."""
    given = _given(request, "job_id", "country")
    if "job_id" in given:
        document = attempts.experiment(ports, given["job_id"])
    else:
        _require_country(given)
        found = ports.documents.query(
            "experiments",
            where=[Where("country", "==", given["country"])],
            order_by=[Order("id", descending=True)],
            limit=1,
        )
        if not found:
            raise NotFoundError(f"experiment of {given['country']}")
        document = found[0]
    shown = views.summary(ports, document.data)
    return http.answer(ports, _job(shown), str(shown["state"]))


def metadata(request: Request, ports: Ports) -> Response:
    """A country's mapping, the newest or `version`, and its newest data."""
    given = _given(request, "country", "version")
    _require_country(given)
    country, version = given["country"], given.get("version")
    document = (
        mappings.named(ports, country, version)
        if version
        else mappings.newest(ports, country)
    )
    if document is None:
        raise NotFoundError(f"mapping {version or ''} for {country}")
    data = document.data
    newest = dataset_views.index(ports, country, 1, None)["datasets"]
    shown = {
        "country": country,
        "mapping": mapping_views.show(ports, data["scope"], data["version"]),
        "dataset": newest[0] if newest else None,
    }
    return http.answer(ports, shown)


def _given(request: Request, *known: str) -> dict[str, Any]:
    """The parameters, of the query and of the body.

    Raises:
        InvalidInputError: with every one that is wrong.
    """
    given: dict[str, Any] = dict(http.arguments(request, *known))
    if request.method == "POST" and request.content_length:
        body = http.without_actor(http.body(request, optional=True))
        problems = [
            Problem(name, "no such parameter", f"one of {', '.join(known)}")
            for name in body
            if name not in known
        ]
        problems += [
            Problem(name, "it is given twice") for name in body if name in given
        ]
        problems += [
            Problem(name, "it must be a text")
            for name, value in body.items()
            if name in known
            and name not in _NUMBERS
            and not isinstance(value, str)
        ]
        if problems:
            raise InvalidInputError(problems)
        given |= body
    return given


def _number(name: str, value: Any) -> Any:
    """A number of the query as one; what is none, its schema refuses."""
    if name not in _NUMBERS or not isinstance(value, str):
        return value
    fits = value.isascii() and value.isdigit() and len(value) < 10
    return int(value) if fits else value


def _require_country(given: Json) -> None:
    one = {"country": given["country"]} if "country" in given else {}
    schema.require("experiment.json", one)


def _job(shown: Json) -> Json:
    return {"job_id": shown["id"], **shown}


_PATH = "/api/v1"
ROUTES = (
    Route("GET", f"{_PATH}/train", train, changes=True),
    Route("POST", f"{_PATH}/train", train),
    Route("GET", f"{_PATH}/status", status),
    Route("POST", f"{_PATH}/status", status, only_asks=True),
    Route("GET", f"{_PATH}/metadata", metadata),
    Route("POST", f"{_PATH}/metadata", metadata, only_asks=True),
)
