"""Many who contend for few slots, as `launch` does: no lock but a version."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from mmmflow.ports import (
    ConflictError,
    Create,
    Documents,
    Json,
    Update,
    Where,
    Write,
)

SLOTS = "slots"
ROWS = "outbox"
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.5


@dataclass
class Tally:
    """What came of it.

    Attributes:
        leases: how many were granted.
        conflicts: commits that came too late.
        doubled: slots that two had at a time; has to stay empty.
        seconds: from the first lease asked for to the last given back.
    """

    leases: int = 0
    conflicts: int = 0
    doubled: list[str] = field(default_factory=list)
    seconds: float = 0.0


def make_slots(documents: Documents, count: int) -> None:
    documents.commit(
        [
            Create(SLOTS, f"slot-{n:02}", {"queue": "q", "holder": None})
            for n in range(count)
        ]
    )


def contend(documents: Documents, contenders: int, rounds: int) -> Tally:
    """Each takes a slot and gives it back, as many times as there are rounds.

    Taking it also writes a row, in the same commit.
    """
    tally, lock = Tally(), threading.Lock()
    held: Counter[str] = Counter()
    start = threading.Barrier(contenders)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        dice = random.Random(number)  # noqa: S311
        try:
            start.wait()
            for turn in range(rounds):
                slot = _take(f"{number}-{turn}", dice)
                with lock:
                    tally.leases += 1
                    held[slot] += 1
                    if held[slot] > 1:
                        tally.doubled.append(slot)
                with lock:
                    held[slot] -= 1
                _give_back(slot)
        except BaseException as failure:
            failures.append(failure)
            raise

    def _take(holder: str, dice: random.Random) -> str:
        wait = _FIRST_WAIT
        while True:
            of_queue = Where("queue", "==", "q")
            found = documents.query(SLOTS, [of_queue])
            free = [slot for slot in found if slot.data["holder"] is None]
            if free:
                slot = dice.choice(free)
                taken: Json = {**slot.data, "holder": holder}
                writes: list[Write] = [
                    Update(SLOTS, slot.id, slot.version, taken),
                    Create(ROWS, f"row-{holder}", {"slot": slot.id}),
                ]
                try:
                    documents.commit(writes)
                except ConflictError:
                    with lock:
                        tally.conflicts += 1
                else:
                    return slot.id
            time.sleep(dice.uniform(0, wait))
            wait = min(2 * wait, _LONGEST_WAIT)

    def _give_back(id: str) -> None:
        slot = documents.get(SLOTS, id)
        assert slot is not None
        empty = {**slot.data, "holder": None}
        documents.commit([Update(SLOTS, id, slot.version, empty)])

    threads = [
        threading.Thread(target=work, args=(number,))
        for number in range(contenders)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    return tally
