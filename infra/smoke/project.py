"""A deployment in a real project, asked with the caller's own credentials."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from mmmflow.cloud.environment import Environment
from mmmflow.cloud.ports import CloudPorts

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = 30.0
_MOST_SAID = 300


class NoCredentialsError(Exception):
    """Nobody is signed in, or not to this project."""


class UnexpectedError(Exception):
    """A claim does not hold, or could not be tested; and why."""


@dataclass(frozen=True)
class Project:
    """What is deployed, by its names."""

    environment: Environment

    @cached_property
    def session(self) -> AuthorizedSession:
        """Raises: NoCredentialsError."""
        try:
            credentials, _ = google.auth.default(scopes=(_SCOPE,))
        except GoogleAuthError as error:
            raise NoCredentialsError(str(error)) from None
        return AuthorizedSession(credentials)

    @cached_property
    def ports(self) -> CloudPorts:
        """The adapters that the functions use, with the caller's rights."""
        return CloudPorts(self.environment)

    def get(self, url: str, **parameters: str) -> dict[str, Any]:
        """The JSON that one of Google's APIs answers with.

        Raises: NoCredentialsError; UnexpectedError.
        """
        return self._asked("GET", url, params=parameters)

    def post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        """As `get`, of a call with a body."""
        return self._asked("POST", url, json=body)

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            response = self.session.request(
                method, url, timeout=_SECONDS, **more
            )
        except GoogleAuthError as error:
            raise NoCredentialsError(str(error)) from None
        except requests.RequestException as error:
            raise UnexpectedError(f"{url}: {error}") from None
        if not response.ok:
            said = " ".join(response.text.split())[:_MOST_SAID]
            raise UnexpectedError(f"{response.status_code} of {url}: {said}")
        found: dict[str, Any] = response.json()
        return found

    def function(self, name: str) -> dict[str, Any]:
        full = self._regional("functions", name)
        return self.get(f"https://cloudfunctions.googleapis.com/v2/{full}")

    def service(self, name: str) -> dict[str, Any]:
        full = self._regional("services", name)
        return self.get(f"https://run.googleapis.com/v2/{full}")

    def job(self, name: str) -> dict[str, Any]:
        full = self.environment.job(name)
        return self.get(f"https://run.googleapis.com/v2/{full}")

    def pubsub(self, name: str) -> dict[str, Any]:
        return self.get(f"https://pubsub.googleapis.com/v1/{quote(name)}")

    def account(self, name: str) -> str:
        """The mail address of a service account of the deployment."""
        at = f"{self.environment.project}.iam.gserviceaccount.com"
        return f"{self.environment.prefix}-{name}@{at}"

    def _regional(self, kind: str, name: str) -> str:
        where = self.environment
        parent = f"projects/{where.project}/locations/{where.region}"
        return f"{parent}/{kind}/{where.prefix}-{name}"


def project(id: str, environment: str, region: str) -> Project:
    """The project as Terraform names what is in it."""
    prefix = f"mmmflow-{environment}"
    os.environ.setdefault("GOOGLE_CLOUD_PROJECT", id)
    return Project(
        Environment(
            project=id,
            region=region,
            prefix=prefix,
            database=prefix,
            uploads=f"{id}-{prefix}-uploads",
            data=f"{id}-{prefix}-data",
        )
    )


def require(holds: object, otherwise: str) -> None:
    """Raises: UnexpectedError, unless it holds."""
    if not holds:
        raise UnexpectedError(otherwise)
