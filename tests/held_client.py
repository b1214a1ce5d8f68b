"""A client of the API in process, that holds every answer to the contract."""

from typing import Any

import functions_framework
from flask import Flask
from flask.testing import FlaskClient
from mmmflow.local.runner import SOURCE
from werkzeug.test import TestResponse

from tests import openapi


class HeldClient(FlaskClient):
    """Fails a test whose answer breaks schemas/openapi.yaml."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        body = response.data if response.is_json else b""
        told = openapi.Told(response.status_code, response.mimetype, body)
        request = response.request
        openapi.hold(request.method, request.path, told)
        return response


def client() -> HeldClient:
    """Of the function `api`, in the world that `wiring.ports` gives."""
    app: Flask = functions_framework.create_app("api", str(SOURCE))
    app.test_client_class = HeldClient
    held = app.test_client()
    assert isinstance(held, HeldClient)
    return held
