"""submit, sweep, batch, clone: experiments to make."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import mappings, names, text, watching
from mmmflow.cli.client import Reply
from mmmflow.cli.failures import SAYS_NO
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

_PATH = click.Path(path_type=Path, dir_okay=False)
_BATCHES = {".csv": "text/csv", ".jsonl": "application/x-ndjson"}
_PLAIN = (
    "country",
    "preset",
    "engine",
    "adstock",
    "goal",
    "dataset_id",
    "mapping_version",
    "iterations",
    "trials",
    "seed",
    "queue",
    "priority",
)
Function = Callable[..., Any]


def _options(*options: Callable[[Function], Function]) -> Any:
    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


asked_of_it = _options(
    click.option("--country", help="Whose data; DE."),
    click.option(
        "--preset",
        type=click.Choice(["test", "benchmark", "production"]),
        help="Size of the search: 200 × 3, 2000 × 5 or 10000 × 5.",
    ),
    click.option("--engine", type=click.Choice(["native", "robyn"])),
    click.option(
        "--adstock",
        type=click.Choice(["geometric", "weibull_cdf", "weibull_pdf"]),
    ),
    click.option("--goal", help="The dependent variable's column."),
    click.option("--dataset", "dataset_id", help="Default: the newest."),
    click.option("--mapping-version"),
    click.option("--start", help="First day that is modelled, as 2023-01-02."),
    click.option("--end", help="Last day that is modelled."),
    click.option("--iterations", type=int),
    click.option("--trials", type=int),
    click.option("--seed", type=int),
    click.option("--queue"),
    click.option("--priority", type=int),
    click.option("--label", "labels", multiple=True, help="name=value"),
    click.option(
        "--set",
        "fields",
        multiple=True,
        help="Any field of experiment.json, as allocation.total_budget=1e6.",
    ),
    click.option(
        "--file", type=_PATH, help="An experiment.json; options replace it."
    ),
)
how_it_is_sent = _options(
    click.option(
        "--dry-run", is_flag=True, help="Make nothing: what it would."
    ),
    click.option(
        "--force", is_flag=True, help="Again, as the next revision, if known."
    ),
    click.option(
        "--key", default="", help="Idempotency-Key: the same again is one."
    ),
    click.option("--wait", is_flag=True, help="Show progress until all ended."),
)


@click.command(
    cls=Asking,
    example=(
        "mmmflow submit --country DE --preset benchmark",
        "mmmflow submit --country DE --adstock weibull_cdf --wait",
        "mmmflow submit --file experiment.json --set seed=7 --dry-run",
    ),
)
@asked_of_it
@how_it_is_sent
@pass_session
def submit(
    session: Session,
    *,
    dry_run: bool,
    force: bool,
    key: str,
    wait: bool,
    **given: Any,
) -> None:
    """Train one model. The same request sent twice makes nothing twice."""
    body: dict[str, Any] = {"experiment": experiment(given)}
    if force:
        body["force"] = True
    _send(session, body, dry_run=dry_run, key=key, wait=wait)


@click.command(
    cls=Asking,
    example=(
        "mmmflow sweep --over country=DE,FR --over adstock=geometric,weibull_cdf",
        "mmmflow sweep --country DE --over seed=1,2,3 --preset test --wait",
    ),
)
@asked_of_it
@click.option(
    "--over",
    multiple=True,
    required=True,
    help="field=value,value…; a JSON list for values that are no words.",
)
@click.option("--confirm", is_flag=True, help="More than 50 are meant.")
@how_it_is_sent
@pass_session
def sweep(
    session: Session,
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
        "experiment": experiment(given),
        "sweep": combinations(over),
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
@how_it_is_sent
@pass_session
def batch(
    session: Session,
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
@asked_of_it
@click.option("--key", default="", help="Idempotency-Key.")
@click.option("--wait", is_flag=True, help="Show progress until it ended.")
@pass_session
def clone(
    session: Session, id: str, *, key: str, wait: bool, **given: Any
) -> None:
    """Train a new model from an old one's request, with changes."""
    of = names.experiment(session.client, id)
    changes = {"changes": experiment(given)}
    reply = session.client.post(f"/experiments/{of}/clone", changes, key=key)
    shown = Reply({"experiments": [reply.data]}, reply.message, reply.status)
    _answer(session, shown, dry_run=False, wait=wait)


def experiment(given: dict[str, Any]) -> dict[str, Any]:
    """The experiment.json that the options ask for.

    Raises: InvalidInputError.
    """
    file: Path | None = given["file"]
    found = mappings.read(file) if file else {}
    if not isinstance(found, dict):
        raise InvalidInputError.of(str(file), "it must be a JSON object")
    for name in _PLAIN:
        if given[name] is not None:
            found[name] = given[name]
    for edge in ("start", "end"):
        if given[edge] is not None:
            names.put(found, f"window.{edge}", given[edge])
    for name, value in names.pairs(given["labels"], "--label").items():
        names.put(found, f"labels.{name}", value)
    for path, value in names.pairs(given["fields"], "--set").items():
        names.put(found, path, names.value(value))
    return found


def combinations(over: Sequence[str]) -> dict[str, list[Any]]:
    """Each field's values. Raises: InvalidInputError."""
    found = {}
    for field, written in names.pairs(over, "--over").items():
        values = names.value(written)
        found[field] = (
            values
            if isinstance(values, list)
            else [names.value(one) for one in written.split(",")]
        )
    return found


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
        right="search time cost",
    )
    problems = [p for one in reply.data["listed"] for p in one["problems"]]
    problems += reply.data["refused"]
    return "\n".join([reply.message, listed, *map(_problem, problems)])


def _problem(problem: dict[str, str]) -> str:
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"  ! {problem['where']}: {problem['what']}{hint}"
