"""Checks of a system through its API: identity, rights, work that waits."""

from collections.abc import Iterator
from typing import Any

from mmmflow.cli.checks import Check, answered
from mmmflow.cli.client import Client
from mmmflow.cli.failures import NOT_PERMITTED, SAYS_NO, FailedError

_SECRETS = ("snowflake-key", "snowflake-password")
_PROBE = {"country": "DE", "file": "probe.csv", "size": 1}


def checks(client: Client, *, deployed: bool) -> Iterator[Check]:
    """One after the other; what needs the one before is left out."""
    health = answered("api", lambda: _health(client))
    yield health
    if health.state == "wrong":
        return
    yield answered("identity", lambda: _identity(client))
    yield answered("queues", lambda: _queues(client))
    yield answered("dead letters", lambda: _letters(client))
    yield answered("mappings", lambda: _mappings(client))
    yield answered("data", lambda: _data(client))
    if deployed:
        yield answered("uploads", lambda: _uploads(client))
        yield answered("warehouse secret", lambda: _secret(client))
        yield answered("costs", lambda: _costs(client))


def _health(client: Client) -> Check:
    found = client.get("/health")
    parts = ", ".join(f"{name} {state}" for name, state in found.items())
    return Check("api", "ok", f"answers: {parts}")


def _identity(client: Client) -> Check:
    found = client.get("/me")
    who = f"{found['mail']}, {' and '.join(found['roles'])}"
    if "operator" in found["roles"]:
        return Check("identity", "ok", who)
    return Check(
        "identity",
        "look",
        who,
        "to change anything you need to be listed under people.operators in"
        " Terraform's variables",
        NOT_PERMITTED,
    )


def _queues(client: Client) -> Check:
    found = client.get("/queues")
    pressed = found["paused_by_all"]
    if pressed:
        return Check(
            "queues",
            "look",
            f"all paused by {pressed['actor']}: {pressed['why']}",
            "mmmflow queue resume --all",
        )
    held = [one for one in found["queues"] if one["held"] and one["queued"]]
    if held:
        first = held[0]
        return Check(
            "queues",
            "look",
            f"{first['name']}: {first['held']['reason']}",
            f"mmmflow queue show {first['name']}",
        )
    running = sum(one["running"] for one in found["queues"])
    queued = sum(one["queued"] for one in found["queues"])
    return Check("queues", "ok", f"{running} running, {queued} queued")


def _letters(client: Client) -> Check:
    found = client.get("/dead-letters", state="BURIED")["dead_letters"]
    if not found:
        return Check("dead letters", "ok", "none")
    newest = found[0]
    return Check(
        "dead letters",
        "look",
        f"{len(found)}; {newest['function']}: {newest['reason']}",
        "mmmflow dead-letters list, then replay or discard",
    )


def _mappings(client: Client) -> Check:
    found = client.get("/mappings")["mappings"]
    taken = [one for one in found if one["state"] == "ACCEPTED"]
    if taken:
        scopes = sorted({one["scope"] for one in taken})
        return Check("mappings", "ok", f"of {', '.join(scopes)}")
    if found:
        problem = found[0]["problems"][0]
        return Check(
            "mappings",
            "wrong",
            f"{found[0]['id']} is refused: {problem['what']}",
            "mmmflow mapping validate mapping.json, then push it",
        )
    return Check(
        "mappings", "look", "none yet", "mmmflow mapping push mapping.json"
    )


def _data(client: Client) -> Check:
    """The newest dataset tells whether the warehouse was reached."""
    found = client.get("/datasets", limit=1)["datasets"]
    if not found:
        return Check(
            "data", "look", "none yet", "mmmflow extract, or mmmflow upload"
        )
    newest = found[0]
    what = f"{newest['country']} {newest['state']}"
    if newest["state"] == "FAILED":
        problem: dict[str, Any] = next(iter(newest["problems"]), {})
        return Check(
            "data",
            "wrong",
            f"{what}: {problem.get('what', '')}",
            problem.get("hint") or f"mmmflow datasets {newest['id']}",
        )
    return Check("data", "ok", f"the newest is {what}")


def _uploads(client: Client) -> Check:
    """Asks for a signed URL, and sends nothing there."""
    asked = {**_PROBE, "content_type": "text/csv"}
    try:
        client.post("/uploads", asked)
    except FailedError as failed:
        if failed.exit_code == NOT_PERMITTED:
            return Check("uploads", "look", "for operators only")
        return Check(
            "uploads",
            "wrong",
            str(failed.problems[0]),
            "the API's account may sign for itself"
            " (roles/iam.serviceAccountTokenCreator), and MMMFLOW_SIGNER names"
            " it: apply Terraform",
        )
    return Check("uploads", "ok", "URLs are signed")


def _secret(client: Client) -> Check:
    """Never its value: when it was saved, and by whom."""
    for name in _SECRETS:
        try:
            found = client.get(f"/secrets/{name}")
        except FailedError as failed:
            if failed.exit_code != SAYS_NO:
                raise
        else:
            when = f"{name} saved {found['saved_at'][:10]}"
            return Check("warehouse secret", "ok", when)
    return Check(
        "warehouse secret",
        "look",
        "none is saved: Snowflake can't be reached",
        "mmmflow secrets save snowflake-key --file rsa_key.p8; nothing to do"
        " where files are uploaded instead",
    )


def _costs(client: Client) -> Check:
    found = client.get("/costs")
    if found["days"]:
        total = f"{found['total']:.2f} {found['currency']} this month"
        return Check("costs", "ok", total)
    return Check(
        "costs",
        "look",
        "none is known this month",
        "set billing_export in Terraform's variables; a day is known by the"
        " next",
    )
