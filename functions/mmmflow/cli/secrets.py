"""secrets: saved, rotated, cleared; their values are never shown."""

import sys
from pathlib import Path

import click

from mmmflow.cli import text
from mmmflow.cli.session import Group, Session, pass_session
from mmmflow.domain.errors import InvalidInputError

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_from = click.option(
    "--file",
    type=_FILE,
    help="The file that holds the value. Default: standard input.",
)


@click.group(cls=Group)
def secrets() -> None:
    """Saved, rotated, cleared; a value is never an argument nor shown."""


@secrets.command(
    "save",
    example=(
        "mmmflow secrets save snowflake-key --file rsa_key.p8",
        "pass show webhook | mmmflow secrets save chat-url",
    ),
)
@click.argument("name")
@_from
@pass_session
def save(session: Session, name: str, file: Path | None) -> None:
    """Save a new version; those before stay."""
    body = {"value": _value(file)}
    reply = session.client.ask("PUT", f"/secrets/{name}", body=body)
    session.show(reply.data, lambda: f"{name} {reply.message}")


@secrets.command(
    "rotate", example="mmmflow secrets rotate snowflake-key --file new.p8"
)
@click.argument("name")
@_from
@pass_session
def rotate(session: Session, name: str, file: Path | None) -> None:
    """Save a new version, and destroy those before."""
    reply = session.client.post(
        f"/secrets/{name}/rotate", {"value": _value(file)}
    )
    session.show(reply.data, lambda: f"{name} {reply.message}")


@secrets.command("clear", example="mmmflow secrets clear chat-url --yes")
@click.argument("name")
@click.confirmation_option("--yes", prompt="Destroy every version of it?")
@pass_session
def clear(session: Session, name: str) -> None:
    """Destroy every version."""
    reply = session.client.ask("DELETE", f"/secrets/{name}")
    session.show(reply.data, lambda: f"{name} {reply.message}")


@secrets.command("show", example="mmmflow secrets show snowflake-key")
@click.argument("name")
@pass_session
def show(session: Session, name: str) -> None:
    """When it was saved, and by whom; never its value."""
    found = session.client.get(f"/secrets/{name}")
    session.show(
        found,
        lambda: (
            f"{name} saved {text.time(found['saved_at'])}"
            f" by {found['saved_by']}"
        ),
    )


def _value(file: Path | None) -> str:
    """What the file or standard input holds, without the last line's end.

    Raises: InvalidInputError; the value is in none of its words.
    """
    if file is None or str(file) == "-":
        if sys.stdin.isatty():
            written = str(click.prompt("Value", hide_input=True))
        else:
            written = sys.stdin.read()
    elif file.is_file():
        try:
            written = file.read_text()
        except UnicodeDecodeError:
            raise InvalidInputError.of(str(file), "it is no text") from None
    else:
        raise InvalidInputError.of(str(file), "there is no such file")
    value = written.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise InvalidInputError.of("value", "it is empty")
    return value
