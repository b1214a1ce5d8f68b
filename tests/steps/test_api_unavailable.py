"""What a person is told when a service behind the API fails."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, request
from mmmflow.ports import DeniedError, Ports, RefusedError, UnreachableError
from mmmflow.steps.api import api

from tests.steps.world import World


class Failing:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise self._error

        return fail


def asked(ports: Ports) -> tuple[int, Any]:
    with Flask("test").test_request_context("/api/v1/queues"):
        response = api(request, ports)
    return response.status_code, response.get_json()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeniedError("permission denied on db: grant roles/x"), "refused"),
        (RefusedError("the quota of db is used up for now"), "refused"),
        (UnreachableError("db did not answer"), "unreachable"),
    ],
)
def test_a_failing_service_is_said_to_fail(
    world: World, error: Exception, code: str
) -> None:
    ports = replace(world.ports, documents=Failing(error))
    status, answer = asked(ports)
    assert (status, answer["error"]["code"]) == (503, code)
    assert str(error) in answer["message"]
