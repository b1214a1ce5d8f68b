"""Signatures of a service account whose key nobody holds.

The IAM credentials API signs for whoever may create the account's tokens:
on Cloud Run the function's own account, once it has that role on itself.
https://cloud.google.com/iam/docs/reference/credentials/rest
"""

import base64

import requests
from google.api_core import exceptions as api
from google.auth import credentials, exceptions
from google.auth.transport.requests import AuthorizedSession

from mmmflow.cloud import failures

_ROLE = "roles/iam.serviceAccountTokenCreator"
_SECONDS = 10.0


class IamSigner(credentials.Signing):
    """What Cloud Storage's client takes for a key.

    Args:
        caller: the credentials of this process.
        account: mail address of the service account that signs.
        endpoint: URL of the API, or of its stand-in.
    """

    def __init__(
        self, caller: credentials.Credentials, account: str, endpoint: str
    ) -> None:
        self._session = AuthorizedSession(caller)
        self._account = account
        self._url = f"{endpoint}/v1/projects/-/serviceAccounts/{account}"

    @property
    def signer_email(self) -> str:
        return self._account

    @property
    def signer(self) -> "IamSigner":
        return self

    def sign_bytes(self, message: bytes) -> bytes:
        """RSA with SHA-256, under a key that Google keeps.

        Raises: DeniedError; RefusedError; UnreachableError.
        """
        with failures.told(f"service account {self._account}", _ROLE):
            return failures.RETRY(self._sign)(message)

    def _sign(self, message: bytes) -> bytes:
        payload = {"payload": base64.b64encode(message).decode()}
        try:
            answer = self._session.post(
                f"{self._url}:signBlob", json=payload, timeout=_SECONDS
            )
        except requests.RequestException as error:
            raise exceptions.TransportError(error) from error
        if answer.status_code != requests.codes.ok:
            raise api.from_http_response(answer)
        return base64.b64decode(answer.json()["signedBlob"])
