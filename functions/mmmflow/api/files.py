"""What a run left: files, images, tables, its log."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Ports, RefusedError
from mmmflow.show import attempts, tables

_LARGEST = 20_000_000
_MOST_ROWS = 5_000
_USUAL_ROWS = 500
_LAST = 2**53
# A file may be HTML or SVG that holds a script: in its own, empty origin.
_SANDBOX = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def index(request: Request, ports: Ports, id: str) -> Response:
    kind = http.arguments(request, "kind").get("kind")
    if kind not in (None, *attempts.KINDS):
        raise InvalidInputError.of(
            "kind", "no such kind", f"one of {', '.join(attempts.KINDS)}"
        )
    found = attempts.files(ports, id, kind)
    return http.answer(ports, {"files": found}, f"{len(found)} files")


def show(request: Request, ports: Ports, id: str, name: str) -> Response:
    """The file itself, or where it is if it is too large for an answer."""
    http.arguments(request)
    info = attempts.stat(ports, id, name)
    if info.size > _LARGEST:
        place = {"Location": _signed(ports, id, name)["url"]}
        return Response(status=307, headers=place)
    content = ports.data.read(info.name)
    response = Response(content, mimetype=attempts.media_type(name))
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers.set(
        "Content-Disposition", "inline", filename=name.rpartition("/")[2]
    )
    return response


def signed(request: Request, ports: Ports, id: str, name: str) -> Response:
    http.arguments(request)
    return http.answer(ports, _signed(ports, id, name), "for an hour")


def log(request: Request, ports: Ports, id: str) -> Response:
    given = http.arguments(request, "offset")
    offset = http.number(given, "offset", 0, 0, _LAST)
    return http.answer(ports, attempts.log(ports, id, offset))


def list_tables(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    return http.answer(ports, {"tables": tables.names(ports, id)})


def table(request: Request, ports: Ports, id: str, name: str) -> Response:
    given = http.arguments(request, "model_id", "after", "limit")
    found = tables.page(
        ports,
        id,
        name,
        model_id=given.get("model_id", ""),
        after=http.number(given, "after", 0, 0, _LAST),
        limit=http.number(given, "limit", _USUAL_ROWS, 1, _MOST_ROWS),
    )
    return http.answer(ports, found, f"{len(found['rows'])} rows")


def _signed(ports: Ports, id: str, name: str) -> dict[str, str]:
    try:
        found: dict[str, str] = attempts.signed(ports, id, name)
    except RefusedError as error:
        problem = Problem("name", str(error))
        raise http.RefusedError(502, "not_signed", [problem]) from None
    return found


_PATH = "/api/v1/experiments/<id>"
ROUTES = (
    Route("GET", f"{_PATH}/files", index),
    Route("GET", f"{_PATH}/files/<path:name>", show),
    Route("GET", f"{_PATH}/signed-files/<path:name>", signed),
    Route("GET", f"{_PATH}/log", log),
    Route("GET", f"{_PATH}/tables", list_tables),
    Route("GET", f"{_PATH}/tables/<name>", table),
)
