"""submit, sweep, batch, clone: experiments to make."""

import sys
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import asked, names, text, watching
from mmmflow.cli.client import Reply
from mmmflow.cli.failures import SAYS_NO
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

_PATH = click.Path(path_type=Path, dir_okay=False)
_BATCHES = {".csv": "text/csv", ".jsonl": "application/x-ndjson"}


@click.command(
    cls=Asking,
    example=(
        "mmmflow submit --country DE --preset benchmark",
        "mmmflow submit --country DE --adstock weibull_cdf --wait",
        "mmmflow submit --file experiment.json --set seed=7 --dry-run",
    ),
)
@asked.of_it
@asked.how_it_is_sent
@pass_session
def submit(
    session: Session,
    /,
    *,
    dry_run: bool,
    force: bool,
    key: str,
    wait: bool,
    **given: Any,
) -> None:
    """Train one model. The same request sent twice makes nothing twice."""
    body: dict[str, Any] = {"experiment": asked.experiment(given)}
    if force:
        body["force"] = True
    _send(session, body, dry_run=dry_run, key=key, wait=wait)


@click.command(
    cls=Asking,
    example=(
        "mmmflow sweep --over country=DE,FR --over seed=1,2,3",
        "mmmflow sweep --country DE --over adstock=geometric,weibull_cdf",
    ),
)
@asked.of_it
@click.option(
    "--over",
    multiple=True,
    required=True,
    help="field=value,value…; a JSON list for values that are no words.",
)
@click.option("--confirm", is_flag=True, help="More than 50 are meant.")
@asked.how_it_is_sent
@pass_session
def sweep(
    session: Session,
    /,
    *,
    over: tuple[str, ...],
    confirm: bool,
    dry_run: bool,
    force: bool,
    key: str,
    wait: bool,
    **given: Any,
) -> None:
    """Train a model for every combination of values."""
    body: dict[str, Any] = {
        "experiment": asked.experiment(given),
        "sweep": asked.combinations(over),
    }
    body |= {"confirm": True} if confirm else {}
    body |= {"force": True} if force else {}
    _send(session, body, dry_run=dry_run, key=key, wait=wait)


@click.command(
    cls=Asking,
    example=(
        "mmmflow batch experiments.csv --dry-run",
        "mmmflow batch experiments.csv --partial --wait",
    ),
)
@click.argument("file", type=_PATH)
@click.option(
    "--partial", is_flag=True, help="Make the rows that are right, at least."
)
@asked.how_it_is_sent
@pass_session
def batch(
    session: Session,
    /,
    file: Path,
    *,
    partial: bool,
    dry_run: bool,
    force: bool,
    key: str,
    wait: bool,
) -> None:
    """Train a model for each row of FILE, .csv or .jsonl: all, or none."""
    if file.suffix not in _BATCHES:
        raise InvalidInputError.of(
            file.name, "no batch", f"one of {', '.join(_BATCHES)}"
        )
    if not file.is_file():
        raise InvalidInputError.of(str(file), "there is no such file")
    switches = {"partial": partial}
    reply = session.client.send(
        "POST",
        "/batches/dry-run" if dry_run else "/batches",
        switches if dry_run else {**switches, "force": force},
        file.read_bytes(),
        _BATCHES[file.suffix],
        key=key,
    )
    _answer(session, reply, dry_run=dry_run, wait=wait)


@click.command(
    cls=Asking,
    example=(
        "mmmflow clone last --set iterations=5000",
        "mmmflow clone 20261120T104512Z-1f3a9c0b77de --preset production",
    ),
)
@click.argument("id")
@asked.of_it
@click.option("--key", default="", help="Idempotency-Key.")
@click.option("--wait", is_flag=True, help="Show progress until it ended.")
@pass_session
def clone(
    session: Session, /, id: str, *, key: str, wait: bool, **given: Any
) -> None:
    """Train a new model from an old one's request, with changes."""
    of = names.experiment(session.client, id)
    changes = {"changes": asked.experiment(given)}
    reply = session.client.post(f"/experiments/{of}/clone", changes, key=key)
    shown = Reply({"experiments": [reply.data]}, reply.message, reply.status)
    _answer(session, shown, dry_run=False, wait=wait)


def _send(
    session: Session,
    body: dict[str, Any],
    *,
    dry_run: bool,
    key: str,
    wait: bool,
) -> None:
    path = "/experiments/dry-run" if dry_run else "/experiments"
    reply = session.client.post(path, body, key=key)
    _answer(session, reply, dry_run=dry_run, wait=wait)


def _answer(
    session: Session, reply: Reply, *, dry_run: bool, wait: bool
) -> None:
    if dry_run:
        session.show(reply.data, lambda: _planned(reply))
        if reply.data["would_be"].get("FAILED"):
            sys.exit(SAYS_NO)
        return
    made = reply.data["experiments"]
    if not wait:
        session.show(reply.data, lambda: _made(reply))
        session.note_who_works()
        return
    session.note(reply.message)
    wanted = watching.Wanted(
        ids=tuple(one["id"] for one in made),
        batch=(reply.data.get("batch") or {}).get("id", ""),
    )
    with session.working():
        watching.until_ended(session, wanted)


def _made(reply: Reply) -> str:
    data = reply.data
    lines = [reply.message]
    lines += [
        f"  {one['id']}  {one['country']} {one['adstock']}  {one['state']}"
        for one in data["experiments"]
    ]
    if data.get("batch"):
        lines.append(f"  batch {data['batch']['id']}")
    lines += [_problem(one) for one in data.get("refused", [])]
    return "\n".join(lines)


def _planned(reply: Reply) -> str:
    listed = text.table(
        ("country", "engine", "adstock", "search", "time", "cost", "would be"),
        [
            (
                one["country"],
                one["engine"],
                one["adstock"],
                f"{one['iterations']} × {one['trials']}",
                text.span(one["seconds"]),
                f"{one['cost']:.4f}",
                one["would_be"],
            )
            for one in reply.data["listed"]
        ],
        right=(
            "search",
            "time",
            "cost",
        ),
    )
    problems = [p for one in reply.data["listed"] for p in one["problems"]]
    problems += reply.data["refused"]
    return "\n".join([reply.message, listed, *map(_problem, problems)])


def _problem(problem: dict[str, str]) -> str:
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"  ! {problem['where']}: {problem['what']}{hint}"
