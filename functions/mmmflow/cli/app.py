"""The program `mmmflow`: its groups of commands, in the order of a day."""

from pathlib import Path

import click

from mmmflow.cli import (
    data,
    datasets,
    doctor,
    experiments,
    machine,
    mappings,
    operations,
    queues,
    results,
    sample,
    secrets,
    standing,
    submissions,
    upkeep,
    watching,
    what_if,
)
from mmmflow.cli.session import URL, Program, Session

COMMANDS: tuple[click.Command, ...] = (
    machine.run,
    machine.serve,
    doctor.doctor,
    submissions.submit,
    submissions.sweep,
    submissions.batch,
    submissions.clone,
    watching.watch,
    watching.logs,
    experiments.ls,
    experiments.show,
    experiments.batches,
    experiments.cancel,
    experiments.retry,
    experiments.delete,
    results.results,
    results.champion,
    results.leaderboard,
    results.compare,
    what_if.allocate,
    datasets.datasets,
    data.extract,
    data.upload,
    datasets.quality,
    mappings.mapping,
    standing.standing,
    queues.queue,
    secrets.secrets,
    operations.costs,
    operations.dead_letters,
    operations.api,
    upkeep.purge,
    upkeep.export,
    upkeep.import_run,
    upkeep.reproduce,
    upkeep.migrate,
    sample.sample,
)


@click.group(
    cls=Program, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--home",
    envvar="MMMFLOW_HOME",
    default=".mmmflow",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the embedded services keep everything.",
)
@click.option(
    "--url",
    envvar=URL,
    default="",
    help="The API of a deployed system, as https://…; or MMMFLOW_URL.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
def main(context: click.Context, home: Path, url: str, as_json: bool) -> None:
    """Marketing mix models, trained as data arrives.

    Asks the API at --url with your Google identity; without one, the services
    of this machine, whether or not `mmmflow serve` is up.
    """
    context.obj = Session(home.resolve(), url, as_json)


for command in COMMANDS:
    main.add_command(command)
