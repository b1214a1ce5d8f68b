"""Secret Manager: secrets and their versions.

Speaks `google.cloud.secretmanager.v1.SecretManagerService` as far as it is
used here; a filter is one state of versions, or NOT one.

As a process of its own: `python -m tests.emulators.secrets --port P`.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
from google.cloud.secretmanager_v1.types import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    AddSecretVersionRequest,
    CreateSecretRequest,
    DestroySecretVersionRequest,
    DisableSecretVersionRequest,
    GetSecretRequest,
    ListSecretVersionsRequest,
    ListSecretVersionsResponse,
    Secret,
    SecretPayload,
    SecretVersion,
    UpdateSecretRequest,
)

from tests.emulators import processes
from tests.emulators.grpc_server import Method, Services, refuse, serve

_State = SecretVersion.State


@dataclass
class _Kept:
    """A secret, its versions, and their values until they are destroyed."""

    secret: Secret
    versions: list[SecretVersion] = field(default_factory=list)
    values: dict[str, bytes] = field(default_factory=dict)


class SecretManagerService:
    """The secrets of every project that asks."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._guard = threading.Lock()

    @property
    def services(self) -> Services:
        return {
            "google.cloud.secretmanager.v1.SecretManagerService": {
                "CreateSecret": Method(
                    self._create, CreateSecretRequest, Secret
                ),
                "GetSecret": Method(self._get, GetSecretRequest, Secret),
                "UpdateSecret": Method(
                    self._update, UpdateSecretRequest, Secret
                ),
                "AddSecretVersion": Method(
                    self._add, AddSecretVersionRequest, SecretVersion
                ),
                "AccessSecretVersion": Method(
                    self._access,
                    AccessSecretVersionRequest,
                    AccessSecretVersionResponse,
                ),
                "ListSecretVersions": Method(
                    self._list,
                    ListSecretVersionsRequest,
                    ListSecretVersionsResponse,
                ),
                "DisableSecretVersion": Method(
                    self._disable, DisableSecretVersionRequest, SecretVersion
                ),
                "DestroySecretVersion": Method(
                    self._destroy, DestroySecretVersionRequest, SecretVersion
                ),
            }
        }

    def _create(self, request: CreateSecretRequest, context: Any) -> Secret:
        name = f"{request.parent}/secrets/{request.secret_id}"
        with self._guard:
            if name in self._kept:
                refuse(
                    context,
                    grpc.StatusCode.ALREADY_EXISTS,
                    f"Secret [{name}] already exists.",
                )
            secret = Secret(request.secret)
            secret.name = name
            secret.create_time = datetime.now(UTC)
            self._kept[name] = _Kept(secret)
        return secret

    def _get(self, request: GetSecretRequest, context: Any) -> Secret:
        return self._found(request.name, context).secret

    def _update(self, request: UpdateSecretRequest, context: Any) -> Secret:
        kept = self._found(request.secret.name, context)
        for path in request.update_mask.paths:
            setattr(kept.secret, path, getattr(request.secret, path))
        return kept.secret

    def _add(
        self, request: AddSecretVersionRequest, context: Any
    ) -> SecretVersion:
        kept = self._found(request.parent, context)
        with self._guard:
            version = SecretVersion(
                name=f"{request.parent}/versions/{len(kept.versions) + 1}",
                create_time=datetime.now(UTC),
                state=_State.ENABLED,
            )
            kept.versions.append(version)
            kept.values[version.name] = request.payload.data
        return version

    def _access(
        self, request: AccessSecretVersionRequest, context: Any
    ) -> AccessSecretVersionResponse:
        version, kept = self._version(request.name, context)
        if version.state != _State.ENABLED:
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Secret Version [{version.name}] is in"
                f" {_State(version.state).name} state.",
            )
        payload = SecretPayload(data=kept.values[version.name])
        return AccessSecretVersionResponse(name=version.name, payload=payload)

    def _list(
        self, request: ListSecretVersionsRequest, context: Any
    ) -> ListSecretVersionsResponse:
        kept = self._found(request.parent, context)
        negated = request.filter.startswith("NOT ")
        wanted = request.filter.removeprefix("NOT ").removeprefix("state:")
        found = [
            version
            for version in reversed(kept.versions)
            if (_State(version.state).name == wanted) is not negated
        ]
        return ListSecretVersionsResponse(versions=found)

    def _disable(
        self, request: DisableSecretVersionRequest, context: Any
    ) -> SecretVersion:
        version, _ = self._version(request.name, context)
        _set(version, _State.DISABLED)
        return version

    def _destroy(
        self, request: DestroySecretVersionRequest, context: Any
    ) -> SecretVersion:
        version, kept = self._version(request.name, context)
        if version.state == _State.DESTROYED:
            refuse(
                context,
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Secret Version [{version.name}] is in DESTROYED state.",
            )
        _set(version, _State.DESTROYED)
        version.destroy_time = datetime.now(UTC)
        del kept.values[version.name]
        return version

    def _found(self, name: str, context: Any) -> _Kept:
        kept = self._kept.get(name)
        if kept is None:
            refuse(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"Secret [{name}] not found.",
            )
        return kept

    def _version(self, name: str, context: Any) -> tuple[SecretVersion, _Kept]:
        """`latest` is the version made last, whatever its state."""
        secret, _, number = name.partition("/versions/")
        kept = self._found(secret, context)
        if number == "latest" and kept.versions:
            return kept.versions[-1], kept
        for version in kept.versions:
            if version.name == name:
                return version, kept
        return refuse(
            context,
            grpc.StatusCode.NOT_FOUND,
            f"Secret Version [{name}] not found.",
        )


def _set(version: SecretVersion, state: int) -> None:
    SecretVersion.pb(version).state = state


@contextmanager
def emulated() -> Iterator[processes.Server]:
    """A process of its own, for MMMFLOW_SECRETS_ENDPOINT."""
    port = processes.free_port()
    module = [sys.executable, "-m", "tests.emulators.secrets"]
    with processes.running([*module, f"--port={port}"], port) as server:
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    server, _ = serve(SecretManagerService().services, options.port)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(None))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
