"""A budget plan of its own: what to allocate with a model that exists.

A JSON file (schemas/plan.json), all of which may be left out. The budget and
the groups' limits are for the whole period: the modelling window, if none is
given.
"""

import json
from pathlib import Path

from mmmflow import schema

from mmmflow_native.data.allocation_settings import read_settings
from mmmflow_native.data.config import AllocationSettings
from mmmflow_native.errors import UserError


def read_plan(path: Path, usual: AllocationSettings) -> AllocationSettings:
    """The plan in a file; what it leaves out is as `usual`.

    Raises `UserError` that lists everything wrong with it.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"no plan at {path}", "name a plan's JSON") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(
            f"{path.name} is not JSON: {error}", "correct the file"
        ) from None
    wrong = [str(problem) for problem in schema.check("plan.json", document)]
    if wrong:
        raise UserError(
            f"{path.name} is no plan: " + "; ".join(sorted(wrong)),
            "see docs/model.md for what a plan holds",
        )
    plan = read_settings(document, usual)
    period = plan.period
    if period is not None and period.end < period.start:
        raise UserError(
            f"the period {period.name} ends before it starts",
            "correct its dates",
        )
    return plan
