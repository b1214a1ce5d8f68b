"""What every route shares: reading a body, giving an answer, refusing."""

import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Request, Response

from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Json, Person, Ports, Role

MAX_BODY = 1_000_000
MAX_BATCH = 30_000_000  # what Cloud Run takes, less what surrounds it
_MANY = "POST /api/v1/batches takes more experiments, /api/v1/uploads data"
_PERSON = "mmmflow.person"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Route(NamedTuple):
    """`handler(request, ports, **parts of the path)` answers it."""

    method: str
    path: str
    handler: Callable[..., Response]
    changes: bool = False  # something, though its method is GET
    only_asks: bool = False  # and changes nothing, though its method is POST

    @property
    def is_safe(self) -> bool:
        return self.method == "GET" and not self.changes

    @property
    def role(self) -> Role:
        return "viewer" if self.is_safe or self.only_asks else "operator"


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


def identified(request: Request, person: Person) -> None:
    """Note whose request it is."""
    request.environ[_PERSON] = person


def person(request: Request) -> Person:
    """Whose request it is, verified."""
    found: Person = request.environ[_PERSON]
    return found


def actor(request: Request) -> str:
    """Who is answerable for what the request changes."""
    return person(request).mail


def idempotency_key(request: Request) -> str | None:
    """Raises: InvalidInputError: the header holds none."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidInputError.of(
            "Idempotency-Key", "1 to 200 visible ASCII characters"
        )
    return key


def arguments(request: Request, *known: str) -> Mapping[str, str]:
    """The query's arguments.

    Raises:
        InvalidInputError: there is one of another name, or one twice.
    """
    problems = _unknown(request, known)
    if problems:
        raise InvalidInputError(problems)
    return request.args


def switches(request: Request, *known: str) -> list[bool]:
    """The query's arguments, each true or false; false where not given.

    Raises:
        InvalidInputError: with every problem.
    """
    given = [request.args.get(name, "false") for name in known]
    problems = _unknown(request, known)
    problems += [
        Problem(name, f"{value!r} is neither true nor false")
        for name, value in zip(known, given, strict=True)
        if value not in ("true", "false")
    ]
    if problems:
        raise InvalidInputError(problems)
    return [value == "true" for value in given]


def _unknown(request: Request, known: Sequence[str]) -> list[Problem]:
    hint = f"one of {', '.join(known)}" if known else "there are none"
    problems = [
        Problem(name, "no such argument", hint)
        for name in request.args
        if name not in known
    ]
    return problems + [
        Problem(name, "it is given more than once")
        for name, values in request.args.lists()
        if len(values) > 1
    ]


def number(
    given: Mapping[str, str], name: str, usual: int, least: int, most: int
) -> int:
    """A whole number among the arguments. Raises: InvalidInputError."""
    text = given.get(name, str(usual))
    fits = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    if fits and least <= int(text) <= most:
        return int(text)
    raise InvalidInputError.of(name, f"a number from {least} to {most}")


def body(request: Request, *, optional: bool = False) -> Json:
    """The request's JSON object; a form of another site can't send one.

    Raises:
        RefusedError: it is not JSON by its type, or too large.
        InvalidInputError: it is no JSON object.
    """
    if request.mimetype != "application/json":
        problem = Problem("Content-Type", "it must be application/json")
        raise RefusedError(415, "not_json", [problem])
    text = content(request)
    if optional and not text.strip():
        return {}
    try:
        value = schema.parse(text)
    except ValueError as error:
        raise InvalidInputError.of("body", f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError.of("body", "it must be a JSON object")
    return value


def content(request: Request) -> bytes:
    """The bytes of a body that isn't large, however it is sent.

    Raises:
        RefusedError: it is.
    """
    # A body of unknown length ends at the limit without a word.
    limit(request, MAX_BODY, _MANY, more=1)
    text = request.get_data()
    if len(text) > MAX_BODY:
        raise too_large(request, MAX_BODY, _MANY)
    return text


def limit(request: Request, most: int, hint: str, *, more: int = 0) -> None:
    """Let `more` than that be read at most.

    Raises:
        RefusedError: the body says that it is longer.
    """
    if (request.content_length or 0) > most:
        raise too_large(request, most, hint)
    request.max_content_length = most + more


def too_large(request: Request, most: int, hint: str) -> RefusedError:
    """The refusal of a body, which is not read any further.

    What is left of a body the framework would read after the answer.
    """
    request.stream = io.BytesIO()
    problem = Problem("body", f"more than {most} bytes", hint)
    return RefusedError(413, "too_large", [problem])


def without_actor(given: Json) -> Json:
    """The body, which may not say who sends it.

    Raises:
        InvalidInputError: it does.
    """
    if "actor" in given:
        raise InvalidInputError.of(
            "actor", "who you are is known by your identity", "leave it out"
        )
    return given


def command(request: Request) -> Command:
    """The body of a command, which may be empty.

    Raises: as `body`; InvalidInputError with every problem.
    """
    given = without_actor(body(request, optional=True))
    schema.require("command.json", given)
    return Command(actor(request), given.get("why", ""))


def answer(
    ports: Ports, data: Any, message: str = "", *, status: int = 200
) -> Response:
    """`{status, timestamp, data, message}`."""
    return _respond(ports, status, {"data": data, "message": message})


def error(
    ports: Ports, status: int, code: str, problems: Sequence[Problem]
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
    now = ports.clock.now().isoformat()
    head = json.dumps({"status": word, "timestamp": now})
    rest = json.dumps(content, ensure_ascii=False)
    text = f"{head[:-1]}, {rest[1:]}"
    response = Response(text, status, mimetype="application/json")
    response.set_etag(hashlib.sha256(rest.encode()).hexdigest()[:32])
    return response
