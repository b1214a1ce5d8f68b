"""What is deployed is what the code has, and the reverse."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from mmmflow.cloud.environment import Environment
from mmmflow.domain import jobs
from mmmflow.messaging import topology

from infra.checks import terraform
from infra.checks.provider_check import dangling

ROOT = Path(__file__).resolve().parents[2]
FOUND = terraform.load()
FUNCTIONS: dict[str, Any] = FOUND.local_values["functions"]
# Told to each execution, by the tests' stand-ins, or only on one machine.
NOT_TERRAFORMS = {
    "MMMFLOW_EXPERIMENT", "MMMFLOW_ATTEMPT", "MMMFLOW_RUN_URI",
    "MMMFLOW_PROCESSES", "MMMFLOW_R_WORKER",
    "MMMFLOW_TIMEOUT_SECONDS", "MMMFLOW_EXECUTION",
    "MMMFLOW_PROGRESS_SECONDS",
    "MMMFLOW_HOME", "MMMFLOW_PRIVATE_TARGETS",
    "MMMFLOW_IAM_ENDPOINT", "MMMFLOW_RUN_ENDPOINT",
    "MMMFLOW_SECRETS_ENDPOINT", "MMMFLOW_LOGGING_ENDPOINT",
    "MMMFLOW_CERTIFICATES_URL", "MMMFLOW_SNOWFLAKE_ENDPOINT",
}  # fmt: skip


def entry_points() -> set[str]:
    tree = ast.parse((ROOT / "functions" / "main.py").read_text())
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and any(
            "functions_framework" in ast.dump(d) for d in node.decorator_list
        )
    }


def test_every_entry_point_is_deployed_and_nothing_else() -> None:
    assert set(FUNCTIONS) == entry_points()


@pytest.mark.parametrize("function", topology.SUBSCRIPTIONS)
def test_a_function_is_woken_by_the_topics_that_the_code_names(
    function: str,
) -> None:
    woken_by = FUNCTIONS[function]["topics"]
    assert sorted(woken_by) == sorted(topology.SUBSCRIPTIONS[function])


def test_a_function_that_no_topic_wakes_answers_http() -> None:
    silent = {name for name, one in FUNCTIONS.items() if not one["topics"]}
    assert silent == set(FUNCTIONS) - set(topology.SUBSCRIPTIONS) == {"api"}


def test_the_prefixes_that_are_announced_are_those_of_the_code() -> None:
    announced = {
        (one["bucket"], one["prefix"]): topic
        for topic, one in FOUND.local_values["notifications"].items()
    }
    assert announced == dict(topology.NOTIFICATIONS)


def test_every_topic_that_the_code_names_exists_and_no_other() -> None:
    named = {
        topic for topics in topology.SUBSCRIPTIONS.values() for topic in topics
    }
    named |= {path.stem for path in schemas_of_messages()}
    assert topics() == named | {topology.DEAD_LETTER}


def test_every_timer_wakes_a_topic_of_its_own() -> None:
    timers = {topic for topic in topics() if topic.startswith("timer.")}
    assert set(FOUND.local_values["timers"]) == timers


def test_an_event_function_has_as_long_as_its_message_is_leased() -> None:
    subscription = FOUND.resources["google_pubsub_subscription.push"]
    assert subscription.body["ack_deadline_seconds"] == 600
    assert max(one["timeout"] for one in FUNCTIONS.values()) <= 540


def test_every_job_has_the_machine_that_a_size_is_chosen_by() -> None:
    machines = {
        engine: {
            size: jobs.Machine(one["vcpus"], one["gib"])
            for size, one in sizes.items()
        }
        for engine, sizes in FOUND.local_values["machines"].items()
    }
    assert machines == jobs.MACHINES


def test_every_job_is_tried_once_by_the_platform() -> None:
    [template] = FOUND.resources["google_cloud_run_v2_job.job"].body["template"]
    assert template["template"][0]["max_retries"] == 0


def test_every_variable_that_the_code_reads_is_set_and_the_reverse() -> None:
    assert variables_read() - NOT_TERRAFORMS == variables_set()


def test_jobs_are_told_the_image_that_they_run() -> None:
    jobs_file = FOUND.texts["jobs.tf"]
    assert "{ MMMFLOW_IMAGE = each.value.image }" in jobs_file
    assert "image   = each.value.image" in jobs_file


def test_functions_are_told_the_images_of_the_engines_jobs() -> None:
    told = FOUND.local_values["environment_variables"]
    images = {
        engine: told[f"MMMFLOW_IMAGE_{engine.upper()}"].strip("${}")
        for engine in jobs.MACHINES
    }
    assert images == {e: f"var.images.{e}" for e in jobs.MACHINES}


def test_the_code_reads_the_log_through_the_view_that_is_made() -> None:
    view = FOUND.resources["google_logging_log_view.jobs"].body
    assert view["name"] == '${replace("${local.prefix}-jobs", "-", "_")}'
    prefix = "mmmflow-dev"
    name = f"{prefix}-jobs".replace("-", "_")
    there = Environment("p", "r", prefix, "(default)", "u", "d").log_view
    place = "projects/p/locations"
    assert there == (
        f"{place}/{view['location']}/buckets/{view['bucket']}/views/{name}"
    )


def test_nothing_is_named_and_not_declared_nor_declared_and_unused() -> None:
    assert list(dangling(FOUND)) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_an_environments_file_sets_only_declared_variables(
    environment: str,
) -> None:
    text = (terraform.FOLDER / "envs" / f"{environment}.tfvars").read_text()
    assert set(re.findall(r"(?m)^(\w+)\s*=", text)) <= set(FOUND.variables)
    assert re.search(rf'(?m)^environment\s*= "{environment}"', text)


@pytest.mark.parametrize("name", FOUND.variables)
def test_every_variable_says_its_type_and_what_it_is(name: str) -> None:
    declared = FOUND.variables[name]
    assert declared["description"].endswith(".")
    assert declared["type"]


def topics() -> set[str]:
    block = FOUND.texts["topics.tf"].partition("toset([")[2].partition("])")[0]
    return set(re.findall(r'"([\w.-]+)"', block))


def schemas_of_messages() -> list[Path]:
    """A message's schema has its topic's name: two words and a dot."""
    return [
        path
        for path in (ROOT / "schemas").glob("*.*.json")
        if path.stem.partition(".")[2]
        in ("changed", "requested", "continued", "prepared", "due", "ended")
    ]


def variables_read() -> set[str]:
    """MMMFLOW_ names in the code that is deployed."""
    files = [
        *(ROOT / "functions" / "mmmflow" / "cloud").glob("*.py"),
        *(ROOT / "functions" / "mmmflow" / "steps").glob("*.py"),
        *(ROOT / "py-worker" / "mmmflow_worker").glob("*.py"),
        ROOT / "functions" / "main.py",
        ROOT / "functions" / "mmmflow" / "wiring.py",
    ]
    texts = "".join(path.read_text() for path in files)
    return set(re.findall(r"\"(MMMFLOW_[A-Z_]+)\"", texts))


def variables_set() -> set[str]:
    texts = FOUND.texts["environment.tf"] + FOUND.texts["jobs.tf"]
    return set(re.findall(r"\b(MMMFLOW_[A-Z_]+)\s*=", texts))
