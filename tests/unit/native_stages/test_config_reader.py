"""job_config.json is refused with everything that is wrong in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.config_reader import parse_config, read_config
from mmmflow_native.errors import UserError

Document = dict[str, Any]


def _message(document: Any) -> str:
    with pytest.raises(UserError) as refused:
        parse_config(document)
    return str(refused.value)


def test_a_valid_configuration_is_read(config: JobConfig) -> None:
    assert config.media_variables == ("tv_grps", "search_spend", "newsletter")
    assert config.variables == ("price", *config.media_variables)
    assert config.hyperparameters["tv_grps_alphas"] == (0.5, 3.0)
    assert (config.solver, config.optimiser) == ("exact", "de")


def test_all_violations_of_the_schema_are_listed(document: Document) -> None:
    del document["seed"]
    document["trials"] = 0
    document["adstock"] = "linear"
    message = _message(document)
    assert "'seed' is a required property" in message
    assert "trials: 0 is less than the minimum of 1" in message
    assert "adstock: 'linear' is not one of" in message


def test_a_date_that_is_none_is_refused(document: Document) -> None:
    document["window"]["start"] = "2024-13-01"
    assert "window.start: '2024-13-01' is not a 'date'" in _message(document)


WRONG: dict[str, tuple[Callable[[Document], None], str]] = {
    "a range with min above max": (
        lambda d: d["hyperparameters"].update(tv_grps_alphas=[3, 0.5]),
        "tv_grps_alphas: the low 3 is above 0.5",
    ),
    "a range beyond Robyn's limits": (
        lambda d: d["hyperparameters"].update(tv_grps_thetas=[0, 1]),
        "tv_grps_thetas: 0 to 1 is not within [0, 1)",
    ),
    "a position of lambda above one": (
        lambda d: d["hyperparameters"].update({"lambda": [0, 2]}),
        "lambda: 0 to 2 is not within [0, 1]",
    ),
    "an unknown variable": (
        lambda d: d["hyperparameters"].update(radio_alphas=[1, 2]),
        "'radio_alphas' belongs to no variable",
    ),
    "a hyperparameter of another adstock": (
        lambda d: d["hyperparameters"].update(tv_grps_shapes=[1, 2]),
        "'tv_grps_shapes' belongs to no variable of this model with geometric",
    ),
    "a missing range": (
        lambda d: d["hyperparameters"].pop("newsletter_gammas"),
        "'newsletter_gammas' is missing",
    ),
    "a variable used twice": (
        lambda d: d["context"].append(
            {"variable": "revenue", "sign": "default", "factor": False}
        ),
        "the variable 'revenue' is used twice",
    ),
    "a variable named as a column of the results": (
        lambda d: d["context"][0].update(variable="fitted"),
        "the variable 'fitted' has the name of a column of the results",
    ),
    "a channel given twice": (
        lambda d: d["paid_media"][1].update(channel="TV"),
        "the channel 'TV' is given twice",
    ),
    "a window that ends before it starts": (
        lambda d: d.update(window={"start": "2023-05-01", "end": "2023-01-01"}),
        "window: it ends on 2023-01-01, before its start 2023-05-01",
    ),
    "bounds of an unknown channel": (
        lambda d: d["allocation"]["bounds"].update(radio=[0, 1]),
        "allocation.bounds: 'radio' is no paid channel",
    ),
    "bounds that cross": (
        lambda d: d["allocation"]["bounds"].update(TV=[2, 1]),
        "allocation.bounds: TV: the low 2 is above 1",
    ),
    "another engine's configuration": (
        lambda d: d["engine"].update(name="robyn"),
        "this is the native engine, not 'robyn'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_contradiction_is_named(case: str, document: Document) -> None:
    change, message = WRONG[case]
    change(document)
    assert message in _message(document)


def _lift(**changes: Any) -> Document:
    return {
        "channel": "TV",
        "liftStartDate": "2022-03-07",
        "liftEndDate": "2022-04-03",
        "liftAbs": 100.0,
        "metric": "revenue",
        "calibration_scope": "total",
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "TV+Radio"}, "row 1: 'Radio' is no medium of this model"),
        ({"liftEndDate": "2022-01-01"}, "row 1: it ends before it starts"),
        ({"metric": "visits"}, "row 1: it measured 'visits'"),
    ],
)
def test_a_lift_test_is_held_against_the_model(
    document: Document, changes: Document, message: str
) -> None:
    document["calibration"] = [_lift(**changes)]
    assert message in _message(document)


def test_combined_channels_may_be_named_by_spend_or_channel(
    document: Document,
) -> None:
    document["calibration"] = [_lift(channel="TV+search_spend+newsletter")]
    assert parse_config(document).calibration[0].effect == 100.0


def test_a_fixed_lambda_may_be_any_size(document: Document) -> None:
    document["hyperparameters"]["lambda"] = 5e6
    assert parse_config(document).hyperparameters["lambda"] == 5e6


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no configuration at"):
        read_config(tmp_path / "job_config.json")


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "job_config.json"
    path.write_text("{")
    with pytest.raises(UserError, match=r"job_config\.json is not JSON"):
        read_config(path)
