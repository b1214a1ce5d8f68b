"""The status page: static files."""

import mimetypes
from importlib import resources

from flask import Request, Response

from mmmflow.api.http import Route
from mmmflow.ports import Ports

_FILES = {"": "index.html", "style.css": "style.css", "app.js": "app.js"}


def page(request: Request, ports: Ports, name: str = "") -> Response:
    del request, ports
    file = resources.files("mmmflow").joinpath("page", _FILES[name])
    kind = mimetypes.guess_type(_FILES[name])[0]
    return Response(file.read_bytes(), mimetype=kind)


ROUTES = (
    Route("GET", "/", page),
    Route("GET", "/<any('style.css', 'app.js'):name>", page),
)
