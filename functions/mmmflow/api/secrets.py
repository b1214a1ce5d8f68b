"""Secrets: saved, rotated, cleared; their values are never read here."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain import secrets
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Json, NotFoundError, Ports


def show(request: Request, ports: Ports, name: str) -> Response:
    http.arguments(request)
    return http.answer(ports, _state(ports, name))


def save(request: Request, ports: Ports, name: str) -> Response:
    """A new version; those before stay, for what still uses them."""
    value = _value(request, name)
    ports.secrets.save(name, value, http.actor(request))
    return http.answer(ports, _state(ports, name), "saved")


def rotate(request: Request, ports: Ports, name: str) -> Response:
    """A new version; those before are destroyed."""
    value = _value(request, name)
    ports.secrets.rotate(name, value, http.actor(request))
    return http.answer(ports, _state(ports, name), "rotated")


def clear(request: Request, ports: Ports, name: str) -> Response:
    http.arguments(request)
    _state(ports, name)
    ports.secrets.clear(name)
    return http.answer(ports, {"name": name}, "destroyed, every version")


def _value(request: Request, name: str) -> str:
    """Raises: InvalidInputError; the value is in none of its words."""
    given = http.without_actor(http.body(request))
    value = given.get("value")
    if set(given) != {"value"} or not isinstance(value, str):
        raise InvalidInputError.of(
            "value",
            "the body must be a text and nothing else",
            'send {"value": "…"}',
        )
    try:
        secrets.require(name, value)
    except ValueError as error:
        raise InvalidInputError.of("value", str(error)) from None
    return value


def _state(ports: Ports, name: str) -> Json:
    """Raises: NotFoundError."""
    state = ports.secrets.state(name) if secrets.is_name(name) else None
    if state is None:
        raise NotFoundError(f"secret {name}")
    return {
        "name": name,
        "saved_at": state.created_at.isoformat(),
        "saved_by": state.created_by,
    }


_PATH = "/api/v1/secrets/<name>"
ROUTES = (
    Route("GET", _PATH, show),
    Route("PUT", _PATH, save),
    Route("DELETE", _PATH, clear),
    Route("POST", f"{_PATH}/rotate", rotate),
)
