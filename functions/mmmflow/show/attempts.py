"""What an experiment's current attempt has left in its folder."""

import mimetypes
from typing import Any

from mmmflow import schema
from mmmflow.domain import paths, request
from mmmflow.ports import (
    Document,
    Json,
    NotFoundError,
    ObjectInfo,
    Ports,
    SignedRequest,
)

LOG = "robyn_console.log"
_LOG_PART = 500_000
_LAST_LINES = 500
_HOUR = 3600
_KINDS = (
    ("models", "results/models/", (".json",)),
    ("images", "results/", (".png", ".svg", ".pdf")),
    ("tables", "results/", (".csv", ".parquet")),
)
KINDS = (*(kind for kind, _, _ in _KINDS), "other")


def experiment(ports: Ports, id: str) -> Document:
    """Raises: NotFoundError."""
    document = ports.documents.get("experiments", id)
    if document is None:
        raise NotFoundError(f"experiment {id}")
    return document


def folder(ports: Ports, id: str) -> str:
    """Of the attempt whose result counts, else of the latest one.

    Raises: NotFoundError.
    """
    data = experiment(ports, id).data
    if data["result"]:
        return str(data["result"]["folder"])
    return paths.attempt_folder(request.run_folder(data), data["attempt"])


def object_name(ports: Ports, id: str, file: str) -> str:
    """Of a file in the folder. Raises: NotFoundError."""
    name = f"{folder(ports, id)}/{file}"
    try:
        paths.require_object_name(name)
    except ValueError:
        raise NotFoundError(f"file {file}") from None
    return name


def files(ports: Ports, id: str, kind: str | None) -> list[Json]:
    """Every file, or those of a kind. Raises: NotFoundError."""
    prefix = f"{folder(ports, id)}/"
    shown = (_file(info, prefix) for info in ports.data.list(prefix))
    return [one for one in shown if kind in (None, one["kind"])]


def media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def stat(ports: Ports, id: str, file: str) -> ObjectInfo:
    """Raises: NotFoundError."""
    name = object_name(ports, id, file)
    info = ports.data.stat(name)
    if info is None:
        raise NotFoundError(f"file {file} of experiment {id}")
    return info


def signed(ports: Ports, id: str, file: str) -> Json:
    """A request that reads the file from its bucket, for an hour.

    Raises:
        NotFoundError: there is no such file.
        RefusedError: nothing may be signed here.
    """
    info = stat(ports, id, file)
    request = ports.data.signed_download(info.name, _HOUR)
    return {**_signed(request), "size": info.size, "seconds": _HOUR}


def _signed(request: SignedRequest) -> Json:
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
    }


def json_file(ports: Ports, id: str, file: str) -> Any:
    """What a file holds. Raises: NotFoundError, also where it is no JSON."""
    name = object_name(ports, id, file)
    try:
        return schema.parse(ports.data.read(name))
    except ValueError:
        raise NotFoundError(f"readable {file} of experiment {id}") from None


def log(ports: Ports, id: str, offset: int) -> Json:
    """The console's text from the byte `offset` on, and where it goes on.

    Before the worker has stored any, what the platform kept of its output.

    Raises: NotFoundError.
    """
    data = experiment(ports, id).data
    info = ports.data.stat(object_name(ports, id, LOG))
    if info is None:
        said = data["execution"]
        lines = ports.jobs.log(said, _LAST_LINES) if said else []
        return _part("\n".join(lines), 0, 0)
    start = min(offset, info.size)
    content = ports.data.read(info.name, start=start, length=_LOG_PART)
    whole = _without_half_a_character(content)
    text = whole.decode(errors="replace")
    return _part(text, start + len(whole), info.size)


def _part(text: str, following: int, size: int) -> Json:
    return {"text": text, "next": following, "size": size}


def _without_half_a_character(content: bytes) -> bytes:
    """UTF-8 that does not end within a character of more than one byte."""
    for back in range(1, min(4, len(content) + 1)):
        byte = content[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return content if back >= needed else content[:-back]
    return content


def _file(info: ObjectInfo, prefix: str) -> Json:
    name = info.name.removeprefix(prefix)
    kind = next(
        (
            kind
            for kind, start, ends in _KINDS
            if name.startswith(start) and name.endswith(ends)
        ),
        "other",
    )
    return {
        "name": name,
        "kind": kind,
        "media_type": media_type(name),
        "size": info.size,
        "updated_at": info.updated_at.isoformat(),
    }
