"""queue: what runs at once, what is held, what comes next."""

from typing import Any

import click

from mmmflow.cli import names, text
from mmmflow.cli.client import Reply
from mmmflow.cli.session import Group, Session, pass_session

_DEFAULT = "default"


@click.group(cls=Group)
def queue() -> None:
    """What runs at once, what is held back, what comes next."""


@queue.command("list", example="mmmflow queue list")
@pass_session
def index(session: Session) -> None:
    """Every queue: what it does, and why it starts nothing, if so."""
    found = session.client.get("/queues")

    def shown() -> str:
        table = text.table(
            ("queue", "at once", "running", "queued", "waiting", "today", ""),
            [
                (
                    one["name"],
                    one["parallelism"],
                    one["running"],
                    one["queued"],
                    one["waiting"],
                    f"{one['today']['runs']} runs,"
                    f" {one['today']['cost']:.2f} {one['currency']}",
                    (one["held"] or {}).get("reason", ""),
                )
                for one in found["queues"]
            ],
            right=("at once", "running", "queued", "waiting"),
        )
        return table if found["queues"] else "Nothing was ever queued."

    session.show(found, shown)


@queue.command("show", example="mmmflow queue show default")
@click.argument("name", default=_DEFAULT)
@pass_session
def show(session: Session, name: str) -> None:
    """How one queue is set and what it does."""
    found = session.client.get(f"/queues/{name}")
    session.show(found, lambda: _one(found))


@queue.command(
    "pause",
    example=("mmmflow queue pause default", "mmmflow queue pause --all"),
)
@click.argument("name", default=_DEFAULT)
@click.option("--all", "every", is_flag=True, help="One switch for all.")
@click.option("--why", default="", help="Kept with who paused it.")
@pass_session
def pause(session: Session, name: str, every: bool, why: str) -> None:
    """Start nothing more; what runs goes on."""
    _switch(session, "pause", name, every, why)


@queue.command(
    "resume",
    example=("mmmflow queue resume default", "mmmflow queue resume --all"),
)
@click.argument("name", default=_DEFAULT)
@click.option("--all", "every", is_flag=True, help="The switch for all.")
@click.option("--why", default="", help="Kept with who resumed it.")
@pass_session
def resume(session: Session, name: str, every: bool, why: str) -> None:
    """Go on."""
    _switch(session, "resume", name, every, why)


@queue.command("parallelism", example="mmmflow queue parallelism default 10")
@click.argument("name")
@click.argument("number", type=int)
@pass_session
def parallelism(session: Session, name: str, number: int) -> None:
    """How many runs at once; the queue is made if it is not there."""
    _set(session, name, {"parallelism": number})


@queue.command(
    "caps",
    example=(
        "mmmflow queue caps default --runs 200 --cost 25",
        "mmmflow queue caps default --runs none",
    ),
)
@click.argument("name")
@click.option("--runs", help="A day, retries too; `none` for any number.")
@click.option("--cost", help="A day in USD, by estimate; `none` for any sum.")
@pass_session
def caps(
    session: Session, name: str, runs: str | None, cost: str | None
) -> None:
    """What a queue may start in a day (UTC)."""
    given = {"daily_runs": runs, "daily_cost": cost}
    body = {
        field: None if value == "none" else names.value(value)
        for field, value in given.items()
        if value is not None
    }
    _set(session, name, body)


@queue.command(
    "reorder",
    example=(
        "mmmflow queue reorder default ID --priority 10",
        "mmmflow queue reorder default ID --before OTHER_ID",
    ),
)
@click.argument("name")
@click.argument("id")
@click.option("--priority", type=int, help="The higher, the earlier.")
@click.option("--before", help="The experiment that it comes before.")
@pass_session
def reorder(
    session: Session,
    name: str,
    id: str,
    *,
    priority: int | None,
    before: str | None,
) -> None:
    """Give an experiment a priority, or the place before another one."""
    if (priority is None) == (before is None):
        raise click.UsageError("Give either --priority or --before.")
    place: dict[str, Any] = (
        {"priority": priority} if before is None else {"before": before}
    )
    of = names.experiment(session.client, id)
    body = {"experiment_id": of, **place}
    reply = session.client.post(f"/queues/{name}/order", body)
    session.show(reply.data, lambda: f"{of}: {reply.message}")


def _switch(
    session: Session, word: str, name: str, every: bool, why: str
) -> None:
    path = f"/{word}-all" if every else f"/queues/{name}/{word}"
    reply = session.client.post(path, {"why": why} if why else {})
    session.show(reply.data, lambda: reply.message)


def _set(session: Session, name: str, body: dict[str, Any]) -> None:
    reply: Reply = session.client.ask("PUT", f"/queues/{name}", body=body)
    session.show(reply.data, lambda: _one(reply.data))


def _one(one: dict[str, Any]) -> str:
    most = {
        "runs a day": one["daily_runs"],
        f"{one['currency']} a day": one["daily_cost"],
    }
    held = one["held"] or {}
    return text.fields(
        {
            "queue": one["name"],
            "at once": one["parallelism"],
            "running": one["running"],
            "queued": one["queued"],
            "waiting": one["waiting"],
            **most,
            "today": f"{one['today']['runs']} runs,"
            f" {one['today']['cost']:.2f} {one['currency']}",
            "held": held.get("reason"),
            "until": held.get("until") and text.time(held["until"]),
            "too expensive": one["too_expensive"] or None,
        }
    )
