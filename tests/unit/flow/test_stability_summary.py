"""How firm a result is, from the run's own table of plausible models."""

from typing import Any

import pytest
from mmmflow.domain import stability


def row(channel: str, low: str, high: str, models: str = "7") -> dict[str, str]:
    return {
        "channel": channel,
        "models": models,
        "roas_lowest": low,
        "roas_median": low,
        "roas_highest": high,
        "effect_share_lowest": "0.1",
        "effect_share_median": "0.2",
        "effect_share_highest": "0.3",
    }


def summary(*rows: dict[str, str]) -> dict[str, Any]:
    found = stability.summarise(rows)
    assert found is not None
    return found


def test_channels_that_the_models_disagree_about_are_named() -> None:
    found = summary(row("tv", "1.0", "1.4"), row("search", "0.3", "12"))
    assert found["unsure"] == ["search"]
    assert found["models"] == 7
    assert "disagree about the return of search" in found["sentence"]


def test_models_that_agree_are_said_to() -> None:
    found = summary(row("tv", "1.0", "1.4"))
    assert found["sentence"] == "7 plausible models agree about every channel"


def test_one_model_alone_shows_nothing() -> None:
    found = summary(row("tv", "1.0", "1.0", models="1"))
    assert found["sentence"] == "no other model of the run is as plausible"


@pytest.mark.parametrize(
    ("lowest", "highest", "firm"),
    [
        (1.0, 2.0, True),
        (1.0, 2.1, False),
        (0.0, 0.0, True),
        (0.0, 0.1, False),
        (-1.0, 0.5, False),
        (None, None, False),
    ],
)
def test_twice_the_lowest_return_is_as_far_as_agreement_goes(
    lowest: float | None, highest: float | None, firm: bool
) -> None:
    assert stability.is_firm(lowest, highest) is firm


def test_a_channel_without_spend_has_no_return() -> None:
    found = summary(row("tv", "", ""))
    assert found["channels"][0]["roas_median"] is None


def test_an_empty_table_says_nothing() -> None:
    assert stability.summarise([]) is None
