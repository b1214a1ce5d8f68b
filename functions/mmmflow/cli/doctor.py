"""doctor: checks what is needed, and says how to mend it."""

import sys
from collections.abc import Iterator

import click

from mmmflow.cli import text
from mmmflow.cli.checks import Check
from mmmflow.cli.session import Asking, Session, pass_session

_MARKS = {"ok": "✓", "look": "!", "wrong": "✗"}


@click.command(
    cls=Asking,
    example=("mmmflow doctor", "mmmflow doctor --url https://… --json"),
)
@pass_session
def doctor(session: Session) -> None:
    """Check all that this machine, or a deployed system, needs.

    The exit code is that of the first thing that is wrong. A deployed system
    is asked through its API; nothing is changed there.
    """
    found = []
    for check in _checks(session):
        found.append(check)
        if not session.as_json:
            click.echo(text.harmless(_line(check)))
    if session.as_json:
        click.echo(text.as_json([check.as_json() for check in found]))
    wrong = [check for check in found if check.state == "wrong"]
    if wrong:
        sys.exit(wrong[0].exit_code)


def _checks(session: Session) -> Iterator[Check]:
    from mmmflow.cli import checks_deployment, checks_machine

    if not session.url:
        yield from checks_machine.checks(session.home)
    yield from checks_deployment.checks(
        session.client, deployed=bool(session.url)
    )


def _line(check: Check) -> str:
    line = f"{_MARKS[check.state]} {check.name:<17} {text.cell(check.found)}"
    return f"{line}\n    → {check.mend}" if check.mend else line
