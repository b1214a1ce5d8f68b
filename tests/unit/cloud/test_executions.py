"""What became of an execution of Cloud Run, in words a person understands.

The fixtures are executions in the form that Cloud Run's API answers with;
their sentences are those it is known to write.
"""

from pathlib import Path

import pytest
from google.cloud.run_v2.types import Condition, Execution
from mmmflow.cloud import executions

FIXTURES = Path(__file__).parents[2] / "data" / "cloud_run"
IMAGE = "europe-west3-docker.pkg.dev/mmm-dev/mmmflow/py-worker@sha256:9f2c"
ENDS = {
    "succeeded": ("succeeded", ""),
    "cancelled": ("cancelled", "cancelled"),
    "exit_code": ("failed", "exit code 1"),
    "killed": ("failed", "killed by SIGKILL"),
    "timeout": ("failed", "over its limit of 3600 s"),
    "out_of_memory": (
        "failed",
        "out of memory: it needed more than its 4Gi; run it in a larger size",
    ),
    "image_missing": (
        "failed",
        f"its image {IMAGE} is missing: push it, or deploy the job again",
    ),
    "image_denied": (
        "failed",
        f"its image {IMAGE} may not be pulled: grant"
        " roles/artifactregistry.reader to the Cloud Run service agent",
    ),
    "quota": (
        "failed",
        "a quota of the project is used up (Quota exceeded for total allowable"
        " CPU per project per region.)",
    ),
    "internal": (
        "failed",
        "an error inside Cloud Run (An internal error occurred while running"
        " the execution.)",
    ),
    "not_in_time": (
        "failed",
        "it could not be started in time: try again, or choose another size,"
        " region or time",
    ),
    "running": ("running", ""),
    "delayed": (
        "running",
        "no capacity: wait, or choose another size, region or time",
    ),
}


def recorded(name: str) -> Execution:
    found: Execution = Execution.from_json(
        (FIXTURES / f"{name}.json").read_text()
    )
    return found


@pytest.mark.parametrize("name", ENDS)
def test_state_and_reason(name: str) -> None:
    read = executions.read(recorded(name))
    assert (read.state, read.reason) == ENDS[name]


def test_a_secret_that_it_may_not_read_names_the_role() -> None:
    read = executions.read(recorded("secret_denied"))
    assert "roles/secretmanager.secretAccessor" in read.reason
    assert "snowflake-key" in read.reason


def test_a_container_that_can_not_start_says_why() -> None:
    read = executions.read(recorded("failed_to_start"))
    assert read.reason.startswith("its container failed to start")
    assert "exec format error" in read.reason


def test_it_is_known_by_its_short_name_and_its_environment() -> None:
    read = executions.read(recorded("exit_code"))
    assert read.name == "mmmflow-dev-native-medium-x7k2p"
    assert read.env["MMMFLOW_EXPERIMENT"] == "20261120T104512Z-1f3a9c0b77de"
    assert read.env["MMMFLOW_ATTEMPT"] == "2"


def failed(**condition: int) -> Execution:
    completed = Condition(
        type_="Completed",
        state=Condition.State.CONDITION_FAILED,
        message="the sentence",
        **condition,
    )
    execution = recorded("exit_code")
    execution.conditions = [completed]
    return execution


@pytest.mark.parametrize(
    "reason", list(Condition.CommonReason.__members__.values())[2:]
)
def test_every_common_reason_has_words_of_its_own(
    reason: Condition.CommonReason,
) -> None:
    words = executions.read(failed(reason=reason)).reason
    assert words not in ("", "the sentence")


@pytest.mark.parametrize(
    "reason", list(Condition.ExecutionReason.__members__.values())[1:]
)
def test_every_reason_of_an_execution_has_words_of_its_own(
    reason: Condition.ExecutionReason,
) -> None:
    words = executions.read(failed(execution_reason=reason)).reason
    assert words not in ("", "the sentence")


@pytest.mark.parametrize(
    "reason", Condition.RevisionReason.__members__.values()
)
def test_an_unknown_reason_is_told_in_the_services_own_words(
    reason: Condition.RevisionReason,
) -> None:
    words = executions.read(failed(revision_reason=reason)).reason
    assert "the sentence" in words


def test_a_failure_without_any_words_says_so() -> None:
    execution = recorded("exit_code")
    execution.conditions = []
    read = executions.read(execution)
    assert (read.state, read.reason) == (
        "failed",
        "Cloud Run does not say why",
    )


def test_what_has_ended_is_never_running() -> None:
    execution = recorded("succeeded")
    execution.conditions = []
    assert executions.read(execution).ended
