"""Checks of this machine: what `run` and `serve` need."""

import importlib.util
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mmmflow.cli.checks import Check

_PYTHON = (3, 11)
_FREE = 2_000_000_000  # bytes: a production run of five trials leaves 0.1 GB
_PORT = 8080
_INSTALL = "make run installs what is missing"
_NEEDED = ("duckdb", "flask", "pandas", "pyarrow", "sqlglot")
_ENGINE = ("matplotlib", "nevergrad", "numpy", "prophet", "scipy")


def checks(home: Path) -> Iterator[Check]:
    """One after the other, the quickest first."""
    yield _python()
    yield _packages("packages", _NEEDED)
    yield _home(home)
    yield _disk(home)
    yield _server(home)
    yield _packages("engine native", _ENGINE)
    yield _robyn()


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= _PYTHON:
        return Check("python", "ok", found)
    mend = "install Python 3.11 or newer, then make distclean run"
    return Check("python", "wrong", found, mend)


def _packages(name: str, needed: tuple[str, ...]) -> Check:
    missing = [one for one in needed if importlib.util.find_spec(one) is None]
    if missing:
        return Check(name, "wrong", f"without {', '.join(missing)}", _INSTALL)
    return Check(name, "ok", "installed")


def _home(home: Path) -> Check:
    """Whether a file can be made there, or where it is going to be."""
    folder = _present(home)
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        mend = "set MMMFLOW_HOME to a folder of yours"
        return Check("home", "wrong", f"{home}: {error.strerror}", mend)
    return Check("home", "ok", str(home))


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(_present(home)).free
    found = f"{free / 1e9:,.1f} GB free"
    if free >= _FREE:
        return Check("disk", "ok", found)
    mend = "make room, or set MMMFLOW_HOME to another disk"
    return Check("disk", "look", found, mend)


def _server(home: Path) -> Check:
    """A server of this home, or a port on which there could be one."""
    from mmmflow.local import address, runner

    served = address.read(home)
    if served:
        return Check("server", "ok", f"up at {served}")
    if runner.is_running(home):
        return Check("server", "ok", "`mmmflow run` is at work here")
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            port.bind(("127.0.0.1", _PORT))
        except OSError:
            return Check(
                "server",
                "look",
                f"not up, and port {_PORT} is another program's",
                "mmmflow serve --port 8081",
            )
    return Check("server", "ok", f"not up; port {_PORT} is free")


def _robyn() -> Check:
    from mmmflow_robyn import presence

    missing = presence.missing()
    if missing is None:
        return Check("engine robyn", "ok", "R and Robyn are installed")
    found, _, mend = missing.partition("; ")
    return Check(
        "engine robyn",
        "look",
        found,
        mend or "docs/robyn.md; the native engine needs neither",
    )


def _present(home: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(p for p in (home, *home.parents) if os.path.isdir(p))
