"""What the failures of Google's services mean, and what to do about each.

A call that changes nothing, or that a precondition protects, is made again
with `RETRY` where that can help. What is left is told in words of the ports:

| the service said | told as | who goes on |
|---|---|---|
| permission denied, unauthenticated, not found, invalid | `DeniedError` | \
nobody, until a person grants, makes or mends what it names |
| quota exhausted (429) | `RefusedError` | the caller, later |
| unavailable, deadline, internal, no answer | `UnreachableError` | the \
caller, later; it may have been done |
"""

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as api
from google.api_core.retry import Retry
from google.auth import exceptions as auth

from mmmflow.ports import DeniedError, RefusedError, UnreachableError

# What another try of the same call may end differently from.
_PASSING = (
    api.TooManyRequests,
    api.ServiceUnavailable,
    api.InternalServerError,
    api.BadGateway,
    api.GatewayTimeout,
    api.Aborted,
    auth.TransportError,
    ConnectionError,
)
ERRORS = (api.GoogleAPIError, auth.GoogleAuthError, ConnectionError)


def may_pass(error: BaseException) -> bool:
    """The same call may succeed a moment later."""
    return isinstance(error, _PASSING)


# Doubling from 0.2 s to 4 s, each with jitter, given up after 20 s.
RETRY = Retry(
    predicate=may_pass, initial=0.2, multiplier=2.0, maximum=4.0, timeout=20.0
)


# The first that fits: what it is told as, and in which words.
_MEANINGS: tuple[
    tuple[tuple[type[Exception], ...], type[Exception], str], ...
] = (
    (
        (api.Forbidden,),
        DeniedError,
        "permission denied on {resource}: grant {role} to the service account"
        " that runs this",
    ),
    (
        (api.Unauthorized, auth.DefaultCredentialsError, auth.RefreshError),
        DeniedError,
        "no valid credentials for {resource}: run as a service account that"
        " has {role}",
    ),
    (
        (api.NotFound,),
        DeniedError,
        "there is no {resource}: deploy it, or mend its name in the"
        " environment",
    ),
    (
        (api.TooManyRequests,),
        RefusedError,
        "the quota of {resource} is used up for now",
    ),
    (
        (api.GatewayTimeout, api.RetryError),
        UnreachableError,
        "{resource} did not answer in time",
    ),
    (_PASSING, UnreachableError, "{resource} can't be reached now"),
    ((api.ClientError,), DeniedError, "{resource} refused the request"),
)


def tell(error: Exception, resource: str, role: str) -> Exception:
    """The failure in words of the ports.

    Args:
        error: what the client library raised.
        resource: what was asked for, as `projects/p/topics/t`.
        role: that the caller must hold on it, as `roles/pubsub.publisher`.
    """
    if isinstance(error, api.RetryError) and error.cause is not None:
        return tell(error.cause, resource, role)
    for types, meaning, words in _MEANINGS:
        if isinstance(error, types):
            what = words.format(resource=resource, role=role)
            return meaning(f"{what} ({_words(error)})")
    return UnreachableError(f"{resource} failed ({_words(error)})")


@contextmanager
def told(resource: str, role: str) -> Iterator[None]:
    """Raise what the calls inside raise in words of the ports.

    Raises:
        DeniedError: until a person grants, makes or mends what it names.
        RefusedError: it was not done; the quota is used up for now.
        UnreachableError: it may have been done; nobody knows.
    """
    try:
        yield
    except ERRORS as error:
        raise tell(error, resource, role) from error


def _words(error: Exception) -> str:
    """The service's own words, in one line."""
    text = getattr(error, "message", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
