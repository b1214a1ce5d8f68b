"""A connection to Snowflake: opened when it is needed, anew when it is old.

The user proves himself with a key pair, the secret `snowflake-key` as PEM,
encrypted with `snowflake-key-passphrase` or not; or, where there is no key,
with the secret `snowflake-password`.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mmmflow.cloud.environment import Snowflake
from mmmflow.ports import (
    DeniedError,
    NotFoundError,
    RefusedError,
    Secrets,
    UnreachableError,
)

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.connector.cursor import SnowflakeCursor

KEY, PASSPHRASE = "snowflake-key", "snowflake-key-passphrase"
PASSWORD = "snowflake-password"  # noqa: S105  (its name)
_OLD_SECONDS = 3600.0
_LOGIN_SECONDS = 30
_NETWORK_SECONDS = 120
# Login and access: https://docs.snowflake.com/en/user-guide/key-pair-auth
_LOGIN_FAILED = 250001
_DENIED = range(390_000, 391_000)


@contextmanager
def told(gone: int | None = None) -> Iterator[None]:
    """What the connector raises in the block, in words of the ports.

    `gone` is the error number of what is not there any more.
    """
    from snowflake.connector import errors

    try:
        yield
    except errors.ProgrammingError as error:
        if error.errno == gone:
            raise NotFoundError(_words(error)) from None
        if error.errno in _DENIED:
            raise DeniedError(f"Snowflake: {_words(error)}") from None
        raise RefusedError(_words(error)) from None
    except errors.Error as error:
        if error.errno == _LOGIN_FAILED or error.errno in _DENIED:
            raise DeniedError(f"Snowflake: {_words(error)}") from None
        raise UnreachableError(f"Snowflake: {_words(error)}") from None
    except OSError as error:
        raise UnreachableError(f"Snowflake: {type(error).__name__}") from None


def _words(error: Any) -> str:
    """Its first line says where, its second, if any, what."""
    text = error.raw_msg or error.msg or type(error).__name__
    return " ".join(str(text).split())[:1000]


class Session:
    """One connection of this process, shared by its threads."""

    def __init__(self, settings: Snowflake, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets
        self._guard = threading.Lock()
        self._connection: SnowflakeConnection | None = None
        self._opened_at = 0.0

    def open(self) -> "SnowflakeConnection":
        """Raises: DeniedError; UnreachableError."""
        with self._guard:
            age = time.monotonic() - self._opened_at
            known = self._connection
            if known is None or known.is_closed() or age > _OLD_SECONDS:
                with told():
                    known = self._connection = self._connect()
                self._opened_at = time.monotonic()
            return known

    @contextmanager
    def cursor(self) -> "Iterator[SnowflakeCursor]":
        """Where the connection fails in the block, the next one is new."""
        from snowflake.connector import errors

        connection = self.open()
        try:
            with connection.cursor() as cursor:
                yield cursor
        except errors.ProgrammingError:
            raise
        except (errors.Error, OSError):
            with self._guard:
                self._connection = None
            raise

    def status(self, id: str) -> tuple[str, str]:
        """(state, why it failed or "") of a query; states as Snowflake's."""
        from snowflake.connector import errors

        with told():
            connection = self.open()
            try:
                state = connection.get_query_status_throw_if_error(id)
            except errors.ProgrammingError as error:
                return "FAILED", _words(error)
            return state.name, ""

    def _connect(self) -> "SnowflakeConnection":
        import snowflake.connector
        from snowflake.connector.backoff_policies import exponential_backoff

        # It would log URLs that let anybody read a result for six hours.
        logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)
        settings = self._settings
        if not settings.account or not settings.user:
            raise DeniedError(
                "no Snowflake account: set MMMFLOW_SNOWFLAKE_ACCOUNT and"
                " MMMFLOW_SNOWFLAKE_USER"
            )
        named = {
            "warehouse": settings.warehouse,
            "role": settings.role,
            "database": settings.database,
            "schema": settings.schema if settings.database else "",
        }
        return snowflake.connector.connect(
            account=settings.account,
            user=settings.user,
            **{name: value for name, value in named.items() if value},
            **self._proof(),
            **_endpoint(settings.endpoint),
            application="mmmflow",
            paramstyle="qmark",
            arrow_number_to_decimal=True,
            login_timeout=_LOGIN_SECONDS,
            network_timeout=_NETWORK_SECONDS,
            backoff_policy=exponential_backoff(base=1, factor=2, cap=8),
            session_parameters={
                "QUERY_TAG": "mmmflow",
                "STATEMENT_TIMEOUT_IN_SECONDS": settings.statement_seconds,
                "TIMEZONE": "UTC",
                "PYTHON_CONNECTOR_QUERY_RESULT_FORMAT": "ARROW",
            },
        )

    def _proof(self) -> dict[str, Any]:
        """Raises: DeniedError: there is neither a key nor a password."""
        key = self._secret(KEY)
        if key is not None:
            return {"private_key": read_key(key, self._secret(PASSPHRASE))}
        password = self._secret(PASSWORD)
        if password is None:
            raise DeniedError(
                f"Snowflake: save the secret {KEY}, or {PASSWORD}"
            )
        return {"password": password}

    def _secret(self, name: str) -> str | None:
        try:
            return self._secrets.get(name) or None
        except NotFoundError:
            return None


def read_key(pem: str, passphrase: str | None) -> bytes:
    """The private key as the connector takes it: DER, PKCS 8.

    Raises: DeniedError, without a word of what the secret holds.
    """
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(
            pem.encode(), passphrase.encode() if passphrase else None
        )
    except TypeError:
        raise DeniedError(
            f"Snowflake: the secret {KEY} is encrypted and {PASSPHRASE} is not"
            " there, or the other way round"
        ) from None
    except ValueError:
        raise DeniedError(
            f"Snowflake: the secret {KEY} is no private key in PEM, or"
            f" {PASSPHRASE} is not its passphrase"
        ) from None
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _endpoint(url: str) -> dict[str, Any]:
    """A stand-in for Snowflake."""
    if not url:
        return {}
    parts = urlsplit(url)
    return {
        "protocol": parts.scheme,
        "host": parts.hostname,
        "port": parts.port,
    }
