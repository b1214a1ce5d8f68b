"""What is refused before a route is asked: strangers, other sites, names."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Request

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import Problem
from mmmflow.ports import (
    NotPermittedError,
    Ports,
    UnidentifiedError,
    UnreachableError,
)

_OWN_SITE = ("same-origin", "none")  # none: a person typed the address
_LONGEST = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_RESERVED = re.compile(r"__.*__")  # by Firestore, as a document's id


def identify(request: Request, ports: Ports) -> None:
    """Note whose request it is.

    Raises:
        RefusedError: nobody's, or somebody's who is not let in.
    """
    try:
        found = ports.identity.identify(_headers(request))
    except UnidentifiedError as error:
        raise _refused(401, "unidentified", str(error)) from None
    except NotPermittedError as error:
        raise _refused(403, "not_permitted", str(error)) from None
    except UnreachableError as error:
        raise _refused(503, "identity_unknown", str(error)) from None
    http.identified(request, found)


def _headers(request: Request) -> Mapping[str, str]:
    """By their names in lower case; one that comes twice, as one."""
    return {name.lower(): value for name, value in request.headers.items()}


def require_role(request: Request, route: Route) -> None:
    """Raises: RefusedError: who asks may not."""
    person = http.person(request)
    if route.role not in person.roles:
        raise _refused(
            403,
            "not_permitted",
            f"{person.mail} may look, but not change anything",
            "ask whoever deployed it to make you an operator",
        )


def require_own_site(request: Request, route: Route) -> None:
    """Let no page of another site change anything in a person's name.

    Browsers say where a request comes from; other programs say nothing.

    Raises:
        RefusedError: it comes from another site.
    """
    if route.is_safe:
        return
    site = request.headers.get("Sec-Fetch-Site", _OWN_SITE[0])
    origin = request.headers.get("Origin")
    own = origin is None or urlsplit(origin).netloc == request.host
    if site not in _OWN_SITE or not own:
        raise _refused(
            403,
            "cross_site",
            "the request comes from a page of another site",
            "send it from the status page, or from a program",
        )


def require_names(arguments: Mapping[str, Any]) -> None:
    """Raises: RefusedError: a part of the path can be the name of nothing."""
    for value in map(str, arguments.values()):
        parts = value.split("/")
        if (
            len(value) > _LONGEST
            or _CONTROL.search(value)
            or any(part in ("", ".", "..") for part in parts)
            or _RESERVED.fullmatch(value)
        ):
            raise _refused(404, "not_found", "nothing has such a name")


def _refused(
    status: int, code: str, what: str, hint: str = ""
) -> http.RefusedError:
    return http.RefusedError(status, code, [Problem("", what, hint)])
