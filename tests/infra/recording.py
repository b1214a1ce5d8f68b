"""Which calls each function makes of the ports, seen in simulated worlds."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mmmflow.ports import Ports

from tests.simulation import run as simulated
from tests.simulation.decisions import Decisions, Value

# function, port, method, what it was about: a topic, a prefix, a job
Call = tuple[str, str, str, str]
PORTS = (
    "documents", "uploads", "data", "messages", "jobs", "warehouse", "secrets",
)  # fmt: skip
_NO_CALLS = {"uri", "name", "dialect"}


class _Recorded:
    """A port that notes who called what."""

    def __init__(
        self,
        port: Any,
        name: str,
        of: "simulated.Simulation",
        into: Counter[Call],
    ) -> None:
        self._port = port
        self._name = name
        self._of = of
        self._into = into

    def __getattr__(self, method: str) -> Any:
        found = getattr(self._port, method)
        if not callable(found) or method in _NO_CALLS:
            return found

        def called(*arguments: Any, **named: Any) -> Any:
            about = _about(self._name, method, arguments)
            for one in about:
                who = self._of.world.current.key.partition("·")[0]
                self._into[who, self._name, method, one] += 1
            return found(*arguments, **named)

        return called


def calls(
    seeds: Iterable[int], recorded: Mapping[str, Value] | None = None
) -> Counter[Call]:
    """How often what was called, over the worlds of the seeds.

    `recorded` tells what happens instead, as a replayed world does: with an
    empty one nothing goes wrong.
    """
    found: Counter[Call] = Counter()
    logging.disable(logging.CRITICAL)
    try:
        for seed in seeds:
            simulation = simulated.Simulation(Decisions(seed, recorded))
            simulation.ports = _watched(simulation, found)
            with simulated._installed(simulation):
                simulation.run()
    finally:
        logging.disable(logging.NOTSET)
    return found


def _watched(of: "simulated.Simulation", into: Counter[Call]) -> Ports:
    ports: dict[str, Any] = {
        name: _Recorded(getattr(of.ports, name), name, of, into)
        for name in PORTS
    }
    return replace(of.ports, **ports)


def _about(port: str, method: str, arguments: tuple[Any, ...]) -> list[str]:
    if port == "messages":
        return _topics(arguments[0])
    if port in ("uploads", "data"):
        return [re.sub(r"/.*", "/", str(arguments[0]))]
    if port == "jobs" and method == "start":
        return [str(arguments[0])]
    if port == "documents" and method == "commit":
        return [type(write).__name__.lower() for write in arguments[0]]
    return [""]


def _topics(published: Any) -> list[str]:
    """Of one message, or of several that are published at once."""
    if isinstance(published, str):
        return [published]
    return [message.topic for message in published]
