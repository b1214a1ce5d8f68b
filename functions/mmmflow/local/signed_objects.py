"""What signed URLs point to on one machine: objects, up and down."""

import mimetypes
import os
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from werkzeug.exceptions import (
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)
from werkzeug.wrappers import Request, Response

from mmmflow.local import signatures
from mmmflow.local.objects import FolderBucket
from mmmflow.local.signatures import Grant, NotGrantedError
from mmmflow.ports import NotFoundError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CHUNK = 1024 * 1024
# A file of somebody else's must not act as a page of this server.
_HARMLESS = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


class SignedObjects:
    """Answers signed requests itself, and hands on all others."""

    def __init__(
        self, app: "WSGIApplication", buckets: Iterable[FolderBucket]
    ) -> None:
        self._app = app
        self._buckets = {bucket.name: bucket for bucket in buckets}

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith(f"{signatures.PREFIX}/"):
            return self._app(environ, start)
        try:
            response = self._answer(request)
        except HTTPException as refused:
            return refused(environ, start)
        return response(environ, start)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD", "PUT"):
            raise MethodNotAllowed(["GET", "HEAD", "PUT"])
        place = request.path.removeprefix(f"{signatures.PREFIX}/")
        bucket_name, _, name = place.partition("/")
        if bucket_name not in self._buckets:
            raise NotFound(f"there is no bucket {bucket_name}")
        bucket = self._buckets[bucket_name]
        try:
            grant = signatures.granted(
                bucket.signing_key,
                request.method,
                bucket_name,
                name,
                request.args,
            )
        except NotGrantedError as refused:
            raise Forbidden(str(refused)) from None
        if grant.method == "PUT":
            return _store(bucket, grant, request)
        return _send(bucket, name)


def _store(bucket: FolderBucket, grant: Grant, request: Request) -> Response:
    if request.headers.get("Content-Type", "") != grant.content_type:
        raise Forbidden(f"the content was to be {grant.content_type}")
    too_large = RequestEntityTooLarge(f"at most {grant.size_limit} bytes")
    if (request.content_length or 0) > grant.size_limit:
        raise too_large
    taken = 0
    with bucket.open_replace(grant.name) as writer:
        while chunk := request.stream.read(_CHUNK):
            taken += len(chunk)
            if taken > grant.size_limit:
                raise too_large
            writer.write(chunk)
    return Response(status=200)


def _send(bucket: FolderBucket, name: str) -> Response:
    opened = ExitStack()
    try:
        file = opened.enter_context(bucket.open_read(name))
    except NotFoundError:
        raise NotFound(f"there is no object {name}") from None
    response = Response(
        iter(partial(file.read, _CHUNK), b""),
        headers=_HARMLESS,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
    response.content_length = os.fstat(file.fileno()).st_size
    response.call_on_close(opened.close)
    return response
