"""The embedded services, run by this process while a command needs them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from mmmflow.cli.failures import USAGE, fail
from mmmflow.ports import Ports


class Services:
    """The runner, started when it is needed."""

    def __init__(self, home: Path, ports: Ports) -> None:
        from mmmflow.local.runner import Runner

        self._runner = Runner(home, ports)
        self._started = False

    def start(self) -> None:
        self._runner.start()
        self._started = True

    def settle(self) -> None:
        """Let what was set in motion come to its end."""
        self._runner.settle()

    def stop(self) -> int:
        return self._runner.stop() if self._started else 0


@contextmanager
def opened(home: Path) -> Iterator[tuple[Ports, Services]]:
    """The embedded services under `home`, stopped at the end.

    Raises:
        FailedError: another process runs them.
    """
    os.environ["MMMFLOW_HOME"] = str(home)
    from mmmflow import wiring
    from mmmflow.local.runner import AlreadyRunningError, configure_logging

    configure_logging(home)
    ports = wiring.ports()
    try:
        services = Services(home, ports)
    except AlreadyRunningError as running:
        fail(
            USAGE,
            "",
            f"another mmmflow runs in {running}",
            "stop it, or set MMMFLOW_HOME",
        )
    try:
        yield ports, services
    finally:
        stopped = services.stop()
        if stopped:
            click.echo(
                f"Stopped {stopped} running experiment(s);"
                " the next start trains them again.",
                err=True,
            )
