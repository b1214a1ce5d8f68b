"""purge, export, import, reproduce, migrate: now and then."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import names
from mmmflow.cli.client import Client
from mmmflow.cli.failures import SAYS_NO, USAGE, fail
from mmmflow.cli.session import Asking, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

_PATH = click.Path(path_type=Path, dir_okay=False)
_LARGEST = 30_000_000
_SHOWN = 20
Json = dict[str, Any]


@click.command(
    cls=Asking,
    example=(
        "mmmflow purge --revision r-3",
        "mmmflow purge --country DE --dry-run",
        "mmmflow purge --older-than 180 --confirm 180",
    ),
)
@click.option("--experiment", help="This experiment.")
@click.option("--revision", help="All of a revision, as r-3.")
@click.option(
    "--country",
    help="All of a country: experiments, datasets, training data, uploads.",
)
@click.option(
    "--older-than", type=int, help="What ended so many days ago, or more."
)
@click.option(
    "--champion",
    "champions",
    multiple=True,
    help="The id of a champion that may go too (repeatable).",
)
@click.option(
    "--mappings", is_flag=True, help="With --country: its own mappings, too."
)
@click.option("--dry-run", is_flag=True, help="Show it, and delete nothing.")
@click.option("--confirm", help="What would be typed, for a script.")
@click.option("--why", default="", help="Kept with who deleted it.")
@pass_session
def purge(
    session: Session,
    *,
    experiment: str | None,
    revision: str | None,
    country: str | None,
    older_than: int | None,
    champions: tuple[str, ...],
    mappings: bool,
    dry_run: bool,
    confirm: str | None,
    why: str,
) -> None:
    """Delete a run, a revision, a country or what is old, files and all.

    Shows first what would go; then the name of what was chosen is to be
    typed. Champions stay unless each is named; settings stay.
    """
    given: Json = {
        "experiment_id": names.experiment(session.client, experiment)
        if experiment
        else None,
        "revision": revision,
        "country": country,
        "older_than_days": older_than,
    }
    chosen = {k: v for k, v in given.items() if v is not None}
    if len(chosen) != 1:
        raise click.UsageError(
            "Give one of --experiment, --revision, --country, --older-than."
        )
    asked: Json = {**chosen}
    if champions:
        asked["champions"] = list(champions)
    if mappings:
        asked["mappings"] = True
    found = session.client.post("/deletions/dry-run", asked).data
    if dry_run:
        session.show(found, lambda: planned(found))
        return
    session.note(planned(found))
    if not (found["objects"] or found["experiments"] or found["datasets"]):
        session.show(found, lambda: "Nothing to delete.")
        return
    require_typed(str(next(iter(chosen.values()))), confirm)
    if why:
        asked["why"] = why
    done = deleted(
        session.client, {**asked, "confirm": found["confirm"]}, session.note
    )
    session.show(done, lambda: _deleted(done))
    if done["problems"]:
        sys.exit(SAYS_NO)


@click.command(cls=Asking, example="mmmflow export last run.zip")
@click.argument("id")
@click.argument("file", type=_PATH)
@pass_session
def export(session: Session, id: str, file: Path) -> None:
    """Put everything about a run that succeeded into FILE, a zip.

    Documents, frozen configuration, training data and quality report,
    results, checksums. No secret is among them; your data is.
    """
    of = names.experiment(session.client, id)
    size = session.client.download(f"/experiments/{of}/archive", file)
    session.show(
        {"id": of, "file": str(file), "size": size},
        lambda: f"{file}: {size:,} bytes, the whole of {of}",
    )


@click.command(
    "import",
    cls=Asking,
    example=(
        "mmmflow import run.zip",
        "mmmflow --home elsewhere import run.zip",
    ),
)
@click.argument("file", type=_PATH)
@pass_session
def import_run(session: Session, file: Path) -> None:
    """Make the run of FILE here, checked against its checksums.

    Nothing is started and no champion changes. The same file once more
    changes nothing; another run of the same id is refused.
    """
    _require_file(file)
    size = file.stat().st_size
    if size > _LARGEST:
        raise InvalidInputError.of(
            file.name, f"{size:,} bytes, more than {_LARGEST:,}"
        )
    reply = session.client.send(
        "POST", "/imports", None, file.read_bytes(), "application/zip"
    )
    session.show(reply.data, lambda: f"{reply.data['id']} {reply.message}")


@click.command(cls=Asking, example="mmmflow reproduce run.zip")
@click.argument("file", type=_PATH)
@pass_session
def reproduce(session: Session, file: Path) -> None:
    """Run the native engine on FILE's data; is every byte the same?

    Works in a temporary folder and asks no system. Only how long it took is
    not compared. Exit code 1: something differs, and it is listed.
    """
    from mmmflow.upkeep import reproduction

    _require_file(file)
    found = reproduction.reproduce(file)
    content = found.as_json()

    def shown() -> str:
        lines = [f"{len(found.same)} files came out the same, bit for bit."]
        for what in ("different", "missing", "new"):
            lines += [f"{what}: {name}" for name in content[what]]
        if not found.is_same:
            made = found.made_on
            packages = ", ".join(
                f"{k} {v}" for k, v in made["packages"].items()
            )
            lines.append(
                f"It was made with Python {made['python']}, {packages} on"
                f" {made['machine']} ({' '.join(made['cpu_features'])})."
            )
        return "\n".join(lines)

    session.show(content, shown)
    if not found.is_same:
        sys.exit(SAYS_NO)


@click.command(
    cls=Asking, example=("mmmflow migrate --dry-run", "mmmflow migrate")
)
@click.option("--dry-run", is_flag=True, help="Count, and change nothing.")
@pass_session
def migrate(session: Session, dry_run: bool) -> None:
    """Bring documents of older schema versions to today's.

    New code reads both, so that this can be done at any time after an
    upgrade, while all else goes on, and again.
    """
    from mmmflow.upkeep import migration

    totals: dict[str, Json] = {}
    for collection in migration.collections():
        total = totals[collection] = {"seen": 0, "changed": 0}
        following: str | None = None
        while True:
            body: Json = {"collection": collection, "dry_run": dry_run}
            if following:
                body["first"] = following
            page = session.client.post("/migrations", body).data
            for field in total:
                total[field] += page[field]
            session.note(f"{collection}: {total['seen']} looked at")
            following = page["next"]
            if following is None:
                break
    word = "would be changed" if dry_run else "changed"
    session.show(
        totals,
        lambda: "\n".join(
            f"{name}: {total['changed']} of {total['seen']} {word}"
            for name, total in totals.items()
        ),
    )


def planned(found: Json) -> str:
    """What a deletion would take away."""
    experiments = found["experiments"]
    lines = [
        f"{len(experiments)} experiments, {len(found['datasets'])} datasets,"
        f" {len(found['mappings'])} mappings; {found['objects']} objects,"
        f" {found['bytes']:,} bytes would go."
    ]
    lines += [f"  {id}" for id in experiments[:_SHOWN]]
    if len(experiments) > _SHOWN:
        lines.append(f"  and {len(experiments) - _SHOWN} more")
    lines += [f"kept: {one['id']}: {one['why']}" for one in found["kept"]]
    if found["more"]:
        lines.append("There is more than goes at once: purge again after it.")
    return "\n".join(lines)


def require_typed(name: str, confirm: str | None) -> None:
    """Raises: FailedError: the name was not typed."""
    typed = confirm
    if typed is None:
        typed = click.prompt(
            f"It can't be undone. Type {name} to delete it",
            default="",
            show_default=False,
            err=True,
        )
    if typed != name:
        fail(USAGE, "", "nothing was deleted", f"{name} was to be typed")


def deleted(client: Client, body: Json, note: Callable[[str], None]) -> Json:
    """Delete until it is done; the record of it."""
    while True:
        found: Json = client.post("/deletions", body).data
        if not found["open"]:
            return found
        note(f"{found['done']} of {len(found['experiments'])} experiments")


def _deleted(done: Json) -> str:
    lines = [
        f"Deleted {len(done['experiments'])} experiments and"
        f" {done['objects']} objects ({done['bytes']:,} bytes)."
    ]
    lines += [
        f"stayed: {one['where']}: {one['what']}" for one in done["problems"]
    ]
    return "\n".join(lines)


def _require_file(file: Path) -> None:
    if not file.is_file():
        raise InvalidInputError.of(str(file), "there is no such file")
