"""watch and logs: what happens, while it happens."""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from mmmflow.cli import names, text, wording
from mmmflow.cli.failures import SAYS_NO
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.experiment import TERMINAL

_EVERY = 3.0  # seconds between two looks at a deployed system
_EVERY_HERE = 0.5
_MOST = 200
_ENDED = {state.value for state in TERMINAL}
Shown = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which experiments are watched; none named: those that have not ended."""

    ids: tuple[str, ...] = ()
    batch: str = ""


@click.command(
    cls=Asking,
    example=(
        "mmmflow watch",
        "mmmflow watch last",
        "mmmflow watch --batch 20261120T104512Z-1f3a9c0b77de --json",
    ),
)
@click.argument("ids", nargs=-1)
@click.option("--batch", default="", help="All experiments of this batch.")
@pass_session
def watch(session: Session, ids: tuple[str, ...], batch: str) -> None:
    """Live progress until all have ended; the exit code says how.

    With no ID: all that run, are queued or wait now.
    """
    wanted = Wanted(
        tuple(names.experiment(session.client, id) for id in ids), batch
    )
    if session.is_embedded:
        session.note("Nothing runs here: `mmmflow serve` takes it up.")
        for one in _found(session, wanted):
            session.note(f"{one['id']}  {wording.name(one)}  {one['state']}")
        return
    until_ended(session, wanted)


@click.command(
    cls=Asking, example=("mmmflow logs last", "mmmflow logs -f last")
)
@click.argument("id", default=names.LAST)
@click.option("-f", "--follow", is_flag=True, help="Until the run has ended.")
@pass_session
def logs(session: Session, id: str, follow: bool) -> None:
    """What the worker of an experiment has printed."""
    of = names.experiment(session.client, id)
    for part in _parts(session, of, follow=follow):
        if session.as_json:
            click.echo(text.as_json(part, lines=False))
        else:
            click.echo(text.harmless(part["text"]), nl=False)


def until_ended(session: Session, wanted: Wanted) -> None:
    """Show progress until all have ended; exit 1 if one has not succeeded."""
    from rich.console import Console

    from mmmflow.cli import progress

    console = Console(highlight=False)
    found = _found(session, wanted)
    if not (wanted.ids or wanted.batch):
        if not found:
            session.show([], lambda: "Nothing runs, is queued or waits.")
            return
        wanted = Wanted(tuple(one["id"] for one in found))
    display = _Lines() if session.as_json else progress.display(console)
    with display:
        while True:
            for one in sorted(found, key=lambda one: str(one["id"])):
                display.experiment(one)
            if found and all(one["state"] in _ENDED for one in found):
                break
            _pause(session)
            found = _found(session, wanted)
    for one in found:
        if one["error"] and one["error"].get("hint"):
            session.note(f"{wording.name(one)}: → {one['error']['hint']}")
    if any(one["state"] != "SUCCEEDED" for one in found):
        sys.exit(SAYS_NO)


class _Lines:
    """A JSON object a line for each change, for a script."""

    def __init__(self) -> None:
        self._said: dict[str, Shown] = {}

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def experiment(self, one: Shown) -> None:
        fields = ("id", "country", "adstock", "state", "progress", "error")
        shown = {field: one[field] for field in fields}
        if self._said.get(one["id"]) != shown:
            self._said[one["id"]] = shown
            left = {"seconds_left": wording.time_left(one)}
            click.echo(text.as_json({**shown, **left}, lines=False))


def _pause(session: Session) -> None:
    local = session.client.transport.is_local
    time.sleep(_EVERY_HERE if local else _EVERY)


def _found(session: Session, wanted: Wanted) -> list[Shown]:
    client = session.client
    if wanted.batch:
        of_batch = {"batch_id": wanted.batch}
        return client.listed("/experiments", "experiments", of_batch, _MOST)
    if wanted.ids:
        return [client.get(f"/experiments/{id}") for id in wanted.ids]
    open_states = ("RUNNING", "LAUNCHING", "QUEUED", "WAITING")
    return [
        one
        for state in open_states
        for one in client.listed(
            "/experiments", "experiments", {"state": state}, _MOST
        )
    ]


def _parts(session: Session, id: str, *, follow: bool) -> Iterator[Shown]:
    """The log from its start on, and what comes while it is followed."""
    offset = 0
    while True:
        ended = not follow or (
            session.client.get(f"/experiments/{id}")["state"] in _ENDED
        )
        part = session.client.get(f"/experiments/{id}/log", offset=offset)
        if part["text"] and (part["next"] > offset or not offset):
            yield part
        more = part["next"] < part["size"] and part["next"] > offset
        offset = part["next"]
        if not more:
            if ended:
                return
            _pause(session)
