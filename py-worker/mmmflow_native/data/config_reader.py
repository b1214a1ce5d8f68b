"""job_config.json → `JobConfig`, with everything wrong in one message."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from mmmflow import schema

from mmmflow_native.data.allocation_settings import read_settings
from mmmflow_native.data.config import (
    Context,
    JobConfig,
    LiftTest,
    OrganicMedium,
    PaidMedium,
)
from mmmflow_native.data.config_checks import contradictions
from mmmflow_native.errors import UserError


def read_config(path: Path) -> JobConfig:
    """The configuration in a file; every violation in one `UserError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"no configuration at {path}", "name an existing job_config.json"
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(
            f"{path.name} is not JSON: {error}", "correct the file"
        ) from None
    return parse_config(document)


def parse_config(document: Any) -> JobConfig:
    """The configuration in a JSON document.

    Raises `UserError` that lists everything wrong with it: first what
    schemas/job_config.json says, then what no schema can.
    """
    wrong = [str(p) for p in schema.check("job_config.json", document)]
    if not wrong:
        config = _build(document)
        wrong = contradictions(config)
    if wrong:
        raise UserError(
            "the configuration is not valid: " + "; ".join(wrong),
            "correct job_config.json; schemas/job_config.json describes it",
        )
    return config


def _build(document: Mapping[str, Any]) -> JobConfig:
    engine, window = document["engine"], document["window"]
    previous = document.get("previous")
    return JobConfig(
        experiment_id=document["experiment_id"],
        country=document["country"],
        engine_name=engine["name"],
        engine_version=engine["version"],
        solver=engine.get("solver", "exact"),
        optimiser=engine.get("optimiser", "de"),
        date_var=document["date_var"],
        dep_var=document["dep_var"],
        dep_var_type=document["dep_var_type"],
        window_start=_date(window["start"]),
        window_end=_date(window["end"]),
        paid_media=tuple(PaidMedium(**m) for m in document["paid_media"]),
        organic_media=tuple(
            OrganicMedium(**m) for m in document["organic_media"]
        ),
        context=tuple(Context(**c) for c in document["context"]),
        components=tuple(document["prophet"]["components"]),
        holiday_country=document["prophet"]["country"],
        adstock=document["adstock"],
        hyperparameters={
            name: (float(value[0]), float(value[1]))
            if isinstance(value, list)
            else float(value)
            for name, value in document["hyperparameters"].items()
        },
        iterations=document["iterations"],
        trials=document["trials"],
        ts_validation=document["ts_validation"],
        add_penalty_factor=document["add_penalty_factor"],
        intercept_sign=document["intercept_sign"],
        calibration=tuple(_lift(test) for test in document["calibration"]),
        allocation=read_settings(document["allocation"]),
        stability=document.get("stability", 0),
        refreshes=previous["model_id"] if previous else None,
        seed=document["seed"],
        document=document,
    )


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _lift(test: Mapping[str, Any]) -> LiftTest:
    return LiftTest(
        channel=test["channel"],
        start=date.fromisoformat(test["liftStartDate"]),
        end=date.fromisoformat(test["liftEndDate"]),
        effect=float(test["liftAbs"]),
        metric=test["metric"],
        scope=test["calibration_scope"],
        spend=test.get("spend"),
        confidence=test.get("confidence"),
        standard_error=test.get("standard_error"),
    )
