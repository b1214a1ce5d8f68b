"""Who sends a request, by what Google has signed.

People come to the `page` through Identity-Aware Proxy, which signs each
request it lets through. Services and the command line come to the `api` with
an ID token. Both are JSON Web Tokens: their signature, issuer, audience,
time, and who they speak of are verified here, by the service itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mmmflow.cloud.certificates import Certificates
from mmmflow.cloud.environment import Access, read_access
from mmmflow.ports import (
    Identity,
    NotPermittedError,
    Person,
    UnidentifiedError,
)

_SKEW = 10  # seconds that two clocks may differ
_LONGEST = 10_000  # characters of a token


@dataclass(frozen=True)
class _Kind:
    """Where the token of a deployment stands, and who must have signed it."""

    header: str
    scheme: str
    algorithm: str
    issuers: frozenset[str]
    certificates_url: str
    says_verified: bool  # whether it says that the mail address is verified


_KINDS: Mapping[str, _Kind] = {
    # https://cloud.google.com/iap/docs/signed-headers-howto
    "iap": _Kind(
        header="x-goog-iap-jwt-assertion",
        scheme="",
        algorithm="ES256",
        issuers=frozenset({"https://cloud.google.com/iap"}),
        certificates_url="https://www.gstatic.com/iap/verify/public_key",
        says_verified=False,
    ),
    # https://cloud.google.com/docs/authentication/token-types#id
    "token": _Kind(
        header="authorization",
        scheme="Bearer ",
        algorithm="RS256",
        issuers=frozenset(
            {"https://accounts.google.com", "accounts.google.com"}
        ),
        certificates_url="https://www.googleapis.com/oauth2/v1/certs",
        says_verified=True,
    ),
}


class GoogleIdentity:
    """Lets in whom `access` names, on the word of Google."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._kind = _KINDS[access.kind]
        self._certificates = Certificates(
            access.certificates_url or self._kind.certificates_url
        )

    def identify(self, headers: Mapping[str, str]) -> Person:
        claims = self._verified(self._token(headers))
        if claims.get("iss") not in self._kind.issuers:
            _refuse("its issuer is another")
        if (
            self._kind.says_verified
            and claims.get("email_verified") is not True
        ):
            _refuse("its mail address is not verified")
        mail = _text(claims, "email").lower()
        # The Workspace that the account belongs to: a mail address of the
        # domain proves no more than that somebody could read one mail.
        domain = _text(claims, "hd").lower()
        if not mail:
            _refuse("it names no mail address")
        names = {mail, f"@{domain}"} if domain else {mail}
        if mail not in self._access.accounts and (
            domain not in self._access.domains
        ):
            raise NotPermittedError(f"{mail} is not let in")
        if names & self._access.operators:
            return Person(mail, frozenset({"viewer", "operator"}))
        return Person(mail, frozenset({"viewer"}))

    def _token(self, headers: Mapping[str, str]) -> str:
        name, scheme = self._kind.header, self._kind.scheme
        value = headers.get(name) or ""
        if not value:
            raise UnidentifiedError(f"the header {name} is missing")
        if value[: len(scheme)].lower() != scheme.lower():
            raise UnidentifiedError(f"{name} must be {scheme}<ID token>")
        if len(value) > _LONGEST:
            _refuse("it is too long")
        return value[len(scheme) :].strip()

    def _verified(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that holds.

        What google-auth says of one that doesn't may quote it, so it is told
        in words of our own.
        """
        from google.auth import exceptions, jwt

        try:
            header = jwt.decode_header(token)
        except (exceptions.GoogleAuthError, ValueError):
            _refuse("it is none")
        if header.get("alg") != self._kind.algorithm:
            _refuse("it is signed in another way")
        key = self._certificates.of(_text(header, "kid"))
        if key is None:
            _refuse("its key is unknown")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                certs=key,
                audience=sorted(self._access.audiences),
                clock_skew_in_seconds=_SKEW,
            )
        except (exceptions.GoogleAuthError, ValueError, TypeError):
            _refuse("signature, time or audience is not as expected")
        return claims


class NoIdentity:
    """Lets in nobody: the deployment does not say whom to trust."""

    def identify(self, headers: Mapping[str, str]) -> Person:
        del headers
        raise UnidentifiedError("MMMFLOW_IDENTITY is not set: nobody gets in")


def open_identity() -> Identity:
    """By the environment. Raises: ValueError, if it contradicts itself."""
    access = read_access()
    return GoogleIdentity(access) if access else NoIdentity()


def _text(of: Mapping[str, Any], name: str) -> str:
    value = of.get(name)
    return value if isinstance(value, str) else ""


def _refuse(why: str) -> NoReturn:
    raise UnidentifiedError(f"the token is not accepted: {why}")
