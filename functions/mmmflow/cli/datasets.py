"""datasets, quality: data that is here, and what was found in it."""

from pathlib import Path
from typing import Any

import click

from mmmflow.cli import names, text
from mmmflow.cli.session import Asking, Session, pass_session

_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command(
    cls=Asking,
    example=(
        "mmmflow datasets --country DE",
        "mmmflow datasets 20261120T104512Z-1f3a9c0b77de --preview 5",
    ),
)
@click.argument("id", default="")
@click.option("--country", help="Of this country only.")
@click.option("--limit", default=20, show_default=True)
@click.option("--preview", type=int, help="The first rows of dataset ID.")
@pass_session
def datasets(
    session: Session, id: str, country: str | None, limit: int, preview: int
) -> None:
    """The newest datasets, or all that is known of one."""
    if not id:
        found = session.client.listed(
            "/datasets", "datasets", {"country": country}, limit
        )
        session.show(found, lambda: _table(found))
    elif preview:
        rows = session.client.get(f"/datasets/{id}/preview", rows=preview)
        session.show(rows, lambda: _rows(rows))
    else:
        one = session.client.get(f"/datasets/{id}")
        session.show(one, lambda: described(one))


@click.command(
    cls=Asking,
    example=(
        "mmmflow quality weekly.csv --mapping mapping.json",
        "mmmflow quality 20261120T104512Z-1f3a9c0b77de",
    ),
)
@click.argument("data")
@click.option(
    "--mapping",
    "mapping_file",
    type=_PATH,
    help="Of a file: mapping.json. Default: the one that would be suggested.",
)
@click.option("--mapping-version", help="Of a dataset: prepared with which.")
@click.option("--country", "countries", multiple=True, help="Of a file.")
@pass_session
def quality(
    session: Session,
    data: str,
    *,
    mapping_file: Path | None,
    mapping_version: str | None,
    countries: tuple[str, ...],
) -> None:
    """What `prepare` found in a dataset, or would find in a file.

    DATA is a file of this machine or the id of a dataset.
    """
    from mmmflow.show import data_text

    if names.is_id(data):
        reports = [
            session.client.get(
                f"/datasets/{data}/quality", mapping_version=mapping_version
            )
        ]
    else:
        from mmmflow.local import table_files

        reports = table_files.quality(Path(data), mapping_file, countries)
    session.show(
        reports, lambda: "\n\n".join(data_text.report(one) for one in reports)
    )


def _table(found: list[Any]) -> str:
    return text.table(
        ("dataset", "country", "state", "rows", "from", "made", "problems"),
        [
            (
                one["id"],
                one["country"],
                one["state"],
                text.number(one["rows"]),
                _source(one["source"]),
                text.time(one["created_at"]),
                "; ".join(problem["what"] for problem in one["problems"]),
            )
            for one in found
        ],
        right=("rows",),
    )


def _source(source: dict[str, Any]) -> str:
    for name in ("table", "upload", "object", "name"):
        if source.get(name):
            return str(source[name])
    return "a query" if "query" in source else ""


def described(one: dict[str, Any]) -> str:
    """All that is known of a dataset, with its problems."""
    training = one["trainings"].get(one["prepared_with"]) or {}
    lines = [
        text.fields(
            {
                "dataset": one["id"],
                "country": one["country"],
                "state": one["state"],
                "from": _source(one["source"]),
                "rows": text.number(one["rows"]),
                "prepared with": one["prepared_with"],
                "modelled": training
                and f"{training['rows']} {training['interval']}s,"
                f" {training['start']} … {training['end']}",
                "made": f"{text.time(one['created_at'])} by {one['actor']}",
            }
        )
    ]
    lines += [_problem(problem) for problem in one["problems"]]
    return "\n".join(lines)


def _problem(problem: dict[str, str]) -> str:
    hint = f"\n    → {problem['hint']}" if problem["hint"] else ""
    return f"  ! {problem['where']}: {problem['what']}{hint}"


def _rows(found: dict[str, Any]) -> str:
    head = [column["name"] for column in found["columns"]]
    return text.table(head, found["rows"])
