"""A world in one thread: virtual time, and who acts in it, one at a time.

Handlers, workers and people are greenlets. Each call to a port pauses its
caller: meanwhile others act, and the call may fail, be applied and reported
as failed, or never return because its caller dies.
"""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from greenlet import greenlet  # type: ignore[import-untyped]

from tests.simulation.decisions import Decisions

T = TypeVar("T")
Kind = Literal["handler", "worker", "person", "platform"]
Outcome = Literal["returned", "raised", "died"]

START = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)  # a day ends soon
CALL = 0.002
WHAT_COLUMN = 38
_MOST_CALLS = 2000
_SHORT, _MEDIUM, _LONG = (0.02, 0.3), (0.3, 5.0, 40.0), (5.0, 90.0, 700.0)


class UnavailableError(Exception):
    """A call failed, and nobody can say whether it was applied."""


class Died(BaseException):
    """The process is gone: nothing of it runs any more."""


class Violation(Exception):  # noqa: N818  (what a run is to find)
    """A rule was broken: which one, and how."""

    def __init__(self, rule: str, how: str) -> None:
        super().__init__(f"{rule}: {how}")
        self.rule = rule
        self.how = how


@dataclass
class Faults:
    """How often what goes wrong in a world; drawn per world."""

    pause: float = 0.0
    fail: float = 0.0
    lost: float = 0.0
    echo: float = 0.0
    die: float = 0.0
    scales: tuple[float, ...] = _SHORT


@dataclass
class Actor:
    """Who acts: a delivery's handler, a worker or a person."""

    key: str
    kind: Kind
    calls: int = 0
    tokens: int = 0
    skew: float = 0.0
    dead: bool = False
    faultless: bool = False
    task: greenlet | None = None
    done: Callable[[Outcome, Exception | None], None] | None = None


