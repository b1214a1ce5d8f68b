"""run and serve: the whole system on this machine."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click

from mmmflow.cli import failures, services, text
from mmmflow.cli.session import Documented, Session, pass_session
from mmmflow.domain.errors import InvalidInputError


@click.command(
    cls=Documented,
    example=(
        "mmmflow run",
        "mmmflow run --preset test --country DE",
        "mmmflow run --data table.csv --mapping mapping.json",
    ),
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Your own table, .csv or .parquet. Default: the sample.",
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    help="What its columns mean: mapping.json.",
)
@click.option(
    "--country",
    "countries",
    multiple=True,
    help="Only this country (repeatable). Default: every country in the data.",
)
@click.option(
    "--preset",
    type=click.Choice(["test", "benchmark", "production"]),
    help="Size of the search. Default: benchmark, 2000 iterations × 5 trials.",
)
@click.option(
    "--engine",
    type=click.Choice(["native", "robyn"]),
    help="Which engine trains. Default: native; robyn needs R and Robyn.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="At the end, how it stands as JSON."
)
@pass_session
def run(
    session: Session,
    *,
    data: Path | None,
    mapping: Path | None,
    countries: tuple[str, ...],
    preset: str | None,
    engine: str | None,
    as_json: bool,
) -> None:
    """From data to the best model and the budget, then stop.

    Starts the embedded services, publishes the mapping and one message, and
    shows what the functions and the workers do with it. What is done already
    is not done again.
    """
    from rich.console import Console

    from mmmflow.cli import job_results
    from mmmflow.cli.progress import watch
    from mmmflow.local import main_job

    session.as_json = as_json
    console = Console(highlight=False, stderr=as_json)
    with _terminated(), services.opened(session.home) as (ports, running):
        asked = {"preset": preset, "engine": engine}
        experiment = {name: value for name, value in asked.items() if value}
        if engine == "robyn":
            _require_robyn()
        if data is None:
            job = main_job.sample_job(
                ports, session.home, countries=countries, experiment=experiment
            )
        elif mapping is None:
            raise InvalidInputError.of(
                "MAPPING",
                "your own data needs a mapping of its columns",
                "make run DATA=table.csv MAPPING=mapping.json; see README",
            )
        else:
            job = main_job.own_job(
                ports,
                session.home,
                data,
                mapping,
                countries=countries,
                experiment=experiment,
            )
        before = main_job.standing(ports, job)
        if before is not None and before.done:
            console.print(
                "Nothing to do: this was done before, and nothing changed"
                f" since ({before.outcome}). `make clean` starts afresh.",
                soft_wrap=True,
            )
            ended = before
        else:
            if before is None:
                main_job.publish(ports, job)
            else:
                console.print("Going on where an earlier run stopped.")
            running.start()
            ended = watch(console, ports, lambda: main_job.standing(ports, job))
            running.settle()
        if as_json:
            click.echo(text.as_json(_ended(ended)))
        else:
            job_results.show(console, ports, ended, job.truth)
        failed = [
            e for e in ended.experiments if e.data["state"] != "SUCCEEDED"
        ]
        if failed or ended.failed_datasets:
            sys.exit(failures.SAYS_NO)


@click.command(
    cls=Documented, example=("mmmflow serve", "mmmflow serve --port 8081")
)
@click.option("--port", default=8080, show_default=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Any other than loopback needs MMMFLOW_IDENTITY: see docs/api.md.",
)
@pass_session
def serve(session: Session, port: int, host: str) -> None:
    """Stay up: the functions, the API and the status page on loopback.

    A file dropped into HOME/uploads/<country>/ is picked up. Ctrl-C stops;
    the next start goes on where this one was.
    """
    from mmmflow.local import address
    from mmmflow.local.server import Server

    home = session.home
    with (
        _terminated(),
        services.opened(home) as (_, running),
        Server(port, host) as server,
        address.told(home, server.url),
    ):
        running.start()
        click.echo(f"Status page  {server.url}")
        click.echo(f"Drop data    {home}/uploads/<country>/")
        click.echo(
            f"Drop mapping {home}/data/metadata/universal/<version>/"
            "mapping.json"
        )
        click.echo("Ctrl-C stops; a restart goes on where it was.")
        with suppress(KeyboardInterrupt):
            server.wait()
        click.echo("Stopping …")


def _ended(ended: Any) -> dict[str, Any]:
    """How the job stands, for a script."""
    fields = ("id", "country", "state", "error")
    return {
        "outcome": ended.outcome,
        "experiments": [
            {
                **{field: one.data[field] for field in fields},
                "adstock": one.data["request"]["adstock"],
                "selected": (one.data["result"] or {}).get("selected"),
            }
            for one in sorted(ended.experiments, key=lambda one: one.id)
        ],
        "failed_datasets": [
            {
                "id": one.id,
                "country": one.data["country"],
                "problems": one.data["problems"],
            }
            for one in ended.failed_datasets
        ],
    }


def _require_robyn() -> None:
    """Raises: InvalidInputError, with what Robyn lacks on this machine."""
    from mmmflow_robyn import presence

    missing = presence.missing()
    if missing is not None:
        raise InvalidInputError.of("ENGINE", missing)


@contextmanager
def _terminated() -> Iterator[None]:
    """A termination ends it as Ctrl-C does, and the next start goes on."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Interrupted; the next start goes on from here.", err=True)
        sys.exit(failures.INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
