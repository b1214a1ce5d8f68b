"""Experiments to make: one, a sweep, or a batch of rows."""

from io import BufferedReader, RawIOBase
from typing import cast

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json, Ports
from mmmflow.show import views
from mmmflow.steps import enqueue
from mmmflow.submit import manifests, requests, revisions, submission

_READERS = {
    "text/csv": manifests.csv_rows,
    "application/x-ndjson": manifests.json_rows,
}
_SWITCHES = ("partial", "force")


def submit(request: Request, ports: Ports) -> Response:
    """Makes the experiments of an experiment.requested.json."""
    body = http.without_actor(http.body(request))
    asked = _asked(request, body, ports)
    known = requests.answered(ports, asked) is not None
    enqueue.submit(asked, ports)
    return _answer(ports, asked, known, [])


def batch(request: Request, ports: Ports) -> Response:
    """Makes one experiment a row; all of them or, with `partial`, the right.

    The body is read row by row, and no further than the first row too many.
    """
    reader = _READERS.get(request.mimetype)
    if reader is None:
        problem = Problem(
            "Content-Type", f"it must be {' or '.join(sorted(_READERS))}"
        )
        raise http.RefusedError(415, "no_batch", [problem])
    partial, force = _switches(request)
    lines = BufferedReader(cast(RawIOBase, request.stream))
    experiments, refused = submission.split(reader(lines))
    if refused and not (partial and experiments):
        raise InvalidInputError(refused)
    body: Json = {"experiments": experiments}
    asked = _asked(request, {**body, "force": True} if force else body, ports)
    known = requests.answered(ports, asked) is not None
    enqueue.make(asked, experiments, ports)
    return _answer(ports, asked, known, refused)


def next_revision(request: Request, ports: Ports) -> Response:
    """Proposes the number that comes next for a tag and country."""
    tag, country = (request.args.get(k, "") for k in ("tag", "country"))
    revision = {"tag": tag, "number": 1}
    schema.require(
        "experiment.json", {"country": country, "revision": revision}
    )
    number = revisions.proposed(ports, tag, country)
    proposed = {"tag": tag, "country": country, "number": number}
    return http.answer(ports, proposed, f"{tag}-{number} comes next")


def _switches(request: Request) -> list[bool]:
    """Raises: InvalidInputError: an argument that there is not."""
    problems = [
        Problem(name, "no such argument", f"one of {', '.join(_SWITCHES)}")
        for name in request.args
        if name not in _SWITCHES
    ]
    given = [request.args.get(name, "false") for name in _SWITCHES]
    problems += [
        Problem(name, f"{value!r} is neither true nor false")
        for name, value in zip(_SWITCHES, given, strict=True)
        if value not in ("true", "false")
    ]
    if problems:
        raise InvalidInputError(problems)
    return [value == "true" for value in given]


def _asked(request: Request, body: Json, ports: Ports) -> requests.Request:
    """The request, by the header's key if it has none of its own.

    What is forced without a key is meant anew each time that it is sent.
    """
    key = http.idempotency_key(request)
    message = {
        "schema_version": 1,
        "actor": http.actor(request),
        **({"message_id": key} if key else {}),
        **body,
    }
    kind = "batch" if "experiments" in body else "experiment.requested"
    delivery = ports.entropy.token() if body.get("force") else ""
    return requests.read(kind, message, delivery)


def _answer(
    ports: Ports, asked: requests.Request, known: bool, refused: list[Problem]
) -> Response:
    """What was made; of a large batch how far it is."""
    answer = requests.answered(ports, asked) or {}
    made = requests.made(ports, answer, "experiments")
    found = ports.documents.get("batches", answer.get("batch_id") or "")
    content = {
        "batch": views.batch_summary(found.data) if found else None,
        "experiments": [views.summary(ports, one.data) for one in made],
        "refused": [problem.as_json() for problem in refused],
    }
    large = found is not None and not answer["made"]
    total = found.data["total"] if large and found else len(made)
    words = f"{total} experiments "
    words += "are being made" if large else "made"
    if known:
        words = (
            f"{total} experiments were made before by the same request;"
            ' "force" makes them again, as the next revision'
        )
    if refused:
        words += f"; {len(refused)} problems in rows that were left out"
    status = 200 if known else 202 if large else 201
    return http.answer(ports, content, words, status=status)


ROUTES = (
    Route("POST", "/api/v1/experiments", submit),
    Route("POST", "/api/v1/batches", batch),
    Route("GET", "/api/v1/revisions/next", next_revision),
)
