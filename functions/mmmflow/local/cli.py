"""The command line of one machine."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Ports, RefusedError

_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    envvar="MMMFLOW_HOME",
    default=".mmmflow",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the embedded services keep everything.",
)
@click.pass_context
def main(context: click.Context, home: Path) -> None:
    """Marketing mix models on one machine: no cloud account, no server."""
    signal.signal(signal.SIGTERM, _interrupt)
    context.obj = home.resolve()


@main.command()
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
@click.pass_obj
def run(
    home: Path,
    *,
    data: Path | None,
    mapping: Path | None,
    countries: tuple[str, ...],
    preset: str | None,
    engine: str | None,
) -> None:
    """From data to the best model and the budget, then stop.

    Starts the embedded services, publishes the mapping and one message, and
    shows what the functions and the workers do with it. What is done already
    is not done again.
    """
    from mmmflow.local import main_job, results, watch

    console = _console()
    with _errors(console), _services(home) as (ports, services):
        asked = {"preset": preset, "engine": engine}
        experiment = {name: value for name, value in asked.items() if value}
        if engine == "robyn":
            _require_robyn()
        if data is None:
            job = main_job.sample_job(
                ports, home, countries=countries, experiment=experiment
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
                home,
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
            services.start()
            ended = watch.watch(
                console, ports, lambda: main_job.standing(ports, job)
            )
            services.settle()
        results.show(console, ports, ended, job.truth)
        failed = [
            e for e in ended.experiments if e.data["state"] != "SUCCEEDED"
        ]
        if failed or ended.failed_datasets:
            sys.exit(1)


@main.command()
@click.option("--port", default=8080, show_default=True)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Any other than loopback needs MMMFLOW_IDENTITY: see docs/api.md.",
)
@click.pass_obj
def serve(home: Path, port: int, host: str) -> None:
    """Stay up: the functions, the API and the status page on loopback.

    A file dropped into HOME/uploads/<country>/ is picked up. Ctrl-C stops;
    the next start goes on where this one was.
    """
    from mmmflow.local.server import Server

    console = _console()
    with (
        _errors(console),
        _services(home) as (_, services),
        Server(port, host) as server,
    ):
        services.start()
        console.print(f"Status page  {server.url}", soft_wrap=True)
        console.print(f"Drop data    {home}/uploads/<country>/", soft_wrap=True)
        console.print(
            f"Drop mapping {home}/data/metadata/universal/<version>/"
            "mapping.json",
            soft_wrap=True,
        )
        console.print("Ctrl-C stops; a restart goes on where it was.")
        with suppress(KeyboardInterrupt):
            server.wait()
        click.echo("Stopping …")


def _require_robyn() -> None:
    """Raises: InvalidInputError, with what Robyn lacks on this machine."""
    from mmmflow_robyn import presence

    missing = presence.missing()
    if missing is not None:
        raise InvalidInputError.of("ENGINE", missing)


@main.group()
def mapping() -> None:
    """What the columns of a table mean."""


@mapping.command("suggest")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    help="How names are read: naming_rules.json.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Write the mapping here.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def suggest_mapping(
    file: Path, rules: Path | None, out: Path | None, as_json: bool
) -> None:
    """Propose a mapping for FILE, with the reason of each choice."""
    from mmmflow.local import table_files
    from mmmflow.show import data_text

    with _errors(_console()):
        found = table_files.suggest(file, rules)
        click.echo(_json(found) if as_json else data_text.suggestion(found))
        if out is not None:
            out.write_text(_json(found["mapping"]) + "\n")


@mapping.command("check")
@click.argument("mapping_file", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
def check_mapping(mapping_file: Path, file: Path) -> None:
    """Hold a mapping against the columns of FILE, both ways."""
    from mmmflow.local import table_files
    from mmmflow.show import data_text

    with _errors(_console()):
        found = table_files.check(mapping_file, file)
        click.echo(data_text.differences(found))
        sys.exit(any(one["severity"] == "error" for one in found))


@mapping.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
def diff_mappings(before: Path, after: Path) -> None:
    """What changed from one mapping to the other."""
    from mmmflow.local import table_files

    with _errors(_console()):
        for line in table_files.diff(before, after):
            click.echo(line)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    help="mapping.json. Default: the one that would be suggested.",
)
@click.option("--country", "countries", multiple=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def quality(
    file: Path,
    mapping_file: Path | None,
    countries: tuple[str, ...],
    as_json: bool,
) -> None:
    """What `prepare` would find in FILE, and do to it."""
    from mmmflow.local import table_files
    from mmmflow.show import data_text

    with _errors(_console()):
        reports = table_files.quality(file, mapping_file, countries)
        shown = [
            _json(one) if as_json else data_text.report(one) for one in reports
        ]
        click.echo("\n\n".join(shown))


class _Services:
    """The runner, started when it is needed."""

    def __init__(self, home: Path, ports: Ports) -> None:
        from mmmflow.local.runner import Runner

        self._runner = Runner(home, ports)
        self._started = False

    def start(self) -> None:
        self._runner.start()
        self._started = True

    def settle(self) -> None:
        """Let what was set in motion come to its end."""
        self._runner.settle()

    def stop(self) -> int:
        return self._runner.stop() if self._started else 0


@contextmanager
def _services(home: Path) -> Iterator[tuple[Ports, _Services]]:
    """The embedded services under `home`, stopped at the end."""
    os.environ["MMMFLOW_HOME"] = str(home)
    from mmmflow import wiring
    from mmmflow.local.runner import configure_logging

    configure_logging(home)
    ports = wiring.ports()
    services = _Services(home, ports)
    try:
        yield ports, services
    finally:
        stopped = services.stop()
        if stopped:
            click.echo(
                f"Stopped {stopped} running experiment(s);"
                " the next start trains them again.",
                err=True,
            )


@contextmanager
def _errors(console: Console) -> Iterator[None]:
    """One clear message for what a person can mend, and no traceback."""
    from mmmflow.local.runner import AlreadyRunningError

    try:
        yield
    except InvalidInputError as invalid:
        for problem in invalid.problems:
            _fail(console, str(problem))
        sys.exit(2)
    except RefusedError as refused:
        _fail(console, str(refused))
        sys.exit(2)
    except AlreadyRunningError as running:
        _fail(
            console,
            f"another mmmflow runs in {running}: stop it, or set MMMFLOW_HOME",
        )
        sys.exit(2)
    except KeyboardInterrupt:
        click.echo("Interrupted; the next start goes on from here.", err=True)
        sys.exit(_INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A termination ends it as Ctrl-C does."""
    raise KeyboardInterrupt


def _fail(console: Console, text: str) -> None:
    console.print(f"error: {text}", soft_wrap=True, markup=False)


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _console() -> Console:
    return Console(highlight=False)


if __name__ == "__main__":
    main()
