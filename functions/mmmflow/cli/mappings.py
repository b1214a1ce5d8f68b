"""mapping: what the columns of a table mean."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import text
from mmmflow.cli.failures import SAYS_NO
from mmmflow.cli.session import Group, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

PATH = click.Path(path_type=Path, dir_okay=False)
_VERSION = 12  # characters of the content's SHA-256


@click.group("mapping", cls=Group)
def mapping() -> None:
    """What the columns of a table mean."""


@mapping.command(
    "suggest",
    example=(
        "mmmflow mapping suggest weekly.csv --out mapping.json",
        "mmmflow mapping suggest 20261120T104512Z-1f3a9c0b77de",
    ),
)
@click.argument("data")
@click.option(
    "--rules", type=PATH, help="How names are read: naming_rules.json."
)
@click.option("--out", type=PATH, help="Write the mapping here.")
@pass_session
def suggest(
    session: Session, data: str, rules: Path | None, out: Path | None
) -> None:
    """Propose a mapping for DATA, with the reason of each choice.

    DATA is a file of this machine or the id of a dataset.
    """
    from mmmflow.cli import names
    from mmmflow.show import data_text

    if names.is_id(data):
        given = {"rules": read(rules)} if rules else {}
        asked = {"dataset_id": data, **given}
        found = session.client.post("/mappings/suggest", asked).data
    else:
        from mmmflow.local import table_files

        found = table_files.suggest(Path(data), rules)
    session.show(found, lambda: data_text.suggestion(found))
    if out is not None:
        out.write_text(text.as_json(found["mapping"]) + "\n")
        session.note(f"Written to {out}: look through it, then push it.")


@mapping.command(
    "validate",
    example=(
        "mmmflow mapping validate mapping.json weekly.csv",
        "mmmflow mapping validate mapping.json 20261120T104512Z-1f3a9c0b77de",
    ),
)
@click.argument("file", type=PATH)
@click.argument("data", default="")
@pass_session
def validate(session: Session, file: Path, data: str) -> None:
    """Hold the mapping in FILE against the columns of DATA, both ways.

    DATA is a file of this machine or the id of a dataset; without it the
    mapping is checked in itself.
    """
    from mmmflow.cli import names
    from mmmflow.show import data_text

    if data and not names.is_id(data):
        from mmmflow.local import table_files

        differences = table_files.check(file, Path(data))
        found: Any = {
            "valid": all(one["severity"] != "error" for one in differences),
            "problems": [],
            "differences": differences,
        }
    else:
        found = session.client.ask(
            "POST",
            "/mappings/validate",
            query={"dataset_id": data or None},
            body=read(file),
        ).data

    def shown() -> str:
        lines = [
            f"error    {one['where']}: {one['what']} ({one['hint']})"
            for one in found["problems"]
        ]
        if not lines:
            lines = [
                data_text.differences(found["differences"])
                if data
                else "The mapping can be used."
            ]
        return "\n".join(lines)

    session.show(found, shown)
    if not found["valid"]:
        sys.exit(SAYS_NO)


@mapping.command(
    "push",
    example=(
        "mmmflow mapping push mapping.json",
        "mmmflow mapping push mapping.json --scope DE --version 2026-11",
    ),
)
@click.argument("file", type=PATH)
@click.option(
    "--scope",
    default="universal",
    show_default=True,
    help="The country that it is for, or universal.",
)
@click.option(
    "--version", help="Its name. Default: by its content, so that it is new."
)
@pass_session
def push(session: Session, file: Path, scope: str, version: str | None) -> None:
    """Save the mapping in FILE; data that waits for it is prepared."""
    content = read(file)
    named = version or hashlib.sha256(file.read_bytes()).hexdigest()[:_VERSION]
    body = {"scope": scope, "version": named, "mapping": content}
    reply = session.client.post("/mappings", body)
    session.show(
        reply.data,
        lambda: f"{reply.data['id'].replace('~', '/')} {reply.message}",
    )
    session.note_who_works()


@mapping.command(
    "list", example=("mmmflow mapping list", "mmmflow mapping list --scope DE")
)
@click.option("--scope", help="A country, or universal.")
@pass_session
def index(session: Session, scope: str | None) -> None:
    """The newest mappings."""
    found = session.client.get("/mappings", scope=scope)
    session.show(
        found,
        lambda: text.table(
            ("mapping", "state", "saved", "problems"),
            [
                (
                    f"{one['scope']}/{one['version']}",
                    one["state"],
                    text.time(one["created_at"]),
                    len(one["problems"]),
                )
                for one in found["mappings"]
            ],
            right=("problems",),
        ),
    )


@mapping.command("show", example="mmmflow mapping show universal/4a79c55df44d")
@click.argument("mapping_name", metavar="SCOPE/VERSION")
@pass_session
def show(session: Session, mapping_name: str) -> None:
    """A mapping's content, as JSON."""
    found = session.client.get(f"/mappings/{_named(mapping_name)}")
    session.show(found, lambda: text.as_json(found["content"]))


@mapping.command(
    "diff",
    example=(
        "mmmflow mapping diff before.json after.json",
        "mmmflow mapping diff universal/v1 DE/v2",
    ),
)
@click.argument("before")
@click.argument("after")
@pass_session
def diff(session: Session, before: str, after: str) -> None:
    """What changed from BEFORE to AFTER: files, or mappings that are saved."""
    from mmmflow.local import table_files

    if Path(before).is_file() and Path(after).is_file():
        lines = table_files.diff(Path(before), Path(after))
        session.show(lines, lambda: "\n".join(lines) or "No change.")
        return
    scope = _named(before).partition("/")[0]
    found = session.client.get(
        "/mapping-changes",
        scope=scope,
        before=_named(before),
        after=_named(after),
    )
    session.show(found, lambda: changes(found["changes"]))


def changes(found: list[dict[str, Any]]) -> str:
    """A line a change."""
    from mmmflow.domain.mapping_diff import Change

    return "\n".join(str(Change(**one)) for one in found) or "No change."


def read(file: Path) -> Any:
    """What a JSON file of this machine holds. Raises: InvalidInputError."""
    from mmmflow import schema

    if not file.is_file():
        raise InvalidInputError.of(str(file), "there is no such file")
    try:
        return schema.parse(file.read_bytes())
    except ValueError as error:
        raise InvalidInputError.of(file.name, f"no JSON: {error}") from None


def _named(name: str) -> str:
    """Raises: InvalidInputError: it is neither a file nor a mapping."""
    scope, _, version = name.partition("/")
    if not (scope and version) or "/" in version:
        raise InvalidInputError.of(
            name,
            "neither a file here nor a mapping's name",
            "as universal/v1; `mmmflow mapping list` names them",
        )
    return name
