"""sample: data to try a system with, put there and taken away again."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import click

from mmmflow.cli import upkeep
from mmmflow.cli.session import Group, Session, pass_session

_FILE = "mmmflow_sample.csv"
_VERSION = 12  # characters of the content's SHA-256
Json = dict[str, Any]


@click.group("sample", cls=Group)
def sample() -> None:
    """Data to try a system with, under countries of its own."""


@sample.command("up", example="mmmflow sample up")
@pass_session
def up(session: Session) -> None:
    """Upload the sample and its mapping; nothing is trained by it.

    Its countries are called sample-DE, sample-FR: what is real is not
    touched.
    """
    content = _read("mapping.json")
    version = hashlib.sha256(content.encode()).hexdigest()[:_VERSION]
    made = []
    for country, table in _tables():
        body = {
            "scope": country,
            "version": version,
            "mapping": json.loads(content),
        }
        session.client.post("/mappings", body)
        known = session.client.get("/datasets", country=country, limit=1)
        if known["datasets"]:
            session.note(f"{country} has data already.")
            continue
        asked = {
            "country": country,
            "file": _FILE,
            "size": len(table),
            "content_type": "text/csv",
        }
        signed = session.client.post("/uploads", asked).data
        session.client.put_signed(signed, io.BytesIO(table), len(table))
        made.append(signed["name"])
    session.show(
        {"uploads": made, "countries": _countries()},
        lambda: "\n".join(
            [
                *(f"uploaded {name}" for name in made),
                f"`mmmflow submit --country {_countries()[0]}` trains on it,"
                " `mmmflow sample down` takes it away.",
            ]
        ),
    )
    session.note_who_works()


@sample.command("down", example=("mmmflow sample down --confirm sample",))
@click.option("--confirm", help="What would be typed, for a script.")
@pass_session
def down(session: Session, confirm: str | None) -> None:
    """Delete the sample and everything that was made of it."""
    plans = []
    for country in _countries():
        asked: Json = {"country": country, "mappings": True}
        champions = [
            one["experiment_id"]
            for one in session.client.get("/champions")["champions"]
            if one["country"] == country
        ]
        if champions:
            asked["champions"] = champions
        found = session.client.post("/deletions/dry-run", asked).data
        session.note(f"{country}: {upkeep.planned(found)}")
        if any(found[k] for k in ("objects", "datasets", "mappings")):
            plans.append({**asked, "confirm": found["confirm"]})
    if plans:
        upkeep.require_typed("sample", confirm)
    done = [
        upkeep.deleted(session.client, plan, session.note) for plan in plans
    ]
    session.show(
        done,
        lambda: (
            f"Deleted {sum(len(one['experiments']) for one in done)}"
            f" experiments and {sum(one['objects'] for one in done)} objects."
        ),
    )


def _tables() -> Iterator[tuple[str, bytes]]:
    """(country, its CSV): the sample's rows under a name of their own."""
    rows = list(csv.DictReader(io.StringIO(_read("marketing_weekly.csv"))))
    for country in _countries():
        out = io.StringIO()
        writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if f"sample-{row['country']}" == country:
                writer.writerow({**row, "country": country})
        yield country, out.getvalue().encode()


def _countries() -> list[str]:
    truth = json.loads(_read("truth.json"))
    return [f"sample-{country}" for country in sorted(truth["countries"])]


def _read(name: str) -> str:
    folder = resources.files("mmmflow.local").joinpath("sample")
    return folder.joinpath(name).read_text()
