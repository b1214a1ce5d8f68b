"""Every function may do what it does, and nothing of the platform's worst."""

import json
import re

import pytest
from mmmflow.domain import jobs
from mmmflow.messaging import topology

from infra.checks import access, terraform
from infra.checks.access import Grant
from tests.infra.recording import Call, calls

FOUND = terraform.load()
GRANTS = access.grants()
NEEDED = json.loads(access.PERMISSIONS.read_text())["calls"]
SEEDS = range(40)
_RESOURCES = {"documents": "documents", "uploads": "uploads:", "data": "data:"}


@pytest.fixture(scope="module")
def seen() -> list[Call]:
    """What the functions did in simulated worlds where much goes wrong."""
    return [call for call in calls(SEEDS) if call[0] in topology.SUBSCRIPTIONS]


def resource_of(call: Call) -> str:
    _, port, _, about = call
    if port == "messages":
        return f"topic:{about}"
    if port == "jobs":
        return f"job:{about or 'native-small'}"
    if port == "uploads":
        return "uploads:"
    if port == "data":
        return f"data:{about}"
    return _RESOURCES.get(port, port)


def permitted(who: str, resource: str) -> set[str]:
    """What the grants on the resource permit."""
    return {
        permission
        for grant in GRANTS
        if grant.who == who and grant.covers(resource)
        for permission in access.permissions_of(grant.role)
    }


def test_every_call_that_a_function_makes_is_permitted(
    seen: list[Call],
) -> None:
    missing = []
    for call in seen:
        who, port, method, _ = call
        kind = "bucket" if port in ("uploads", "data") else port
        if port in ("secrets", "warehouse"):
            continue  # a secret's name is not in the call: see below
        needed = set(NEEDED[f"{kind}.{method}"])
        lacking = needed - permitted(who, resource_of(call))
        missing += [(*call, permission) for permission in sorted(lacking)]
    assert missing == []


def test_every_step_that_may_go_on_in_a_job_may_start_its_own() -> None:
    starting = {grant.who: grant.on for grant in GRANTS if grant.may == "start"}
    assert {starting[step] for step in jobs.STEPS} == {
        f"job:{step}" for step in jobs.STEPS
    }


def test_only_what_talks_to_the_warehouse_may_read_its_secrets(
    seen: list[Call],
) -> None:
    asking = {who for who, port, *_ in seen if port == "warehouse"}
    reading = {
        grant.who
        for grant in GRANTS
        if grant.role == "roles/secretmanager.secretAccessor"
    }
    assert asking <= reading == {"extract", "extract-job"}


def test_no_worker_may_touch_a_document() -> None:
    touching = {grant.who for grant in GRANTS if grant.on == "documents"}
    assert touching.isdisjoint({"native", "robyn"})


def test_nobody_is_an_owner_editor_or_administrator_of_the_project() -> None:
    roles = re.findall(r'"(roles/[\w.]+)"', "".join(FOUND.texts.values()))
    wide = {"roles/owner", "roles/editor", "roles/viewer"}
    assert [r for r in roles if r in wide or "dmin" in r] == []


def test_nothing_is_open_to_everybody() -> None:
    for text in FOUND.texts.values():
        assert "allUsers" not in text
        assert "allAuthenticatedUsers" not in text


def test_a_grant_is_written_in_the_table_only() -> None:
    """Elsewhere members are the platform's own accounts, or people."""
    allowed = {
        "iam.tf", "accounts.tf", "subscriptions.tf", "topics.tf", "logs.tf",
        "services.tf", "github.tf", "costs.tf",
    }  # fmt: skip
    granting = {
        resource.file
        for resource in FOUND.resources.values()
        if "_iam_" in resource.kind and "custom_role" not in resource.kind
    }
    assert granting <= allowed


@pytest.mark.parametrize("grant", GRANTS, ids=lambda g: f"{g.who} {g.on}")
def test_a_grant_names_what_there_is(grant: Grant) -> None:
    assert access.permissions_of(grant.role)
    kind, _, name = grant.on.partition(":")
    there = {
        "topic": {"*", *_listed("topics.tf", "topics")},
        "secret": _listed("secrets.tf", "secrets"),
    }
    assert name in there.get(kind, {name})
    assert grant.why


def test_the_page_shows_the_table() -> None:
    text = access.PAGE.read_text()
    assert text == access.page(text), "run make access"


def _listed(file: str, name: str) -> set[str]:
    """The texts of a `toset([...])`."""
    block = FOUND.texts[file].partition(f"{name} = toset([")[2]
    return set(re.findall(r'"([\w.-]+)"', block.partition("])")[0]))
