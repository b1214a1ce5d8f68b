"""HTTP → the JSON API and the status page."""

import json
import mimetypes
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from mmmflow import requests, schema, views
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.domain.ids import content_hash
from mmmflow.ports import Json, NotFoundError, Ports
from mmmflow.steps import enqueue

_MAX_BODY = 1_000_000
_PAGE = {"": "index.html", "style.css": "style.css", "app.js": "app.js"}
_ROUTES = Map(
    [
        Rule("/api/v1/experiments", methods=["GET"], endpoint="list"),
        Rule("/api/v1/experiments", methods=["POST"], endpoint="submit"),
        Rule("/api/v1/experiments/<id>", methods=["GET"], endpoint="show"),
        Rule(
            "/api/v1/experiments/<id>/files/<path:name>",
            methods=["GET"],
            endpoint="file",
        ),
        Rule("/api/v1/champions", methods=["GET"], endpoint="champions"),
        Rule("/api/v1/datasets", methods=["GET"], endpoint="datasets"),
        Rule("/", methods=["GET"], endpoint="page"),
        Rule("/<any('style.css', 'app.js'):name>", endpoint="page"),
    ]
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _RefusedError(Exception):
    """An answer other than the asked one, with its status."""

    def __init__(self, status: int, code: str, problems: list[Problem]) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.problems = problems


def api(request: Request, ports: Ports) -> Response:
    """Answer one request; every error is JSON that says what was expected."""
    try:
        response = _answer(request, ports)
    except _RefusedError as refused:
        response = _error(ports, refused.status, refused.code, refused.problems)
    except InvalidInputError as invalid:
        response = _error(ports, 400, "invalid", invalid.problems)
    except requests.KeyReusedError as reused:
        problem = Problem("Idempotency-Key", str(reused))
        response = _error(ports, 409, "key_reused", [problem])
    except NotFoundError as missing:
        problem = Problem("", f"there is no {missing}")
        response = _error(ports, 404, "not_found", [problem])
    except HTTPException as http:
        problem = Problem("", http.description or http.name)
        response = _error(ports, http.code or 500, "http", [problem])
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.add_etag()
    response.make_conditional(request)
    return response


def _answer(request: Request, ports: Ports) -> Response:
    matcher = _ROUTES.bind("", path_info=request.path)
    try:
        endpoint, arguments = matcher.match(method=request.method)
    except (NotFound, MethodNotAllowed) as error:
        code = error.code or 404
        problem = Problem(request.path, "no such route", "see the README")
        raise _RefusedError(code, "no_route", [problem]) from None
    handler = _HANDLERS[endpoint]
    return handler(request, ports, **arguments)


def _list(request: Request, ports: Ports) -> Response:
    found = views.experiments(ports, views.read_filter(request.args))
    return _json(ports, found, f"{len(found['experiments'])} experiments")


def _show(request: Request, ports: Ports, id: str) -> Response:
    del request
    return _json(ports, views.experiment(ports, id), "")


def _submit(request: Request, ports: Ports) -> Response:
    body = _body(request)
    key = request.headers.get("Idempotency-Key")
    message = {
        "schema_version": 1,
        "actor": "api",
        **({"message_id": key} if key else {}),
        **body,
    }
    asked = requests.read("experiment.requested", message)
    known = requests.answered(ports, asked) is not None
    made = enqueue.submit(asked, ports)
    shown = [views.summary(ports, document.data) for document in made]
    word = "were made before by the same request" if known else "made"
    message_text = f"{len(shown)} experiments {word}"
    return _json(
        ports,
        {"experiments": shown},
        message_text,
        status=200 if known else 201,
    )


def _file(request: Request, ports: Ports, id: str, name: str) -> Response:
    del request
    content = views.result_file(ports, id, name)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, mimetype=kind)


def _champions(request: Request, ports: Ports) -> Response:
    del request
    return _json(ports, {"champions": views.champions(ports)}, "")


def _datasets(request: Request, ports: Ports) -> Response:
    del request
    return _json(ports, {"datasets": views.datasets(ports)}, "")


def _page(request: Request, ports: Ports, name: str = "") -> Response:
    del request, ports
    file = resources.files("mmmflow").joinpath("page", _PAGE[name])
    kind = mimetypes.guess_type(_PAGE[name])[0]
    return Response(file.read_bytes(), mimetype=kind)


_HANDLERS: Mapping[str, Callable[..., Response]] = {
    "list": _list,
    "show": _show,
    "submit": _submit,
    "file": _file,
    "champions": _champions,
    "datasets": _datasets,
    "page": _page,
}


def _body(request: Request) -> Json:
    """The request's JSON object; a form of another site can't send one."""
    if request.mimetype != "application/json":
        problem = Problem("Content-Type", "it must be application/json")
        raise _RefusedError(415, "not_json", [problem])
    if (request.content_length or 0) > _MAX_BODY:
        problem = Problem("body", f"more than {_MAX_BODY} bytes")
        raise _RefusedError(413, "too_large", [problem])
    try:
        body = schema.parse(request.get_data())
    except ValueError as error:
        raise InvalidInputError.of("body", f"no JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidInputError.of("body", "it must be a JSON object")
    return body


def _json(
    ports: Ports, data: Any, message: str, *, status: int = 200
) -> Response:
    return _respond(ports, status, {"data": data, "message": message})


def _error(
    ports: Ports, status: int, code: str, problems: list[Problem]
) -> Response:
    listed = [problem.as_json() for problem in problems]
    error = {"code": code, "problems": listed}
    message = "; ".join(str(problem) for problem in problems)
    return _respond(
        ports, status, {"data": None, "error": error, "message": message}
    )


def _respond(ports: Ports, status: int, body: Json) -> Response:
    """The ETag is of the answer without its time: the same while it is."""
    word = "ok" if status < 400 else "error"
    etag = content_hash(body)[:32]
    now = ports.clock.now().isoformat()
    text = json.dumps(
        {"status": word, "timestamp": now, **body}, ensure_ascii=False
    )
    response = Response(text, status, mimetype="application/json")
    response.set_etag(etag)
    return response
