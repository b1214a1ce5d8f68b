"""What is queued starts in the order that a person gives it."""

from itertools import permutations

import pytest
from mmmflow.domain.errors import InvalidInputError, NotAllowedError
from mmmflow.ports import NotFoundError
from mmmflow.queueing import ordering, queues
from mmmflow.steps.launch import launch

from tests.steps.world import World

ME = "a person"


def order(world: World) -> list[str]:
    queue = queues.get(world.ports, "default")
    return [d.id for d in queues.candidates(world.ports, queue, 1000)]


def move(world: World, id: str, before: str) -> None:
    ordering.move_before(world.ports, id, before, actor=ME)


def run_launch(world: World) -> None:
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)


@pytest.fixture
def five(world: World) -> list[str]:
    """Five experiments of one priority, in their order."""
    world.prepared()
    queues.change(world.ports, "default", actor=ME, paused=True)
    world.queued(5)
    return order(world)


def test_a_higher_priority_goes_first(world: World, five: list[str]) -> None:
    ordering.set_priority(world.ports, five[3], 7, actor=ME)
    assert order(world)[0] == five[3]


def test_a_lower_priority_goes_last(world: World, five: list[str]) -> None:
    ordering.set_priority(world.ports, five[0], -7, actor=ME)
    assert order(world)[-1] == five[0]


@pytest.mark.parametrize(("moved", "before"), list(permutations(range(5), 2)))
def test_what_is_moved_stands_right_before_the_other(
    world: World, five: list[str], moved: int, before: int
) -> None:
    id, other = five[moved], five[before]
    move(world, id, other)
    wanted = [e for e in five if e != id]
    wanted.insert(wanted.index(other), id)
    assert order(world) == wanted


def test_moves_add_up(world: World, five: list[str]) -> None:
    wanted = list(five)
    moves = [(4, 0), (3, 1), (0, 4), (2, 3), (1, 0), (4, 2), (3, 0), (0, 1)]
    for moved, before in moves:
        id, other = five[moved], five[before]
        move(world, id, other)
        wanted.remove(id)
        wanted.insert(wanted.index(other), id)
        assert order(world) == wanted


def test_a_move_to_where_it_stands_changes_nothing(
    world: World, five: list[str]
) -> None:
    move(world, five[4], five[1])
    before = world.all("experiments")
    move(world, five[4], five[1])
    assert world.all("experiments") == before


def test_a_move_is_noted_with_who_did_it(world: World, five: list[str]) -> None:
    move(world, five[4], five[0])
    entry = world.experiment(five[4])["history"][-1]
    assert entry["why"] == "moved: priority 0 → 1"
    assert entry["actor"] == ME


def test_only_what_is_queued_can_be_moved(
    world: World, five: list[str]
) -> None:
    queues.change(world.ports, "default", actor=ME, paused=False)
    run_launch(world)
    with pytest.raises(NotAllowedError, match="LAUNCHING"):
        move(world, five[0], five[4])
    with pytest.raises(NotAllowedError, match="LAUNCHING"):
        ordering.set_priority(world.ports, five[0], 1, actor=ME)


def test_nothing_is_moved_before_itself(world: World, five: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="itself"):
        move(world, five[0], five[0])


def test_each_queue_has_an_order_of_its_own(
    world: World, five: list[str]
) -> None:
    (elsewhere,) = world.queued(queue="other")
    with pytest.raises(NotAllowedError, match="queue other"):
        move(world, five[0], elsewhere)


def test_both_must_be_there(world: World, five: list[str]) -> None:
    with pytest.raises(NotFoundError):
        move(world, five[0], "none")


def test_a_gap_without_numbers_is_said(world: World, five: list[str]) -> None:
    world.change("experiments", five[0], priority=1.0)
    world.change("experiments", five[1], priority=1.0 - 2**-53)
    with pytest.raises(NotAllowedError, match="no priority is left"):
        move(world, five[4], five[1])


def test_what_would_raise_very_many_is_refused(
    world: World, five: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "MOST_RAISED", 2)
    with pytest.raises(NotAllowedError, match="more than 2"):
        move(world, five[0], five[4])
    move(world, five[4], five[2])
