"""Another budget or other bounds with a model that is finished."""

from flask import Request, Response

from mmmflow import schema
from mmmflow.api import http
from mmmflow.api.http import Route
from mmmflow.domain import what_if
from mmmflow.ports import NotFoundError, Ports
from mmmflow.show import attempts


def allocate(request: Request, ports: Ports, id: str) -> Response:
    """Answers from the model's file, without a job; nothing is stored."""
    http.arguments(request)
    asked = http.without_actor(http.body(request, optional=True))
    schema.require("what_if.json", asked)
    result = attempts.experiment(ports, id).data["result"]
    if not result:
        raise NotFoundError(f"result of experiment {id} yet")
    model_id = asked.get("model_id", result["selected"]["model_id"])
    file = f"results/models/{model_id}.json"
    found = what_if.answer(attempts.json_file(ports, id, file), asked)
    gain = found["response_proposed"] - found["response_now"]
    return http.answer(ports, found, f"{gain:+,.0f} response to media")


_PATH = "/api/v1/experiments/<id>/what-if"
ROUTES = (Route("POST", _PATH, allocate, only_asks=True),)
