"""The status page: static files."""

import mimetypes
from importlib import resources

from flask import Request, Response

from mmmflow.api.http import Route
from mmmflow.ports import Ports

_FOLDER = resources.files("mmmflow").joinpath("page")
_SENT = (".js", ".css", ".svg")
_NAMES = ", ".join(
    f"'{file.name}'"
    for file in sorted(_FOLDER.iterdir(), key=lambda file: file.name)
    if file.name.endswith(_SENT)
)


def page(request: Request, ports: Ports, name: str = "index.html") -> Response:
    del request, ports
    kind = mimetypes.guess_type(name)[0]
    return Response(_FOLDER.joinpath(name).read_bytes(), mimetype=kind)


ROUTES = (
    Route("GET", "/", page),
    Route("GET", f"/<any({_NAMES}):name>", page),
)
