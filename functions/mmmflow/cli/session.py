"""What every command shares: which system it asks, and how it answers."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from mmmflow.cli import failures, text
from mmmflow.cli.client import Client

URL, AUDIENCE = "MMMFLOW_URL", "MMMFLOW_AUDIENCE"


@dataclass
class Session:
    """One call of the program.

    Attributes:
        home: the folder of the embedded services.
        url: the API's address; "" for the services of this machine.
        as_json: whether a script reads the answer.
    """

    home: Path
    url: str = ""
    as_json: bool = False

    @cached_property
    def client(self) -> Client:
        """Of the address, of this machine's `serve`, else of the folder."""
        from mmmflow.cli import transports
        from mmmflow.local import address

        if self.url:
            return Client(reached(self.url))
        served = address.read(self.home)
        if served:
            return Client(reached(served))
        return Client(transports.InProcess(self.home))

    @property
    def is_embedded(self) -> bool:
        """Whether nobody works on what is asked but this process."""
        from mmmflow.cli.transports import InProcess
        from mmmflow.local import runner

        transport = self.client.transport
        return isinstance(transport, InProcess) and not runner.is_running(
            self.home
        )

    @contextmanager
    def working(self) -> Iterator[None]:
        """While it lasts somebody works: this process, if nobody else."""
        from mmmflow.cli import services

        if not self.is_embedded:
            yield
            return
        with services.opened(self.home) as (_, running):
            running.start()
            yield
            running.settle()

    def show(self, data: Any, shown: Callable[[], str]) -> None:
        """As JSON for a script, else as the text says."""
        if self.as_json:
            click.echo(text.as_json(data))
        else:
            click.echo(text.harmless(shown()))

    def note(self, words: str) -> None:
        """A word beside the answer, for a person."""
        if not self.as_json and words:
            click.echo(text.harmless(words), err=True)

    def note_who_works(self) -> None:
        """Say what is missing where nobody works on what was asked."""
        if self.is_embedded:
            self.note(
                "Nothing runs here yet: `mmmflow serve` takes it up, or give"
                " --wait."
            )


def reached(url: str) -> Any:
    """How an address is asked: a token goes to https, or where it is named."""
    from mmmflow.cli import transports
    from mmmflow.cli.google_identity import IdToken

    transports.require_safe(url)
    audience = os.environ.get(AUDIENCE, "")
    if transports.is_loopback(url) and not audience:
        return transports.Http(url)
    return transports.Http(url, IdToken(audience or url.rstrip("/")))


class Documented(click.Command):
    """A command whose help ends with examples."""

    def __init__(
        self, *args: Any, example: str | Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = [example] if isinstance(example, str) else [*example]

    def format_epilog(
        self, context: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"  {example}\n")


class Asking(Documented):
    """A command that asks the API: where it is, and how it answers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--url"],
                expose_value=False,
                callback=_set_url,
                help="The API's address. Default: MMMFLOW_URL, else this"
                " machine's services.",
            ),
            click.Option(
                ["--json", "as_json"],
                is_flag=True,
                expose_value=False,
                callback=_set_json,
                help="Answer as JSON, for scripts.",
            ),
        ]


class Group(click.Group):
    """Commands that ask, under one word, in the order they are written."""

    command_class = Asking
    group_class = type

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)


class Program(Group):
    """The whole program: every failure ends with one line and a code."""

    def invoke(self, context: click.Context) -> Any:
        with failures.ending(context):
            return super().invoke(context)


def leaves(
    commands: Iterable[click.Command], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Documented]]:
    """Every command that does something, with the words that call it."""
    for command in commands:
        words = (*before, command.name or "")
        if isinstance(command, click.Group):
            yield from leaves(command.commands.values(), words)
        elif isinstance(command, Documented):
            yield words, command


pass_session = click.make_pass_decorator(Session)


def _set_url(
    context: click.Context, option: click.Parameter, value: str | None
) -> None:
    session = context.find_object(Session)
    if session is not None and value:
        session.url = value


def _set_json(
    context: click.Context, option: click.Parameter, value: bool
) -> None:
    session = context.find_object(Session)
    if session is not None and value:
        session.as_json = True
