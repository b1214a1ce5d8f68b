"""Objects in Cloud Storage.

Every call that may be made again without harm is, with back-off: creating
and writing over one generation are guarded by the generation. What was read
or written whole is held against its crc32c by the client.
"""

import mimetypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import google.auth
import requests
from google.api_core import exceptions as api
from google.auth.credentials import AnonymousCredentials, Credentials
from google.cloud.storage import Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.fileio import BlobWriter
from google.cloud.storage.retry import DEFAULT_RETRY

from mmmflow.cloud import failures
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.signer import IamSigner
from mmmflow.domain import paths
from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectInfo,
    RefusedError,
    SignedRequest,
)

_TO_READ = "roles/storage.objectViewer"
_TO_WRITE = "roles/storage.objectUser"
_CHUNK = 8 * 1024 * 1024  # of a long upload, that is in memory at once
_FIELDS = "items(name,generation,size,updated),nextPageToken"
_MOST_DIGITS = 18  # of a generation, a signed number of 64 bits
_NO_BUCKET_LOOK_UP = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# Of the client's own kind, as uploads and downloads take no other.
_RETRY = DEFAULT_RETRY.with_delay(0.2, 4.0, 2.0).with_timeout(20.0)
_CALL: dict[str, Any] = {"retry": _RETRY, "timeout": (5.0, 60.0)}


