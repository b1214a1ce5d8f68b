"""Slots under 20 contenders: no lock, no transaction, never two at a time."""

import threading

from mmmflow.ports import (
    AlreadyExistsError,
    ConflictError,
    Create,
    Documents,
    Update,
)

from tests import leases

CONTENDERS = 20


def at_once(documents: Documents, slots: int) -> dict[int, str]:
    """Every contender tries once for one slot; who got which."""
    leases.make_slots(documents, slots)
    found = documents.query(leases.SLOTS)
    start = threading.Barrier(CONTENDERS)
    won: dict[int, str] = {}

    def race(number: int) -> None:
        slot = found[number % slots]
        data = {**slot.data, "holder": number}
        row = Create(leases.ROWS, f"row-{number}", {"slot": slot.id})
        start.wait()
        try:
            documents.commit(
                [Update(leases.SLOTS, slot.id, slot.version, data), row]
            )
        except ConflictError:
            return
        won[number] = slot.id

    threads = [
        threading.Thread(target=race, args=(number,))
        for number in range(CONTENDERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_each_slot_is_won_by_exactly_one_of_20(documents: Documents) -> None:
    won = at_once(documents, slots=5)
    assert sorted(won.values()) == [f"slot-{n:02}" for n in range(5)]
    held = {s.data["holder"]: s.id for s in documents.query(leases.SLOTS)}
    assert held == won


def test_only_who_won_a_slot_has_written_its_row(documents: Documents) -> None:
    won = at_once(documents, slots=2)
    rows = {row.id: row.data["slot"] for row in documents.query(leases.ROWS)}
    assert rows == {f"row-{number}": slot for number, slot in won.items()}


def test_of_20_who_create_the_same_document_one_does(
    documents: Documents,
) -> None:
    start = threading.Barrier(CONTENDERS)
    won: list[int] = []

    def race(number: int) -> None:
        start.wait()
        try:
            documents.commit([Create("things", "x", {"by": number})])
        except AlreadyExistsError:
            return
        won.append(number)

    threads = [
        threading.Thread(target=race, args=(number,))
        for number in range(CONTENDERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = documents.get("things", "x")
    assert found is not None
    assert [found.data["by"]] == won


def test_20_who_come_again_never_hold_a_slot_together(
    documents: Documents,
) -> None:
    leases.make_slots(documents, 10)
    tally = leases.contend(documents, CONTENDERS, rounds=3)
    assert tally.doubled == []
    assert tally.leases == CONTENDERS * 3
    assert documents.count(leases.ROWS) == CONTENDERS * 3
    free = [s.data["holder"] for s in documents.query(leases.SLOTS)]
    assert free == [None] * 10
