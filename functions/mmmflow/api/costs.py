"""What was paid, by day: documents that the function `costs` stores."""

from flask import Request, Response

from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Ports
from mmmflow.show import costs, views


def index(request: Request, ports: Ports) -> Response:
    """The days from `since` to `until`; by default this month's."""
    given = http.arguments(request, "since", "until")
    today = ports.clock.now().date()
    since = given.get("since", today.replace(day=1).isoformat())
    until = given.get("until", today.isoformat())
    for name, day in (("since", since), ("until", until)):
        if not views.is_day(day):
            raise InvalidInputError.of(name, "no day", "write 2026-11-20")
    return http.answer(ports, costs.days(ports, since, until))


ROUTES = (Route("GET", "/api/v1/costs", index),)