class World:
    """Events in the order of their time."""

    def __init__(self, decisions: Decisions, *, trace: bool = False) -> None:
        self.decisions = decisions
        self.now = 0.0
        self.events = 0
        self.lines: list[str] | None = [] if trace else None
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = 0
        self._current: Actor | None = None
        self._hub = greenlet.getcurrent()
        self._thread = threading.get_ident()
        self.actors: dict[str, Actor] = {}
        self.faults = _swarm(decisions)
        self.failure: Violation | None = None

    # time

    def at(self, time: float, action: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(
            self._heap, (max(time, self.now), self._sequence, action)
        )

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now + seconds, action)

    @property
    def idle(self) -> bool:
        """Nothing is left to happen by itself."""
        return not self._heap

    @property
    def next_time(self) -> float:
        return self._heap[0][0]

    def step(self) -> None:
        """Let the next event happen.

        Raises:
            Violation: it broke a rule.
        """
        time, _, action = heapq.heappop(self._heap)
        self.now = max(self.now, time)
        self.events += 1
        action()
        if self.failure is not None:
            raise self.failure

    def clock(self, actor: Actor | None = None) -> datetime:
        return self.clock_at(self.now + (actor.skew if actor else 0.0))

    @staticmethod
    def clock_at(seconds: float) -> datetime:
        """What a clock shows so long after the beginning."""
        return START + timedelta(seconds=round(seconds, 6))

    # actors

    @property
    def current(self) -> Actor:
        assert self._current is not None
        return self._current

    @property
    def acting(self) -> Actor | None:
        return self._current

    def spawn(
        self,
        actor: Actor,
        body: Callable[[], Any],
        done: Callable[[Outcome, Exception | None], None],
    ) -> None:
        """Let the actor begin now."""
        actor.done = done
        actor.task = greenlet(lambda: self._live(actor, body), self._hub)
        self.actors[actor.key] = actor
        self.say(actor, "begins")
        self._resume(actor)

    def kill(self, actor: Actor) -> None:
        """The actor's process is gone, wherever it was."""
        if actor.dead or actor.key not in self.actors:
            return
        actor.dead = True
        assert actor.task is not None
        self.say(actor, "is killed")
        self._switch(actor, Died())

    def sleep(self, seconds: float) -> None:
        """The current actor does something that takes time."""
        actor = self.current
        time = self.now + seconds
        if not self._heap or self._heap[0][0] > time:
            self.now = time
            return
        self.at(time, lambda: self._resume(actor))
        self._hub.switch()
        if actor.dead:
            raise Died

    def call(
        self,
        what: str,
        apply: Callable[[], T],
        echo: Callable[[], Exception] | None = None,
    ) -> T:
        """A port call of the current actor, with what may go wrong with it.

        `echo` makes the refusal that a client sees which, unheard, asks
        again for what it has already got.
        """
        if threading.get_ident() != self._thread:
            # A library that reads ahead in a thread of its own, while its
            # caller waits for it: there is nobody to pause.
            return apply()
        actor = self.current
        if actor.dead:
            raise Died
        actor.calls += 1
        if actor.calls > _MOST_CALLS:
            endless = f"{actor.key} has made {_MOST_CALLS} calls"
            self.break_off(Violation("a handler comes to an end", endless))
        key = f"{actor.key}/{actor.calls}"
        faults, decisions = self.faults, self.decisions
        self.sleep(
            CALL + decisions.delay(f"{key}/pause", faults.pause, faults.scales)
        )
        fault = decisions.pick(
            key,
            "",
            [
                ("fail", faults.fail),
                ("lost", faults.lost),
                ("echo", faults.echo if echo else 0.0),
                ("die before", faults.die),
                ("die after", faults.die),
            ]
            if not (actor.faultless or decisions.calm)
            else (),
        )
        if fault == "die before":
            self.say(actor, f"{what} ✗ dies before it")
            raise Died
        if fault == "fail":
            self.say(actor, f"{what} ✗ fails")
            raise UnavailableError(what)
        try:
            result = apply()
        except Violation as violation:
            self.break_off(violation)
        except Exception as error:
            self.say(actor, f"{what} → {type(error).__name__}")
            raise
        if fault == "lost":
            self.say(actor, f"{what} ✗ is applied, but reported as failed")
            raise UnavailableError(what)
        if fault == "echo" and echo is not None:
            self.say(actor, f"{what} ✗ is applied twice: reported as refused")
            raise echo()
        if fault == "die after":
            self.say(actor, f"{what} ✗ dies after it")
            raise Died
        self.say(actor, what)
        return result

    def break_off(self, violation: Violation) -> Any:
        """End the run: a rule was broken by whoever acts now."""
        self.failure = self.failure or violation
        raise Died

    def say(self, actor: Actor | None, what: str) -> None:
        if self.lines is not None:
            who = actor.key if actor else "world"
            start = f"{self.now:10.3f}s  {who:<24} "
            self.lines.append(f"{start:<{WHAT_COLUMN}}{what}")

    def _live(self, actor: Actor, body: Callable[[], Any]) -> None:
        outcome: Outcome = "returned"
        error: Exception | None = None
        try:
            body()
        except Died:
            outcome = "died"
        except Violation as violation:
            outcome = "died"
            self.failure = self.failure or violation
        except Exception as raised:
            outcome, error = "raised", raised
        actor.dead = True
        del self.actors[actor.key]
        shown = f" {type(error).__name__}: {error}" if error else ""
        self.say(actor, f"{outcome}{shown}")
        assert actor.done is not None
        if self.failure is None:
            actor.done(outcome, error)

    def _resume(self, actor: Actor) -> None:
        if not actor.dead:
            self._switch(actor, None)

    def _switch(self, actor: Actor, death: Died | None) -> None:
        assert actor.task is not None
        before, self._current = self._current, actor
        try:
            if death is None:
                actor.task.switch()
            else:
                actor.task.throw(death)
        finally:
            self._current = before


def _swarm(decisions: Decisions) -> Faults:
    """Some worlds are calm, some have one kind of trouble, some have all."""

    def rate(what: str, low: float, high: float) -> float:
        kind = decisions.unit(f"swarm/{what}")
        return 0.0 if kind < 0.35 else low if kind < 0.75 else high

    scales = (_SHORT, _MEDIUM, _LONG)
    return Faults(
        pause=rate("pause", 0.05, 0.25),
        fail=rate("fail", 0.01, 0.05),
        lost=rate("lost", 0.01, 0.05),
        echo=rate("echo", 0.02, 0.1),
        die=rate("die", 0.004, 0.02),
        scales=scales[int(decisions.unit("swarm/scales") * 3)],
    )
