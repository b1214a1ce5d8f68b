"""A server that speaks Cloud Storage's JSON API, for tests.

Uploads (whole, multipart, resumable), generations and their preconditions,
ranges, lists in pages, notifications to Pub/Sub, V4-signed URLs and the IAM
call that signs them. Everything is in memory. It can be told to fail:
`POST /_faults {"every": 10}`, see `Faults`.
"""

import argparse
import base64
import json
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.client import HTTPException as NoAnswerError
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tests.emulators import processes, storage_signatures
from tests.emulators.storage_objects import (
    Json,
    Objects,
    Preconditions,
    StorageError,
    Stored,
    crc32c,
)
from tests.emulators.storage_uploads import Session, Uploads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_API = "/storage/v1/b"
_OBJECTS = "/<bucket>/o"
_ROUTES = Map(
    [
        Rule(_API, methods=["POST"], endpoint="create_bucket"),
        Rule(f"{_API}/<bucket>", methods=["GET"], endpoint="bucket"),
        Rule(
            f"{_API}/<bucket>/notificationConfigs",
            methods=["GET", "POST"],
            endpoint="notifications",
        ),
        Rule(f"{_API}{_OBJECTS}", methods=["GET"], endpoint="list"),
        Rule(
            f"{_API}{_OBJECTS}/<path:name>",
            methods=["GET", "DELETE"],
            endpoint="object",
        ),
        Rule(
            f"/download{_API}{_OBJECTS}/<path:name>",
            methods=["GET"],
            endpoint="download",
        ),
        Rule(f"/upload{_API}{_OBJECTS}", endpoint="upload"),
        Rule(
            "/v1/projects/-/serviceAccounts/<account>:signBlob",
            methods=["POST"],
            endpoint="sign_blob",
        ),
        Rule("/_faults", methods=["POST"], endpoint="faults"),
        Rule("/<bucket>/<path:name>", endpoint="signed"),
    ],
    merge_slashes=False,
)
_NEVER_FAIL = ("faults", "sign_blob")


@dataclass
class Faults:
    """What goes wrong, until it is told otherwise.

    Attributes:
        every: one call in so many is answered with 503; 0 for none.
        applied: whether such a call is carried out all the same.

    Besides them `cuts` says of how many parts of resumable uploads only one
    half is stored, the call being answered with 503.
    """

    every: int = 0
    applied: bool = False
    calls: int = 0


