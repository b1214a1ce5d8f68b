"""Secrets in Secret Manager."""

from contextlib import suppress
from functools import cached_property

from google.api_core import exceptions as api
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.types import (
    AccessSecretVersionRequest,
    AddSecretVersionRequest,
    CreateSecretRequest,
    DestroySecretVersionRequest,
    GetSecretRequest,
    ListSecretVersionsRequest,
    Replication,
    Secret,
    SecretPayload,
    SecretVersion,
    UpdateSecretRequest,
)
from google.protobuf.field_mask_pb2 import FieldMask

from mmmflow.cloud import failures
from mmmflow.cloud.clients import client
from mmmflow.cloud.environment import Environment
from mmmflow.domain import secrets
from mmmflow.ports import NotFoundError, SecretState

_TO_READ = "roles/secretmanager.secretAccessor"
_TO_LOOK = "roles/secretmanager.viewer"
_TO_ADD = "roles/secretmanager.secretVersionAdder"
_TO_DESTROY = "roles/secretmanager.secretVersionManager"
_TO_MAKE = "roles/secretmanager.admin"
# On the secret, as its versions bear no labels, and labels no addresses.
_ACTOR = "saved-by"
_ALIVE = "NOT state:DESTROYED"
_ENABLED = "state:ENABLED"
_SECONDS = 10.0


class SecretManager:
    """The secrets `<prefix>-<name>` of one project."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def get(self, name: str) -> str:
        if not secrets.is_name(name):
            raise NotFoundError(f"secret {name}")
        secret = self._environment.secret(name)
        value = self._access(f"{secret}/versions/latest")
        if value is None:  # the latest may be disabled, and an older one not
            for version in self._versions(secret, _ENABLED)[:1]:
                value = self._access(version.name)
        if value is None:
            raise NotFoundError(f"secret {secret}: add a version to it")
        return value

    def state(self, name: str) -> SecretState | None:
        if not secrets.is_name(name):
            return None
        secret = self._environment.secret(name)
        versions = self._versions(secret, _ENABLED)
        if not versions:
            return None
        with failures.told(secret, _TO_LOOK):
            found = self._client.get_secret(
                GetSecretRequest(name=secret),
                retry=failures.RETRY,
                timeout=_SECONDS,
            )
        return SecretState(
            created_at=versions[0].create_time,
            created_by=found.annotations.get(_ACTOR, "nobody knows"),
        )

    def save(self, name: str, value: str, actor: str) -> None:
        self._add(name, value, actor)

    def rotate(self, name: str, value: str, actor: str) -> None:
        added = self._add(name, value, actor)
        secret = self._environment.secret(name)
        for version in self._versions(secret, _ALIVE):
            if _number(version) < _number(added):
                self._destroy(version)

    def clear(self, name: str) -> None:
        if secrets.is_name(name):
            secret = self._environment.secret(name)
            for version in self._versions(secret, _ALIVE):
                self._destroy(version)

    def _access(self, version: str) -> str | None:
        """None if it is not there, disabled or destroyed."""
        with failures.told(version, _TO_READ):
            try:
                found = self._client.access_secret_version(
                    AccessSecretVersionRequest(name=version),
                    retry=failures.RETRY,
                    timeout=_SECONDS,
                )
            except (api.NotFound, api.FailedPrecondition):
                return None
        return found.payload.data.decode().strip()

    def _versions(self, secret: str, state: str) -> list[SecretVersion]:
        """The newest first; none if there is no such secret."""
        request = ListSecretVersionsRequest(parent=secret, filter=state)
        with failures.told(secret, _TO_LOOK):
            try:
                pager = self._client.list_secret_versions(
                    request, retry=failures.RETRY, timeout=_SECONDS
                )
                return sorted(pager, key=_number, reverse=True)
            except api.NotFound:
                return []

    def _add(self, name: str, value: str, actor: str) -> SecretVersion:
        secrets.require(name, value)
        secret = self._environment.secret(name)
        self._sign(secret, actor)
        with failures.told(secret, _TO_ADD):
            # Made once: a repeat could add it twice.
            return self._client.add_secret_version(
                AddSecretVersionRequest(
                    parent=secret, payload=SecretPayload(data=value.encode())
                ),
                retry=None,
                timeout=_SECONDS,
            )

    def _sign(self, secret: str, actor: str) -> None:
        """See that the secret is there, with who saves it."""
        with failures.told(secret, _TO_MAKE):
            try:
                found = self._client.get_secret(
                    GetSecretRequest(name=secret),
                    retry=failures.RETRY,
                    timeout=_SECONDS,
                )
            except api.NotFound:
                self._create(secret, actor)
                return
            signed = Secret(
                name=secret, annotations={**found.annotations, _ACTOR: actor}
            )
            self._client.update_secret(
                UpdateSecretRequest(
                    secret=signed, update_mask=FieldMask(paths=["annotations"])
                ),
                retry=failures.RETRY,
                timeout=_SECONDS,
            )

    def _create(self, secret: str, actor: str) -> None:
        parent, _, name = secret.partition("/secrets/")
        with suppress(api.AlreadyExists):  # somebody else did, just now
            self._client.create_secret(
                CreateSecretRequest(
                    parent=parent,
                    secret_id=name,
                    secret=Secret(
                        replication=Replication(
                            automatic=Replication.Automatic()
                        ),
                        annotations={_ACTOR: actor},
                    ),
                ),
                retry=failures.RETRY,
                timeout=_SECONDS,
            )

    def _destroy(self, version: SecretVersion) -> None:
        with failures.told(version.name, _TO_DESTROY):
            try:
                self._client.destroy_secret_version(
                    DestroySecretVersionRequest(name=version.name),
                    retry=failures.RETRY,
                    timeout=_SECONDS,
                )
            except (api.NotFound, api.FailedPrecondition):
                return  # destroyed already

    @cached_property
    def _client(self) -> SecretManagerServiceClient:
        return client(
            SecretManagerServiceClient, self._environment.secrets_endpoint
        )


def _number(version: SecretVersion) -> int:
    return int(version.name.rpartition("/")[2])
