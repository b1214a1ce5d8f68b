"""extract, upload: data on its way in."""

import sys
import time
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import datasets
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
    session.show(
        found, lambda: "\n\n".join(datasets.described(one) for one in found)
    )
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
