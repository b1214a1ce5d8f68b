"""The status page: static files."""

import mimetypes
from importlib import resources

from flask import Request, Response

from mmmflow.api.http import Route
from mmmflow.ports import Ports

_FILES = (
    "api.js",
    "app.js",
    "champions.js",
    "datasets.js",
    "elements.js",
    "experiments.js",
    "form.js",
    "icon.svg",
    "style.css",
    "words.js",
)
_NAMES = ", ".join(f"'{name}'" for name in _FILES)


def page(request: Request, ports: Ports, name: str = "index.html") -> Response:
    del request, ports
    file = resources.files("mmmflow").joinpath("page", name)
    kind = mimetypes.guess_type(name)[0]
    return Response(file.read_bytes(), mimetype=kind)


ROUTES = (
    Route("GET", "/", page),
    Route("GET", f"/<any({_NAMES}):name>", page),
)
