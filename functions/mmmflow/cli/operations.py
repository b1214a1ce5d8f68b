"""costs, dead-letters, api: what a person looks after."""

import csv
import io
from typing import Any

import click

from mmmflow.cli import mappings, text
from mmmflow.cli.client import Reply
from mmmflow.cli.session import Asking, Group, Session, pass_session

Json = dict[str, Any]


@click.command(
    cls=Asking,
    example=(
        "mmmflow costs",
        "mmmflow costs --since 2026-11-01 --until 2026-11-30 --csv",
    ),
)
@click.option("--since", help="Default: the first day of this month.")
@click.option("--until", help="Default: today.")
@click.option("--csv", "as_csv", is_flag=True, help="A row a day and service.")
@pass_session
def costs(
    session: Session, since: str | None, until: str | None, as_csv: bool
) -> None:
    """What was paid, by day and category, from the billing export."""
    found = session.client.get("/costs", since=since, until=until)
    session.show(
        found,
        lambda: (_costs_csv(found) if as_csv else _costs(found)).rstrip("\n"),
    )


@click.group("dead-letters", cls=Group)
def dead_letters() -> None:
    """Messages that nobody could handle: shown, replayed, discarded."""


@dead_letters.command(
    "list",
    example=(
        "mmmflow dead-letters list",
        "mmmflow dead-letters list --state REPLAYED",
    ),
)
@click.option(
    "--state",
    type=click.Choice(["BURIED", "REPLAYED", "DISCARDED"]),
    default="BURIED",
    show_default=True,
)
@click.option("--limit", default=50, show_default=True)
@pass_session
def index(session: Session, state: str, limit: int) -> None:
    """The newest, with function and reason."""
    found = session.client.get("/dead-letters", state=state, limit=limit)
    letters = found["dead_letters"]
    session.show(
        letters,
        lambda: (
            text.table(
                ("letter", "topic", "function", "buried", "reason"),
                [
                    (
                        one["id"],
                        one["topic"],
                        one["function"],
                        text.time(one["buried_at"]),
                        one["reason"],
                    )
                    for one in letters
                ],
            )
            if letters
            else f"None is {state}."
        ),
    )


@dead_letters.command("replay", example="mmmflow dead-letters replay ID")
@click.argument("ids", nargs=-1, required=True)
@pass_session
def replay(session: Session, ids: tuple[str, ...]) -> None:
    """Send them again, each to the function that failed it."""
    _settle(session, ids, "replay")


@dead_letters.command("discard", example="mmmflow dead-letters discard ID")
@click.argument("ids", nargs=-1, required=True)
@pass_session
def discard(session: Session, ids: tuple[str, ...]) -> None:
    """Keep them as a record only."""
    _settle(session, ids, "discard")


@click.command(
    cls=Asking,
    example=(
        "mmmflow api GET /settings/ranking",
        "mmmflow api POST /notification-targets --data target.json",
    ),
)
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "DELETE"]))
@click.argument("path")
@click.option(
    "--data", type=mappings.PATH, help="A file that holds the JSON body."
)
@pass_session
def api(session: Session, method: str, path: str, data: Any) -> None:
    """Any route of docs/api.md, by its PATH below /api/v1; answers JSON."""
    place, _, query = path.removeprefix("/api/v1").partition("?")
    from urllib.parse import parse_qsl

    body = mappings.read(data) if data else None
    if body is None and method in ("POST", "PUT"):
        body = {}
    reply = session.client.ask(
        method, f"/{place.lstrip('/')}", query=dict(parse_qsl(query)), body=body
    )
    click.echo(text.as_json(reply.data))


def _settle(session: Session, ids: tuple[str, ...], word: str) -> None:
    replies: list[Reply] = [
        session.client.post(f"/dead-letters/{id}/{word}") for id in ids
    ]
    session.show(
        [reply.data for reply in replies],
        lambda: "\n".join(f"{r.data['id']}  {r.message}" for r in replies),
    )


def _costs(found: Json) -> str:
    if not found["days"]:
        return (
            f"No cost is known from {found['since']} to {found['until']}: they"
            " come from the billing export of a deployed system."
        )
    names = sorted(found["categories"])
    rows = [
        (
            day["day"],
            *(text.number(day["categories"].get(n, 0.0), 4) for n in names),
            text.number(day["total"], 4),
        )
        for day in found["days"]
    ]
    sums = [text.number(found["categories"][name], 4) for name in names]
    total = ("total", *sums, text.number(found["total"], 4))
    head = (found["currency"], *names, "all")
    return text.table(head, [*rows, total], right=head[1:])


def _costs_csv(found: Json) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("day", "service", "cost", "currency"))
    for day in found["days"]:
        for service, cost in sorted(day["services"].items()):
            writer.writerow((day["day"], service, cost, day["currency"]))
    return lines.getvalue()
