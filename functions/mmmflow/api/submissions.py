"""Experiments to make: one, a sweep, or a batch of rows."""

from io import BufferedReader, RawIOBase
from typing import cast

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json, Ports
from mmmflow.show import views
from mmmflow.steps import enqueue
from mmmflow.submit import (
    dry_run,
    manifests,
    requests,
    revisions,
    submission,
)

_READERS = {
    "text/csv": manifests.csv_rows,
    "application/x-ndjson": manifests.json_rows,
}
_OBJECT = (
    "put it into the data bucket under batches/, and POST /api/v1/experiments"
    ' {"batch_object": {"name": …, "generation": …}}'
)


def submit(request: Request, ports: Ports) -> Response:
    """Makes the experiments of an experiment.requested.json."""
    http.arguments(request)
    body = http.without_actor(http.body(request))
    asked = _asked(request, body, ports)
    known = requests.answered(ports, asked) is not None
    enqueue.submit(asked, ports)
    return _answer(ports, asked, known, [])


def try_out(request: Request, ports: Ports) -> Response:
    """What `submit` would make of the same body."""
    http.arguments(request)
    body = http.without_actor(http.body(request))
    asked = _asked(request, body, ports)
    return _plan(ports, submission.read(ports, asked.body), [])


def batch(request: Request, ports: Ports) -> Response:
    """Makes one experiment a row; all of them or, with `partial`, the right.

    The body is read row by row, and no further than the first row too many.
    """
    partial, force = http.switches(request, "partial", "force")
    experiments, refused = _rows(request, ports, partial=partial)
    body: Json = {"experiments": experiments}
    asked = _asked(request, {**body, "force": True} if force else body, ports)
    known = requests.answered(ports, asked) is not None
    enqueue.make(asked, experiments, ports)
    return _answer(ports, asked, known, refused)


def try_batch(request: Request, ports: Ports) -> Response:
    """What `batch` would make of the same body."""
    (partial,) = http.switches(request, "partial")
    experiments, refused = _rows(request, ports, partial=partial)
    return _plan(ports, experiments, refused)


def next_revision(request: Request, ports: Ports) -> Response:
    """Proposes the number that comes next for a tag and country."""
    given = http.arguments(request, "tag", "country")
    tag, country = (given.get(k, "") for k in ("tag", "country"))
    revision = {"tag": tag, "number": 1}
    schema.require(
        "experiment.json", {"country": country, "revision": revision}
    )
    number = revisions.proposed(ports, tag, country)
    proposed = {"tag": tag, "country": country, "number": number}
    return http.answer(ports, proposed, f"{tag}-{number} comes next")


def _rows(
    request: Request, ports: Ports, *, partial: bool
) -> tuple[list[Json], list[Problem]]:
    """(the experiments of the body's rows, the problems of rows left out).

    Raises:
        RefusedError: it is no CSV or JSON lines by its type, or too large.
        InvalidInputError: with the problems, unless `partial` allows them.
    """
    reader = _READERS.get(request.mimetype)
    if reader is None:
        problem = Problem(
            "Content-Type", f"it must be {' or '.join(sorted(_READERS))}"
        )
        raise http.RefusedError(415, "no_batch", [problem])
    http.limit(request, http.MAX_BATCH, _OBJECT)
    lines = BufferedReader(cast(RawIOBase, request.stream))
    try:
        experiments, refused = submission.split(
            reader(lines), ports.deployment.engine
        )
    except RequestEntityTooLarge:
        raise http.too_large(request, http.MAX_BATCH, _OBJECT) from None
    finally:
        lines.detach()  # or its end closes the stream, which is read further
    if refused and not (partial and experiments):
        raise InvalidInputError(refused)
    return experiments, refused


def _plan(
    ports: Ports, experiments: list[Json], refused: list[Problem]
) -> Response:
    found = dry_run.plan(ports, experiments)
    found["refused"] = [problem.as_json() for problem in refused]
    words = (
        f"{found['experiments']} experiments, about {found['seconds']} s and"
        f" {found['cost']:.2f} {found['currency']}; nothing was made"
    )
    return http.answer(ports, found, words)


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
    Route("POST", "/api/v1/experiments/dry-run", try_out, only_asks=True),
    Route("POST", "/api/v1/batches", batch),
    Route("POST", "/api/v1/batches/dry-run", try_batch, only_asks=True),
    Route("GET", "/api/v1/revisions/next", next_revision),
)
