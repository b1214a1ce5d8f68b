"""The audit log's entries, in the form in which a log sink sends them.

An entry is a hint: which execution to look at. What it was for is read from
the execution itself.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from google.cloud.run_v2.types import Execution as RunExecution
from mmmflow import schema
from mmmflow.cloud import executions
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Execution, Message
from mmmflow.steps.reconcile import reconcile

from tests.steps.test_launch import run_launch
from tests.steps.world import World

DATA = Path(__file__).parents[1] / "data"
# The entry, and the execution as Cloud Run's API has it by then.
ENTRIES = {
    "succeeded": "succeeded",
    "failed": "exit_code",
    "cancelled": "cancelled",
    "out_of_memory": "out_of_memory",
    "image_missing": "image_missing",
}


def entry(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (DATA / "audit" / f"{name}.json").read_text()
    )
    return found


def execution(name: str, world: World, experiment_id: str) -> Execution:
    """The fixture, as the first attempt of the experiment."""
    text = (DATA / "cloud_run" / f"{name}.json").read_text()
    read = executions.read(RunExecution.from_json(text))
    env = {
        **read.env,
        "MMMFLOW_EXPERIMENT": experiment_id,
        "MMMFLOW_ATTEMPT": "1",
    }
    told = Execution(read.name, read.state, env, read.reason)
    world.jobs.executions[read.name] = told
    return told


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_what_is_expected(name: str) -> None:
    assert schema.check("execution.ended.json", entry(name)) == []


@pytest.mark.parametrize("name", ENTRIES)
def test_it_leads_to_the_experiment_of_the_execution(
    world: World, name: str
) -> None:
    world.prepared()
    (id,) = world.queued()
    run_launch(world)
    told = execution(ENTRIES[name], world, id)
    reconcile(Message("execution.ended", "1", entry(name)), world.ports)
    after = world.experiment(id)
    assert after["state"] == "QUEUED"
    assert set(world.holders()) == {None}
    if told.reason:
        assert told.reason in after["history"][-1]["why"]


def test_an_entry_of_the_start_is_not_one_of_the_end(world: World) -> None:
    start = entry("failed")
    start["protoPayload"]["methodName"] = "google.cloud.run.v2.Jobs.RunJob"
    with pytest.raises(InvalidInputError):
        reconcile(Message("execution.ended", "1", start), world.ports)
