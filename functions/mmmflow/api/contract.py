"""The contract of this API, and the schemas that it refers to."""

from importlib import resources

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.ports import NotFoundError, Ports

_TYPES = {".json": "application/schema+json", ".yaml": "application/yaml"}


def show(request: Request, ports: Ports, name: str) -> Response:
    del ports
    http.arguments(request)
    folder = resources.files("mmmflow").joinpath("schemas")
    if name not in {file.name for file in folder.iterdir()}:
        raise NotFoundError(f"schema {name}")
    kind = next(k for end, k in _TYPES.items() if name.endswith(end))
    content = folder.joinpath(name).read_bytes()
    return Response(content, content_type=kind)


ROUTES = (Route("GET", "/api/v1/schemas/<name>", show),)
