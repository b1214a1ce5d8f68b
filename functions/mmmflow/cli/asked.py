"""What may be asked of an experiment, as options of a command."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import mappings, names
from mmmflow.domain.errors import InvalidInputError

_PATH = click.Path(path_type=Path, dir_okay=False)
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


def _options(
    *options: Callable[[Function], Function],
) -> Callable[[Function], Function]:
    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


of_it = _options(
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
    click.option("--dry-run", is_flag=True, help="Say what it would make."),
    click.option(
        "--force", is_flag=True, help="Again, as the next revision, if known."
    ),
    click.option(
        "--key", default="", help="Idempotency-Key: the same again is one."
    ),
    click.option("--wait", is_flag=True, help="Show progress until all ended."),
)


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
