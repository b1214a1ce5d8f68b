"""A mapping says what each column means, or what is wrong with it."""

from typing import Any

import pytest
from mmmflow.domain import mapping
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import Channel, Goal, Variable

REVENUE = {"column": "revenue", "type": "revenue"}
ORDERS = {"column": "orders", "type": "conversion"}
TV = {"category": "paid_spend", "channel": "tv", "kind": "tv"}
VIEWS = {"category": "paid_exposure", "channel": "tv"}


def document(**fields: Any) -> dict[str, Any]:
    return {
        "date": "day",
        "country": "market",
        "goals": [REVENUE],
        "columns": {"tv_spend": TV},
        **fields,
    }


def problems(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as invalid:
        mapping.read(document(**fields))
    return [str(problem) for problem in invalid.value.problems]


def test_every_category_finds_its_place() -> None:
    read = mapping.read(
        document(
            columns={
                "tv_views": VIEWS,
                "tv_spend": TV,
                "search_spend": {"category": "paid_spend", "channel": "sea"},
                "sends": {"category": "organic", "kind": "email"},
                "price": {"category": "context", "sign": "negative"},
                "event": {"category": "factor"},
                "note": {"category": "ignored"},
            }
        )
    )
    assert read.channels == (
        Channel("tv", "tv_spend", "tv_views", "tv"),
        Channel("sea", "search_spend", None, "other"),
    )
    assert read.organic == (Variable("sends", "email", "positive"),)
    assert read.context == (Variable("price", "other", "negative"),)
    assert read.factors == (Variable("event"),)
    assert "note" not in read.columns


def test_the_exposure_is_the_models_variable_where_there_is_one() -> None:
    assert Channel("tv", "spend", "views", "tv").variable == "views"
    assert Channel("tv", "spend", None, "tv").variable == "spend"


def test_the_training_data_keeps_the_date_first_and_factors_last() -> None:
    columns = {
        "event": {"category": "factor"},
        "tv_spend": TV,
        "tv_views": VIEWS,
        "price": {"category": "context"},
    }
    read = mapping.read(document(columns=columns))
    assert read.columns == (
        "day",
        "revenue",
        "tv_spend",
        "tv_views",
        "price",
        "event",
    )
    assert set(read.numeric_columns) == set(read.columns) - {"day", "event"}


def test_the_main_goal_comes_first() -> None:
    read = mapping.read(document(goals=[REVENUE, {**ORDERS, "main": True}]))
    assert read.main_goal == Goal("orders", "conversion")
    assert read.goal("revenue") == Goal("revenue", "revenue")
    assert read.goal("visits") is None


@pytest.mark.parametrize("main", [(False, False), (True, True)])
def test_exactly_one_of_several_goals_is_the_main_one(
    main: tuple[bool, bool],
) -> None:
    goals = [{**REVENUE, "main": main[0]}, {**ORDERS, "main": main[1]}]
    (problem,) = problems(goals=goals)
    assert problem.startswith("goals: one of several goals must be the main")


@pytest.mark.parametrize("column", ["day", "market"])
def test_the_date_and_the_country_are_not_drivers_too(column: str) -> None:
    columns = {"tv_spend": TV, column: {"category": "context"}}
    (problem,) = problems(columns=columns)
    assert problem == f"columns.{column}: it is the date or the country already"


def test_a_goal_is_not_a_driver_too() -> None:
    columns = {"tv_spend": TV, "revenue": {"category": "context"}}
    (problem,) = problems(columns=columns)
    assert problem == "columns.revenue: it is a goal, not a driver too"


def test_a_goal_is_named_once() -> None:
    goals = [{**REVENUE, "main": True}, {**REVENUE, "type": "conversion"}]
    (problem,) = problems(goals=goals)
    assert problem == "goals: 'revenue' is named more than once"


def test_without_a_paid_channel_there_is_nothing_to_model() -> None:
    (problem,) = problems(columns={"price": {"category": "context"}})
    assert "there is no paid channel" in problem


def test_every_problem_is_listed_not_the_first() -> None:
    found = problems(
        columns={
            "a": TV,
            "b": TV,
            "c": VIEWS,
            "d": VIEWS,
            "e": {"category": "paid_exposure", "channel": "radio"},
            "day": {"category": "context"},
        }
    )
    assert found == [
        "columns.day: it is the date or the country already",
        "columns: channel 'tv' has more than one spend column"
        " (name the channels apart, or derive their sum)",
        "columns: channel 'tv' has more than one exposure column"
        ' (name the one to use as "exposure" of its spend column)',
        "columns: channel 'radio' has an exposure but no spend",
    ]


def test_a_column_that_the_data_lacks_is_named_with_those_it_has() -> None:
    read = mapping.read(document())
    assert not mapping.missing_columns(read, ["tv_spend", "revenue", "day"])
    (problem,) = mapping.missing_columns(read, ["spend", "revenue", "day"])
    assert str(problem) == (
        "column 'tv_spend': named by the mapping, but not in the data"
        " (the data has day, revenue, spend)"
    )
