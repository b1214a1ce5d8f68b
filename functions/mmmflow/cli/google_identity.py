"""The caller's ID token, by which a deployed API knows who asks."""

import importlib.util
import os
import shutil
import subprocess

from mmmflow.cli.failures import NOT_PERMITTED, fail

_KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_GCLOUD = ("auth", "print-identity-token")
_SECONDS = 60.0


class IdToken:
    """Of a service account where one is configured, else of gcloud's account.

    `audience` is whom the token is meant for: the API's address. A person's
    token, by gcloud, is always meant for gcloud itself.
    """

    def __init__(self, audience: str) -> None:
        self._audience = audience
        self._known = ""

    def __call__(self, fresh: bool = False) -> str:
        """The token, asked for once, or anew. Raises: FailedError."""
        if fresh or not self._known:
            self._known = self._fetched()
        return self._known

    def _fetched(self) -> str:
        gcloud = shutil.which("gcloud")
        if gcloud and _KEY_FILE not in os.environ:
            return self._of_gcloud(gcloud)
        if importlib.util.find_spec("google.auth") is not None:
            return self._of_google_auth()
        return fail(
            NOT_PERMITTED,
            "identity",
            "there is neither gcloud nor google-auth to say who you are",
            "install gcloud and run `gcloud auth login`, or pip install -r"
            " requirements-functions.lock for service accounts",
        )

    def _of_gcloud(self, gcloud: str) -> str:
        """A service account's for the audience, else a person's."""
        said = ""
        for options in ([f"--audiences={self._audience}"], []):
            done = subprocess.run(  # noqa: S603  (gcloud, found on the PATH)
                [gcloud, *_GCLOUD, *options],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            if done.returncode == 0 and done.stdout.strip():
                return done.stdout.strip()
            said = (done.stderr.strip().splitlines() or ["nothing"])[0]
        return fail(
            NOT_PERMITTED,
            "identity",
            f"gcloud gives no ID token: {said}",
            "gcloud auth login",
        )

    def _of_google_auth(self) -> str:
        from google.auth import exceptions
        from google.auth.transport.requests import Request
        from google.oauth2 import id_token

        try:
            found: str = id_token.fetch_id_token(Request(), self._audience)
        except exceptions.GoogleAuthError as error:
            fail(
                NOT_PERMITTED,
                "identity",
                f"no ID token: {error}",
                f"{_KEY_FILE} names a service account's key file; people use"
                " gcloud auth login",
            )
        return found
