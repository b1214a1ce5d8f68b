"""Files that a person uploads: by a signed URL, straight into the bucket."""

import re

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain import paths
from mmmflow.domain.errors import InvalidInputError, Problem
from mmmflow.ports import Bucket, Json, Ports, RefusedError

_SECONDS = 900
_FILE = re.compile(r"[^/\\\x00-\x1f\x7f]{1,200}")


def sign(request: Request, ports: Ports) -> Response:
    """A request that puts one file of that size into the country's folder."""
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    schema.require("upload.json", asked)
    file = asked["file"]
    if not _FILE.fullmatch(file) or file.startswith("."):
        raise InvalidInputError.of(
            "file", "a name without folders that begins with no dot"
        )
    name = f"{asked['country']}/{file}"
    found = _signed(ports.uploads, name, asked["size"], asked["content_type"])
    word = "send the file there; it becomes a dataset"
    return http.answer(ports, found, word, status=201)


def sign_annotations(request: Request, ports: Ports) -> Response:
    """A request that puts a country's annotations where they are named."""
    http.arguments(request)
    asked = http.without_actor(http.body(request))
    schema.require("annotations.json", asked)
    name = paths.annotations(asked["country"], asked["file"])
    found = _signed(ports.data, name, asked["size"], "text/csv")
    word = f"send the file there; an experiment names it {name}"
    return http.answer(ports, found, word, status=201)


def _signed(bucket: Bucket, name: str, size: int, content_type: str) -> Json:
    """Raises: http.RefusedError."""
    try:
        signed = bucket.signed_upload(name, size, content_type, _SECONDS)
    except RefusedError as error:
        problem = Problem("", str(error))
        raise http.RefusedError(502, "not_signed", [problem]) from None
    return {
        "name": name,
        "method": signed.method,
        "url": signed.url,
        "headers": dict(signed.headers),
        "size": size,
        "seconds": _SECONDS,
    }


ROUTES = (
    Route("POST", "/api/v1/uploads", sign),
    Route("POST", "/api/v1/annotations", sign_annotations),
)
