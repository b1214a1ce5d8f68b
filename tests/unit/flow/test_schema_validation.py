"""What crosses a boundary is checked, and every problem is told."""

import json
from importlib.abc import Traversable
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mmmflow import schema
from mmmflow.domain.errors import InvalidInputError

SCHEMAS = sorted(
    (
        file
        for file in files("mmmflow").joinpath("schemas").iterdir()
        if file.name.endswith(".json")
    ),
    key=lambda f: f.name,
)
REQUEST = {
    "schema_version": 1,
    "source": {"table": "weekly"},
    "countries": ["DE"],
}


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_every_schema_is_a_valid_schema(file: Traversable) -> None:
    Draft202012Validator.check_schema(json.loads(file.read_text()))


def test_what_fits_has_no_problems() -> None:
    schema.require("dataset.requested.json", REQUEST)


def test_every_problem_is_told_with_its_place() -> None:
    broken = {**REQUEST, "countries": ["D/E", "FR"], "mapping_version": ".."}
    problems = schema.check("dataset.requested.json", broken)
    assert [p.where for p in problems] == ["countries[0]", "mapping_version"]


def test_a_field_that_nobody_reads_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'contry' was unexpected"):
        schema.require("experiment.json", {"country": "DE", "contry": "FR"})


def test_a_field_that_is_missing_is_named() -> None:
    (problem,) = schema.check("experiment.json", {})
    assert "'country' is a required property" in problem.what


@pytest.mark.parametrize("start", ["2024-13-01", "01.02.2024", "2024-1-1"])
def test_dates_are_dates(start: str) -> None:
    experiment = {"country": "DE", "window": {"start": start}}
    (problem,) = schema.check("experiment.json", experiment)
    assert problem.where == "window.start"


def test_a_long_value_does_not_drown_the_message() -> None:
    (problem,) = schema.check("experiment.json", {"country": "x" * 10_000})
    assert len(problem.what) <= 300
    assert "xxx..." in problem.what
    assert "letters, digits" in problem.what


@pytest.mark.parametrize(
    "text",
    [
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": "\\ud800"}',
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        "{'a': 1}",
        "",
    ],
)
def test_json_that_can_not_be_stored_is_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        schema.parse(text)


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "ü"]}, [], 1])
def test_other_json_is_read_as_it_is(value: Any) -> None:
    assert schema.parse(json.dumps(value)) == value
    assert schema.parse(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("time", "right"),
    [
        ("2026-12-31T22:00:00Z", True),
        ("2026-12-31T22:00:00.123456+01:00", True),
        ("2026-12-31t22:00:00z", True),
        ("2026-12-31T22:00:00", False),
        ("2026-12-31", False),
        ("2026-02-30T00:00:00Z", False),
        ("2026-12-31T25:00:00Z", False),
        ("2026-12-31 22:00:00Z", False),
        ("tomorrow", False),
        ("", False),
    ],
)
def test_a_time_is_one_of_rfc_3339(time: str, *, right: bool) -> None:
    asked = {"country": "DE", "not_before": time}
    assert (schema.check("experiment.json", asked) == []) is right
