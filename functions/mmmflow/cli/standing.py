"""standing: experiments to run whenever a country has new data."""

from typing import Any

import click

from mmmflow.cli import asked, text
from mmmflow.cli.session import Group, Session, pass_session


@click.group(cls=Group)
def standing() -> None:
    """Experiments to run whenever a country has new data."""


@standing.command(
    "list",
    example=("mmmflow standing list", "mmmflow standing list --country DE"),
)
@click.option("--country")
@pass_session
def index(session: Session, country: str | None) -> None:
    """All of them, and when each was last started."""
    found = session.client.get("/standing", country=country)["standing"]
    session.show(
        found,
        lambda: text.table(
            ("standing", "country", "name", "on", "last started", "by"),
            [
                (
                    one["id"],
                    one["country"],
                    one["name"],
                    one["enabled"],
                    text.time((one["last_started"] or {}).get("at")),
                    one["actor"],
                )
                for one in found
            ],
        ),
    )


@standing.command(
    "add",
    example=(
        "mmmflow standing add --country DE --preset benchmark",
        "mmmflow standing add --country DE --every-hours 168 --name weekly",
    ),
)
@asked.of_it
@click.option("--name", help="What people call it.")
@click.option("--over", multiple=True, help="field=value,value…, as of sweep.")
@click.option("--every-hours", type=float, help="No more often than that.")
@click.option("--new-rows", type=int, help="Only with so many rows more.")
@click.option("--confirm", is_flag=True, help="More than 50 are meant.")
@pass_session
def add(
    session: Session,
    /,
    *,
    name: str | None,
    over: tuple[str, ...],
    every_hours: float | None,
    new_rows: int | None,
    confirm: bool,
    **given: Any,
) -> None:
    """Make one."""
    experiment = asked.experiment(given)
    body = {
        "country": experiment.pop("country", None),
        "name": name,
        "experiment": experiment,
        "sweep": asked.combinations(over) or None,
        "minimum_interval_hours": every_hours,
        "new_rows_threshold": new_rows,
        "confirm": confirm or None,
    }
    known = {field: value for field, value in body.items() if value is not None}
    reply = session.client.post("/standing", known)
    session.show(reply.data, lambda: f"{reply.data['id']}  {reply.message}")


@standing.command("show", example="mmmflow standing show ID")
@click.argument("id")
@pass_session
def show(session: Session, id: str) -> None:
    """One of them, as JSON."""
    found = session.client.get(f"/standing/{id}")
    session.show(found, lambda: text.as_json(found))


@standing.command("enable", example="mmmflow standing enable ID")
@click.argument("id")
@pass_session
def enable(session: Session, id: str) -> None:
    """Start it again when data comes."""
    _change(session, id, enabled=True)


@standing.command("disable", example="mmmflow standing disable ID")
@click.argument("id")
@pass_session
def disable(session: Session, id: str) -> None:
    """Start it no more; what runs goes on."""
    _change(session, id, enabled=False)


@standing.command("delete", example="mmmflow standing delete ID --yes")
@click.argument("id")
@click.confirmation_option("--yes", prompt="Delete it for good?")
@pass_session
def delete(session: Session, id: str) -> None:
    """Forget it; what it has started goes on."""
    reply = session.client.ask("DELETE", f"/standing/{id}")
    session.show(reply.data, lambda: f"{id} {reply.message}")


def _change(session: Session, id: str, **changes: object) -> None:
    reply = session.client.ask("PATCH", f"/standing/{id}", body=changes)
    session.show(reply.data, lambda: f"{id} {reply.message}")
