"""How a command ends: its exit code, and one line for each problem."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click

from mmmflow.cli import text
from mmmflow.domain.errors import InvalidInputError, Problem

SAYS_NO = 1
USAGE = 2
NOT_REACHABLE = 3
NOT_PERMITTED = 4
INTERRUPTED = 130
EXIT_CODES = {
    0: "done",
    SAYS_NO: "the system says no, or what was waited for has failed",
    USAGE: "the command, a file or an option is wrong; nothing was sent",
    NOT_REACHABLE: "the system does not answer",
    NOT_PERMITTED: "it is not known who you are, or you may not",
    INTERRUPTED: "interrupted",
}


class FailedError(Exception):
    """What ends a command, with its exit code and every problem."""

    def __init__(self, exit_code: int, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.exit_code = exit_code
        self.problems = list(problems)


def fail(exit_code: int, where: str, what: str, hint: str = "") -> NoReturn:
    """Raises: FailedError."""
    raise FailedError(exit_code, [Problem(where, what, hint)])


@contextmanager
def ending(context: click.Context) -> Iterator[None]:
    """One clear line for what a person can mend, and no traceback."""
    from mmmflow.ports import RefusedError

    try:
        yield
    except FailedError as failure:
        _end(context, failure.exit_code, failure.problems)
    except InvalidInputError as invalid:
        _end(context, USAGE, invalid.problems)
    except RefusedError as refused:
        _end(context, USAGE, [Problem("", str(refused))])
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as wrong:
        of = wrong.ctx.command_path if wrong.ctx else "mmmflow"
        problem = Problem("", wrong.format_message(), f"{of} --help")
        _end(context, USAGE, [problem])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _end(
    context: click.Context, exit_code: int, problems: Sequence[Problem]
) -> NoReturn:
    if getattr(context.obj, "as_json", False):
        shown = [problem.as_json() for problem in problems]
        content = {"error": {"exit_code": exit_code, "problems": shown}}
        click.echo(text.as_json(content, lines=False), err=True)
    else:
        for problem in problems:
            line = " ".join(text.harmless(str(problem)).split("\n"))
            click.echo(f"error: {line}", err=True)
    sys.exit(exit_code)
