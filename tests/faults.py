"""Ports whose k-th call goes wrong, as calls to a cloud do.

A call may fail, may be applied though it reports failure, or may be made
twice by a client library that then reports only the second answer.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from types import SimpleNamespace
from typing import Any

from mmmflow.ports import Ports


class CallFailedError(Exception):
    """What the faulty port says; nothing in the code knows of it."""


class Fault(Enum):
    FAILED = "not applied"
    APPLIED = "applied, but reported as failed"
    REPEATED = "applied, then repeated by the client"


_PORTS = (
    "documents",
    "uploads",
    "data",
    "messages",
    "jobs",
    "warehouse",
)
_CHANGES = (
    "commit",
    "create",
    "write",
    "delete",
    "publish",
    "publish_all",
    "start",
    "submit",
    "cancel",
)


@dataclass
class Plan:
    """Which call goes wrong, by its number or the first of a name, and how."""

    fault: Fault
    at: int | str
    made: list[str] = field(default_factory=list)

    @property
    def struck(self) -> bool:
        if isinstance(self.at, str):
            return self.at in self.made
        return len(self.made) >= self.at

    def call(
        self, name: str, method: Callable[..., Any], *a: Any, **k: Any
    ) -> Any:
        struck_before = self.struck
        self.made.append(name)
        if struck_before or not self.struck:
            return method(*a, **k)
        if self.fault is not Fault.FAILED:
            method(*a, **k)
        if self.fault is Fault.REPEATED:
            return method(*a, **k)
        raise CallFailedError(f"call {len(self.made)}: {name}")


class _Port:
    def __init__(self, name: str, port: Any, plan: Plan) -> None:
        self._name = name
        self._port = port
        self._plan = plan

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        if name == "open_write":
            return self._open_write

        def call(*a: Any, **k: Any) -> Any:
            return self._plan.call(f"{self._name}.{name}", value, *a, **k)

        return call

    @contextmanager
    def _open_write(self, name: str) -> Iterator[Any]:
        """Nothing is changed before the end, where it goes wrong."""
        written = io.BytesIO()
        writer = SimpleNamespace(write=written.write)
        yield writer
        writer.info = self.create(name, written.getvalue())


def faulty(ports: Ports, plan: Plan) -> Ports:
    """The ports, with every call counted and one of them going wrong."""
    wrapped: dict[str, Any] = {
        n: _Port(n, getattr(ports, n), plan) for n in _PORTS
    }
    return replace(ports, **wrapped)


def every_fault(run: Callable[[Fault, int], Plan]) -> Iterator[Plan]:
    """Run with each fault at each call; what was planned, one by one.

    `run` starts from the same state each time, and returns its plan once the
    handler has ended or failed. A read that fails after it was made is a
    read that fails: it is tried once.
    """
    calls: list[str] = []
    while (plan := run(Fault.FAILED, len(calls) + 1)).struck:
        calls.append(plan.made[len(calls)])
        yield plan
    for fault in (Fault.APPLIED, Fault.REPEATED):
        for at, call in enumerate(calls, start=1):
            if call.rpartition(".")[2] in _CHANGES:
                yield run(fault, at)


def deliver(handle: Callable[[Ports], None], ports: Ports, plan: Plan) -> None:
    """One delivery that may end with the fault."""
    with suppress(CallFailedError):
        handle(faulty(ports, plan))
