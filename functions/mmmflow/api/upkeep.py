"""What an operator does now and then: delete, move a run, migrate."""

import shutil
import tempfile
from pathlib import Path

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import Problem
from mmmflow.ports import Json, Ports, RefusedError
from mmmflow.show import attempts, views
from mmmflow.upkeep import deletions, exports, imports, migration

_ZIP = "application/zip"
_LARGEST = 20_000_000  # what an answer holds; more is read from the bucket
_HOUR = 3600
_LARGE = "an archive through the API has 30 MB at most"


def plan(request: Request, ports: Ports) -> Response:
    """What a deletion would take away."""
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    found = deletions.plan(ports, asked).as_json()
    words = (
        f"{len(found['experiments'])} experiments, {found['objects']} objects,"
        f" {found['bytes']} bytes would go"
    )
    return http.answer(ports, found, words)


def delete(request: Request, ports: Ports) -> Response:
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    data = deletions.delete(ports, asked, actor=http.actor(request))
    if data["open"]:
        return http.answer(
            ports, _shown(data), "it goes on; ask again", status=202
        )
    return http.answer(ports, _shown(data), "deleted")


def show(request: Request, ports: Ports, id: str) -> Response:
    http.arguments(request)
    return http.answer(ports, _shown(deletions.show(ports, id)))


def archive(request: Request, ports: Ports, id: str) -> Response:
    """The archive itself, or where it is if it is too large for an answer."""
    http.arguments(request)
    with tempfile.TemporaryDirectory() as temporary:
        path = exports.export(ports, id, Path(temporary))
        if path.stat().st_size > _LARGEST:
            place = {"Location": _stored(ports, id, path)}
            return Response(status=307, headers=place)
        response = Response(path.read_bytes(), mimetype=_ZIP)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{id}.zip"
    )
    return response


def take(request: Request, ports: Ports) -> Response:
    """Make the run of an archive here."""
    http.arguments(request)
    if request.mimetype != _ZIP:
        problem = Problem("Content-Type", f"it must be {_ZIP}")
        raise http.RefusedError(415, "no_archive", [problem])
    http.limit(request, http.MAX_BATCH, _LARGE, more=1)
    with tempfile.TemporaryFile() as file:
        try:
            shutil.copyfileobj(request.stream, file)
        except RequestEntityTooLarge:
            raise http.too_large(request, http.MAX_BATCH, _LARGE) from None
        if file.tell() > http.MAX_BATCH:
            raise http.too_large(request, http.MAX_BATCH, _LARGE)
        file.seek(0)
        data, new = imports.take(ports, file, actor=http.actor(request))
    return http.answer(
        ports,
        views.summary(ports, data),
        "imported" if new else "it is here already, and the same",
        status=201 if new else 200,
    )


def migrate(request: Request, ports: Ports) -> Response:
    """A page of a collection."""
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    schema.require("migration.json", asked)
    page = migration.migrate(
        ports,
        asked["collection"],
        asked.get("first"),
        dry_run=asked.get("dry_run", False),
    )
    return http.answer(ports, page.as_json(), f"{page.changed} of {page.seen}")


def _stored(ports: Ports, id: str, path: Path) -> str:
    """A URL, for an hour, of the archive; it is stored beside the run."""
    name = (
        f"{exports.run_objects(attempts.experiment(ports, id).data)}/{id}.zip"
    )
    ports.data.write(name, path)
    try:
        return ports.data.signed_download(name, _HOUR).url
    except RefusedError as error:
        problem = Problem("", str(error))
        raise http.RefusedError(502, "not_signed", [problem]) from None


def _shown(data: Json) -> Json:
    hidden = ("op", "schema_version", "boards", "uploads")
    return {k: v for k, v in data.items() if k not in hidden}


ROUTES = (
    Route("POST", "/api/v1/deletions/dry-run", plan, only_asks=True),
    Route("POST", "/api/v1/deletions", delete),
    Route("GET", "/api/v1/deletions/<id>", show),
    Route("GET", "/api/v1/experiments/<id>/archive", archive, changes=True),
    Route("POST", "/api/v1/imports", take),
    Route("POST", "/api/v1/migrations", migrate),
)