class Writer:
    """Uploads an object in parts; it is there once `finish` returns."""

    def __init__(self, bucket: "StorageBucket", name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._stream: Any = BlobWriter(
            bucket.blob(name),
            chunk_size=_CHUNK,
            if_generation_match=0,
            content_type=_kind(name),
            checksum="crc32c",
            **_CALL,
        )
        self._info: ObjectInfo | None = None

    @property
    def info(self) -> ObjectInfo:
        if self._info is None:
            raise ValueError(f"{self._name} is not written yet")
        return self._info

    def write(self, data: bytes, /) -> int:
        with self._bucket.told(self._name, _TO_WRITE, AlreadyExistsError):
            return int(self._stream.write(data))

    def finish(self) -> None:
        with self._bucket.told(self._name, _TO_WRITE, AlreadyExistsError):
            self._stream.close()
        self._info = self._bucket.stat(self._name)

    def abandon(self) -> None:
        """What was sent is forgotten, at the latest in a week."""
        with suppress(requests.RequestException):
            self._stream.terminate()


class StorageBucket:
    """One bucket; `signer` is None where nothing is to be signed."""

    def __init__(
        self, client: Client, name: str, signer: IamSigner | None
    ) -> None:
        self._client = client
        self._bucket: Any = client.bucket(name)
        self._name = name
        self._signer = signer

    @property
    def name(self) -> str:
        return self._name

    def uri(self, name: str) -> str:
        return f"gs://{self._name}/{name}"

    def create(self, name: str, content: bytes | Path) -> ObjectInfo:
        return self._upload(name, content, "0", AlreadyExistsError)

    def write(
        self, name: str, content: bytes | Path, generation: str | None = None
    ) -> ObjectInfo:
        return self._upload(name, content, generation, ConflictError)

    @contextmanager
    def open_write(self, name: str) -> Iterator[Writer]:
        paths.require_object_name(name)
        writer = Writer(self, name)
        try:
            yield writer
        except BaseException:
            writer.abandon()
            raise
        writer.finish()

    def read(
        self,
        name: str,
        generation: str | None = None,
        *,
        start: int = 0,
        length: int | None = None,
    ) -> bytes:
        blob = self._readable(name, generation)
        if length == 0:
            with self.told(name, _TO_READ):
                blob.reload(**_CALL)
            return b""
        part: dict[str, Any] = {"checksum": "crc32c"}
        if start or length is not None:  # the checksum is of the whole
            end = None if length is None else start + length - 1
            part = {"start": start, "end": end, "checksum": None}
        with self.told(name, _TO_READ):
            try:
                return bytes(blob.download_as_bytes(**part, **_CALL))
            except api.RequestRangeNotSatisfiable:  # it ends before
                return b""

    def download(
        self, name: str, path: Path, generation: str | None = None
    ) -> None:
        blob = self._readable(name, generation)
        with self.told(name, _TO_READ):
            blob.download_to_filename(str(path), checksum="crc32c", **_CALL)

    def stat(self, name: str) -> ObjectInfo | None:
        blob = self.blob(name)
        try:
            with self.told(name, _TO_READ):
                blob.reload(**_CALL)
        except NotFoundError:
            return None
        return _info(blob)

    def list(self, prefix: str) -> list[ObjectInfo]:
        with self.told(prefix, _TO_READ):
            blobs = self._client.list_blobs(
                self._bucket, prefix=prefix, fields=_FIELDS, **_CALL
            )
            return [_info(blob) for blob in blobs]

    def delete(self, name: str) -> None:
        with suppress(NotFoundError), self.told(name, _TO_WRITE):
            self.blob(name).delete(**_CALL)

    def signed_upload(
        self, name: str, size_limit: int, content_type: str, seconds: int
    ) -> SignedRequest:
        paths.require_object_name(name)
        headers = {"x-goog-content-length-range": f"0,{size_limit}"}
        url = self.blob(name).generate_signed_url(
            version="v4",
            method="PUT",
            expiration=timedelta(seconds=seconds),
            content_type=content_type,
            headers=headers,
            credentials=self._require_signer(),
        )
        headers["Content-Type"] = content_type
        return SignedRequest("PUT", url, headers)

    def signed_download(self, name: str, seconds: int) -> SignedRequest:
        paths.require_object_name(name)
        url = self.blob(name).generate_signed_url(
            version="v4",
            method="GET",
            expiration=timedelta(seconds=seconds),
            response_disposition="attachment",
            credentials=self._require_signer(),
        )
        return SignedRequest("GET", url, {})

    def blob(self, name: str, generation: int | None = None) -> Any:
        """Without a chunk size, with which a download is not verified."""
        return self._bucket.blob(name, generation=generation)

    @contextmanager
    def told(
        self,
        name: str,
        role: str,
        refusal: type[Exception] = ConflictError,
    ) -> Iterator[None]:
        """Raise what the client raises in words of the ports."""
        place = f"{self._name}/{name}"
        with failures.told(f"bucket {self._name}", role):
            try:
                yield
            except InvalidResponse as error:
                found = api.from_http_response(error.response)
                if isinstance(found, api.PreconditionFailed):
                    raise refusal(place) from None
                raise found from error
            except api.PreconditionFailed:
                raise refusal(place) from None
            except api.NotFound as error:
                if _is_about_bucket(error):
                    raise
                raise NotFoundError(place) from None
            except (requests.RequestException, DataCorruption) as error:
                raise api.ServiceUnavailable(str(error)) from error

    def _upload(
        self,
        name: str,
        content: bytes | Path,
        generation: str | None,
        refusal: type[Exception],
    ) -> ObjectInfo:
        paths.require_object_name(name)
        if generation is not None and not _is_generation(generation):
            raise refusal(f"{self._name}/{name}")
        blob = self.blob(name)
        blob.chunk_size = _CHUNK
        options = {
            **_CALL,
            "content_type": _kind(name),
            "checksum": "crc32c",
            "if_generation_match": None
            if generation is None
            else int(generation),
        }
        with self.told(name, _TO_WRITE, refusal):
            if isinstance(content, bytes):
                blob.upload_from_string(content, **options)
            else:
                blob.upload_from_filename(str(content), **options)
        return _info(blob)

    def _readable(self, name: str, generation: str | None) -> Any:
        missing = NotFoundError(f"{self._name}/{name}")
        try:
            paths.require_object_name(name)
        except ValueError:
            raise missing from None
        if generation is None:
            return self.blob(name)
        if not _is_generation(generation) or int(generation) == 0:
            raise missing
        return self.blob(name, int(generation))

    def _require_signer(self) -> IamSigner:
        if self._signer is None:
            raise RefusedError(
                "nothing can be signed: MMMFLOW_SIGNER names no account"
            )
        return self._signer


def open_buckets(
    environment: Environment,
) -> tuple[StorageBucket, StorageBucket]:
    """The buckets `uploads` and `data`, by one client."""
    credentials = _credentials()
    client = _client(environment.project, credentials)
    signer = None
    if environment.signer:
        signer = IamSigner(
            credentials, environment.signer, environment.iam_endpoint
        )
    return (
        StorageBucket(client, environment.uploads, signer),
        StorageBucket(client, environment.data, signer),
    )


def open_run(project: str, uri: str) -> tuple[StorageBucket, str]:
    """The data bucket, and the name in it of the run's folder.

    Raises:
        ValueError: the URI is not `gs://bucket/name`.
    """
    scheme, _, place = uri.partition("://")
    bucket, _, name = place.partition("/")
    if scheme != "gs" or not bucket or not name:
        raise ValueError(f"{uri!r} is not gs://bucket/name")
    client = _client(project, _credentials())
    return StorageBucket(client, bucket, None), name


def _client(project: str, credentials: Credentials) -> Client:
    """It would ask for the bucket itself, for traces that nobody keeps."""
    os.environ.setdefault(_NO_BUCKET_LOOK_UP, "true")
    return Client(project=project, credentials=credentials)


def _credentials() -> Credentials:
    """Those of the environment; a stand-in needs none."""
    if "STORAGE_EMULATOR_HOST" in os.environ:
        return AnonymousCredentials()
    found, _ = google.auth.default(scopes=(_SCOPE,))
    return found


def _info(blob: Any) -> ObjectInfo:
    return ObjectInfo(blob.name, str(blob.generation), blob.size, blob.updated)


def _kind(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _is_generation(text: str) -> bool:
    return text.isdecimal() and len(text) <= _MOST_DIGITS


def _is_about_bucket(error: api.NotFound) -> bool:
    """The bucket is missing, not an object in it."""
    return "bucket does not exist" in str(error.message)