class Server:
    """The WSGI application."""

    def __init__(self, pubsub: str = "") -> None:
        self._pubsub = pubsub
        self._objects = Objects(self._publish)
        self._uploads = Uploads(self._objects)
        self._plan = Faults()
        self._lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start)

    def _answer(self, request: Request) -> Response:
        try:
            endpoint, values = _ROUTES.bind_to_environ(request.environ).match()
            request.get_data()  # else what is left would be the next request
            fails = endpoint not in _NEVER_FAIL and self._fails()
            if not fails or self._plan.applied:
                response: Response = getattr(self, f"_{endpoint}")(
                    request, **values
                )
            if fails:
                raise StorageError(503, "backendError", "Told to fail.")
        except StorageError as error:
            return _refusal(error, request.path)
        except HTTPException as error:
            return Response(error.description, error.code)
        return response

    def _fails(self) -> bool:
        with self._lock:
            self._plan.calls += 1
            every = self._plan.every
            return every > 0 and self._plan.calls % every == 0

    def _create_bucket(self, request: Request) -> Response:
        return _json(self._objects.create_bucket(request.get_json()["name"]))

    def _bucket(self, request: Request, bucket: str) -> Response:
        return _json(self._objects.bucket_resource(bucket))

    def _notifications(self, request: Request, bucket: str) -> Response:
        if request.method == "POST":
            return _json(self._objects.notify(bucket, request.get_json()))
        return _json({"items": self._objects.notifications(bucket)})

    def _list(self, request: Request, bucket: str) -> Response:
        after = request.args.get("pageToken", "")
        size = min(int(request.args.get("maxResults", 1000)), 1000)
        prefix = request.args.get("prefix", "")
        found, more = self._objects.page(
            bucket, prefix, base64.b64decode(after).decode(), size
        )
        page: Json = {"items": [stored.resource() for stored in found]}
        if more:
            page["nextPageToken"] = base64.b64encode(more.encode()).decode()
        return _json(page)

    def _object(self, request: Request, bucket: str, name: str) -> Response:
        if request.method == "DELETE":
            self._objects.delete(bucket, name, _preconditions(request))
            return Response(status=204)
        if request.args.get("alt") == "media":
            return self._download(request, bucket, name)
        found = self._objects.get(bucket, name, _generation(request))
        return _json(found.resource())

    def _download(self, request: Request, bucket: str, name: str) -> Response:
        found = self._objects.get(bucket, name, _generation(request))
        return _content(request, found)

    def _upload(self, request: Request, bucket: str) -> Response:
        if "upload_id" in request.args:
            return self._upload_part(request, request.args["upload_id"])
        conditions = _preconditions(request)
        kind = request.args["uploadType"]
        if kind == "resumable":
            asked = request.get_json(force=True, silent=True) or {}
            name = asked.get("name") or request.args["name"]
            sent_as = request.headers.get("X-Upload-Content-Type", "")
            session = Session(
                bucket, name, asked.get("contentType") or sent_as, conditions
            )
            where = f"{request.url}&upload_id={self._uploads.begin(session)}"
            return Response(headers={"Location": where, "Content-Length": "0"})
        if kind == "media":
            asked, content = {}, request.get_data()
        else:
            asked, content = _multipart(request)
        if asked.get("crc32c", crc32c(content)) != crc32c(content):
            raise StorageError(400, "invalid", "The checksum does not match.")
        stored = self._objects.put(
            bucket,
            asked.get("name") or request.args["name"],
            content,
            asked.get("contentType", ""),
            conditions,
        )
        return _json(stored.resource())

    def _upload_part(self, request: Request, id: str) -> Response:
        if request.method == "DELETE":
            self._uploads.cancel(id)
            return Response(status=499)
        checksum = request.headers.get("X-Goog-Hash", "")
        made, held = self._uploads.take(
            id,
            request.headers.get("Content-Range", ""),
            request.get_data(),
            checksum.removeprefix("crc32c=") if "crc32c=" in checksum else "",
        )
        if made is not None:
            return _json(made.resource())
        so_far = {"Range": f"bytes=0-{held - 1}"} if held else {}
        return Response(status=308, headers=so_far)

    def _signed(self, request: Request, bucket: str, name: str) -> Response:
        """The XML API; only what a signature allows."""
        sent = urlsplit(str(request.environ["REQUEST_URI"]))
        headers = {key.lower(): value for key, value in request.headers}
        method = "GET" if request.method == "HEAD" else request.method
        storage_signatures.verify(method, sent.path, sent.query, headers)
        if method == "GET":
            return _content(request, self._objects.get(bucket, name))
        content = request.get_data()
        storage_signatures.require_length(headers, len(content))
        kind = headers.get("content-type", "")
        self._objects.put(bucket, name, content, kind, Preconditions())
        return Response()

    def _sign_blob(self, request: Request, account: str) -> Response:
        """The IAM credentials API: a signature without a key at hand."""
        payload = base64.b64decode(request.get_json()["payload"])
        signature = storage_signatures.sign(payload)
        signed = base64.b64encode(signature).decode()
        return _json({"keyId": account, "signedBlob": signed})

    def _faults(self, request: Request) -> Response:
        asked = request.get_json()
        self._uploads.cuts = asked.pop("cuts", 0)
        self._plan = Faults(**asked)
        return _json(asked)

    def _publish(
        self, topic: str, attributes: Mapping[str, str], payload: Json
    ) -> None:
        if not self._pubsub:
            return
        data = json.dumps(payload).encode() if payload else b""
        message = {
            "data": base64.b64encode(data).decode(),
            "attributes": dict(attributes),
        }
        body = json.dumps({"messages": [message]})
        connection = HTTPConnection(self._pubsub, timeout=10)
        try:
            connection.request("POST", f"/v1/{topic}:publish", body)
            status = connection.getresponse().status
        except (OSError, NoAnswerError) as error:
            print(f"{topic} was not told: {error}", file=sys.stderr)
        else:
            if status != 200:
                print(f"{topic} was not told: {status}", file=sys.stderr)
        finally:
            connection.close()


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it."""


def start(pubsub: str = "", port: int | None = None) -> processes.Server:
    """Start it, empty, as a process of its own.

    Args:
        pubsub: `host:port` of the Pub/Sub that is told of objects.
        port: to listen on; a free one, unless it has to be the same again.
    """
    port = processes.free_port() if port is None else port
    command = [sys.executable, "-m", __name__, "--port", str(port)]
    return processes.start([*command, "--pubsub", pubsub], port)


@contextmanager
def emulated(pubsub: str = "") -> Iterator[str]:
    """The URL, for STORAGE_EMULATOR_HOST."""
    server = start(pubsub)
    try:
        yield f"http://{server.address}"
    finally:
        server.stop()


def _preconditions(request: Request) -> Preconditions:
    return Preconditions(
        request.args.get("ifGenerationMatch", type=int),
        request.args.get("ifGenerationNotMatch", type=int),
    )


def _generation(request: Request) -> int | None:
    return request.args.get("generation", type=int)


def _multipart(request: Request) -> tuple[Json, bytes]:
    """The two parts of a multipart/related body: metadata and content."""
    boundary = request.mimetype_params["boundary"].encode()
    _, first, rest = request.get_data().split(b"--" + boundary, 2)
    asked: Json = json.loads(first.partition(b"\r\n\r\n")[2])
    head, _, content = rest.partition(b"\r\n\r\n")
    kind = head.partition(b":")[2].strip().decode()
    end = content.rindex(b"\r\n--" + boundary + b"--")
    return {"contentType": kind, **asked}, content[:end]


def _content(request: Request, stored: Stored) -> Response:
    headers = {
        "X-Goog-Hash": f"crc32c={stored.crc32c},md5={stored.md5}",
        "X-Goog-Generation": str(stored.generation),
        "X-Goog-Stored-Content-Length": str(len(stored.content)),
        "Accept-Ranges": "bytes",
        "ETag": f'"g{stored.generation}"',
    }
    disposition = request.args.get("response-content-disposition")
    if disposition:
        headers["Content-Disposition"] = disposition
    response = Response(
        stored.content, headers=headers, content_type=stored.content_type
    )
    if request.range is None:
        return response
    size = len(stored.content)
    found = request.range.range_for_length(size)
    if found is None:
        what = "The requested range cannot be satisfied."
        raise StorageError(416, "requestedRangeNotSatisfiable", what)
    start, end = found
    response.set_data(stored.content[start:end])
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _json(content: Json) -> Response:
    return Response(json.dumps(content), content_type="application/json")


def _refusal(error: StorageError, path: str) -> Response:
    if not path.startswith(("/storage", "/upload", "/download")):
        text = (
            f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>"
            f"{error.reason}</Code><Message>{error.message}</Message></Error>"
        )
        return Response(text, error.status, content_type="application/xml")
    reason = {"reason": error.reason, "message": error.message}
    content = {
        "error": {
            "code": error.status,
            "message": error.message,
            "errors": [reason],
        }
    }
    response = _json(content)
    response.status_code = error.status
    return response


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pubsub", default="", help="host:port to tell")
    options = parser.parse_args()
    make_server(
        "127.0.0.1",
        options.port,
        Server(options.pubsub),
        threaded=True,
        request_handler=_Handler,
    ).serve_forever()


if __name__ == "__main__":
    main()
