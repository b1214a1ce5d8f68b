"""What every route shares: reading a body, giving an answer, refusing."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Request, Response

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.ids import content_hash
from mmmflow.ports import Json, Ports

MAX_BODY = 1_000_000
ANONYMOUS = "api"


class Route(NamedTuple):
    """`handler(request, ports, **parts of the path)` answers it."""

    method: str
    path: str
    handler: Callable[..., Response]


class Command(NamedTuple):
    """Who gives a command, and why."""

    actor: str
    why: str


class RefusedError(Exception):
    """An answer other than the asked one, with its status."""

    def __init__(self, status: int, code: str, problems: list[Problem]) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.problems = problems


def body(request: Request, *, optional: bool = False) -> Json:
    """The request's JSON object; a form of another site can't send one.

    Raises:
        RefusedError: it is not JSON by its type, or too large.
        InvalidInputError: it is no JSON object.
    """
    if request.mimetype != "application/json":
        problem = Problem("Content-Type", "it must be application/json")
        raise RefusedError(415, "not_json", [problem])
    if (request.content_length or 0) > MAX_BODY:
        problem = Problem("body", f"more than {MAX_BODY} bytes")
        raise RefusedError(413, "too_large", [problem])
    text = request.get_data()
    if optional and not text.strip():
        return {}
    try:
        value = schema.parse(text)
    except ValueError as error:
        raise InvalidInputError.of("body", f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError.of("body", "it must be a JSON object")
    return value


def command(request: Request) -> Command:
    """The body of a command, which may be empty.

    Raises: as `body`; InvalidInputError with every problem.
    """
    given = body(request, optional=True)
    schema.require("command.json", given)
    return Command(given.get("actor", ANONYMOUS), given.get("why", ""))


def answer(
    ports: Ports, data: Any, message: str = "", *, status: int = 200
) -> Response:
    """`{status, timestamp, data, message}`."""
    return _respond(ports, status, {"data": data, "message": message})


def error(
    ports: Ports, status: int, code: str, problems: list[Problem]
) -> Response:
    """As `answer`, with the problems; the message says them all."""
    listed = [problem.as_json() for problem in problems]
    message = "; ".join(str(problem) for problem in problems)
    return _respond(
        ports,
        status,
        {
            "data": None,
            "error": {"code": code, "problems": listed},
            "message": message,
        },
    )


def _respond(ports: Ports, status: int, content: Json) -> Response:
    """The ETag is of the answer without its time: the same while it is."""
    word = "ok" if status < 400 else "error"
    etag = content_hash(content)[:32]
    now = ports.clock.now().isoformat()
    text = json.dumps(
        {"status": word, "timestamp": now, **content}, ensure_ascii=False
    )
    response = Response(text, status, mimetype="application/json")
    response.set_etag(etag)
    return response
