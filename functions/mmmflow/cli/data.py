"""datasets, extract, upload, quality: data on its way in."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import names, text
from mmmflow.cli.client import Client
from mmmflow.cli.failures import SAYS_NO
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

_PATH = click.Path(path_type=Path, dir_okay=False)
_EVERY = 1.0
_KINDS = {
    ".csv": "text/csv",
    ".csv.gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet",
}
_SETTLED = ("PREPARED", "FAILED")
_FOR_A_MAPPING = 30.0  # seconds: there is none yet


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
        session.show(one, lambda: _one(one))


@click.command(
    cls=Asking,
    example=(
        "mmmflow extract --country DE --table ANALYTICS.MARKETING.WEEKLY",
        "mmmflow extract --country DE --country FR --query weekly.sql --wait",
    ),
)
@click.option("--country", "countries", multiple=True, required=True)
@click.option("--table", "table_name", help="A table of the warehouse.")
@click.option(
    "--country-column", help="Its column of countries; else every row is taken."
)
@click.option("--query", type=_PATH, help="Or one SELECT in a file.")
@click.option("--mapping-version", help="What it is prepared with.")
@click.option(
    "--preset",
    type=click.Choice(["test", "benchmark", "production"]),
    help="Train a model of that size with it, too.",
)
@click.option("--force", is_flag=True, help="Though the table has not changed.")
@click.option("--wait", is_flag=True, help="Until it is prepared, or failed.")
@pass_session
def extract(
    session: Session,
    *,
    countries: tuple[str, ...],
    table_name: str | None,
    country_column: str | None,
    query: Path | None,
    mapping_version: str | None,
    preset: str | None,
    force: bool,
    wait: bool,
) -> None:
    """Ask the warehouse for a table or query, for each country."""
    if bool(table_name) == bool(query):
        raise click.UsageError("Give either --table or --query.")
    source = (
        {"table": table_name}
        if query is None
        else {"query": _read(query).decode()}
    )
    if country_column:
        source["country_column"] = country_column
    body: dict[str, Any] = {"source": source, "countries": list(countries)}
    if mapping_version:
        body["mapping_version"] = mapping_version
    if preset:
        body["train"] = {"experiment": {"preset": preset}}
    if force:
        body["force"] = True
    reply = session.client.post("/datasets", body)
    if not wait:
        session.show(
            reply.data, lambda: f"{reply.message}: {reply.data['request_id']}"
        )
        session.note_who_works()
        return
    with session.working():
        made = _made(session.client, reply.data["request_id"])
        _show_settled(session, made)


@click.command(
    cls=Asking,
    example=("mmmflow upload DE weekly.csv", "mmmflow upload DE w.csv --wait"),
)
@click.argument("country")
@click.argument("file", type=_PATH)
@click.option("--wait", is_flag=True, help="Until it is prepared, or failed.")
@pass_session
def upload(session: Session, country: str, file: Path, wait: bool) -> None:
    """Drop FILE (.csv, .csv.gz or .parquet) for a country."""
    _read(file, 2)
    ending = next((e for e in _KINDS if file.name.endswith(e)), "")
    if not ending:
        raise InvalidInputError.of(
            file.name, "no table", f"one of {', '.join(_KINDS)}"
        )
    size = file.stat().st_size
    asked = {
        "country": country,
        "file": file.name,
        "size": size,
        "content_type": _KINDS[ending],
    }
    newest = _newest(session.client, country)
    signed = session.client.post("/uploads", asked).data
    with file.open("rb") as content:
        session.client.put_signed(signed, content, size)
    if not wait:
        session.show(
            {"name": signed["name"], "size": size},
            lambda: f"{signed['name']} uploaded, {size:,} bytes",
        )
        session.note_who_works()
        return
    with session.working():
        while (found := _newest(session.client, country)) == newest:
            time.sleep(_EVERY)
        _show_settled(session, [str(found)])


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


def _one(one: dict[str, Any]) -> str:
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


def _read(file: Path, most: int = -1) -> bytes:
    """Raises: InvalidInputError."""
    if not file.is_file():
        raise InvalidInputError.of(str(file), "there is no such file")
    with file.open("rb") as content:
        return content.read(most)


def _newest(client: Client, country: str) -> str | None:
    found = client.get("/datasets", country=country, limit=1)["datasets"]
    return found[0]["id"] if found else None


def _made(client: Client, request_id: str) -> list[str]:
    """The datasets that a request has made, as soon as it is answered."""
    from mmmflow.cli.failures import FailedError

    while True:
        try:
            found = client.get(f"/requests/{request_id}")
        except FailedError as missing:
            if missing.exit_code != SAYS_NO:
                raise
        else:
            if found["problems"]:
                _refuse(found["problems"])
            return [str(id) for id in found["made"]]
        time.sleep(_EVERY)


def _refuse(problems: list[dict[str, str]]) -> None:
    from mmmflow.cli.failures import FailedError
    from mmmflow.domain.errors import Problem

    raise FailedError(SAYS_NO, [Problem(**one) for one in problems])


def _show_settled(session: Session, ids: list[str]) -> None:
    """Wait for the datasets, show them, and fail if one did."""
    found = [_settled(session.client, id) for id in ids]
    session.show(found, lambda: "\n\n".join(_one(one) for one in found))
    if any(one["state"] != "PREPARED" for one in found):
        session.note("What is EXTRACTED waits for `mmmflow mapping push`.")
        sys.exit(SAYS_NO)


def _settled(client: Client, id: str) -> Any:
    """The dataset once nothing more happens to it by itself."""
    extracted = None
    while True:
        one = client.get(f"/datasets/{id}")
        if one["state"] == "EXTRACTED" and extracted is None:
            extracted = time.monotonic()
        waited = time.monotonic() - (extracted or time.monotonic())
        if one["state"] in _SETTLED or waited > _FOR_A_MAPPING:
            return one
        time.sleep(_EVERY)
