"""The API's contract: the routes it names, and what it refers to."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mmmflow.api.routes import ROUTES

from tests import openapi

_PART = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


def of_the_code() -> set[tuple[str, str]]:
    return {(r.method, _PART.sub(r"{\1}", r.path)) for r in ROUTES}


def of_the_contract() -> set[tuple[str, str]]:
    return {(o.method, o.path) for o in openapi.operations()}


def test_every_route_of_the_code_is_in_the_contract() -> None:
    assert of_the_code() - of_the_contract() == set()


def test_every_route_of_the_contract_is_in_the_code() -> None:
    assert of_the_contract() - of_the_code() == set()


def test_it_is_openapi_3_1() -> None:
    assert openapi.document()["openapi"] == "3.1.0"


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    if isinstance(value, list):
        return set[str]().union(*map(references, value))
    return set()


@pytest.mark.parametrize("reference", sorted(references(openapi.document())))
def test_every_reference_leads_to_a_schema(reference: str) -> None:
    validator = openapi.validator({"$ref": reference})
    list(validator.iter_errors({}))


@pytest.mark.parametrize(
    "name", sorted(openapi.document()["components"]["schemas"])
)
def test_every_schema_is_one(name: str) -> None:
    schema = openapi.document()["components"]["schemas"][name]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "operation", openapi.operations(), ids=lambda o: o.content["operationId"]
)
def test_every_part_of_a_path_is_a_parameter(
    operation: openapi.Operation,
) -> None:
    named = {
        parameter["name"]
        for parameter in operation.content.get("parameters", [])
        if parameter.get("in") == "path"
    }
    assert named == set(re.findall(r"\{(\w+)\}", operation.path))


@pytest.mark.parametrize(
    "operation", openapi.operations(), ids=lambda o: o.content["operationId"]
)
def test_every_route_may_refuse_a_stranger(
    operation: openapi.Operation,
) -> None:
    assert {"401", "403"} <= set(operation.content["responses"])
