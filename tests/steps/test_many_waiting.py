"""However many wait, none is overlooked for those before it."""

from mmmflow.ports import Create
from mmmflow.queueing import waiting
from mmmflow.steps.enqueue import enqueue

from tests.steps.world import World

MANY = 250


def wait_for(world: World, country: str, version: str, copies: int) -> None:
    """So many experiments that want the mapping, one after the other."""
    before = {e["id"] for e in world.all("experiments")}
    body = {"country": country, "mapping_version": version, "preset": "test"}
    enqueue(world.message("experiment.requested", experiment=body), world.ports)
    (one,) = (e for e in world.all("experiments") if e["id"] not in before)
    assert one["state"] == "WAITING"
    ids = [f"{one['id'][:-4]}{n:04x}" for n in range(copies)]
    world.ports.documents.commit(
        [
            Create("experiments", id, {**one, "id": id})
            for id in ids
            if id != one["id"]
        ]
    )


def test_a_mapping_that_comes_finds_the_last_of_many_that_wait_for_it(
    world: World,
) -> None:
    dataset = world.prepared()
    wait_for(world, "FR", "v2", MANY)
    world.clock.advance(10)
    wait_for(world, "DE", "v2", 1)
    world.put_mapping("v2")
    assert waiting.waited_for(world.ports, "universal", "v2") == []
    register(world, "v2")
    (found,) = waiting.waited_for(world.ports, "universal", "v2")
    assert found.id == dataset


def test_a_few_sweeps_find_the_last_of_many_mappings_that_are_waited_for(
    world: World,
) -> None:
    world.prepared()
    wait_for(world, "DE", "v9", MANY)
    world.clock.advance(10)
    wait_for(world, "DE", "v2", 1)
    register(world, "v2")
    found = [
        [m.data["version"] for m in waiting.unprepared_mappings(world.ports)]
        for _ in range(4)
    ]
    assert found == [[], [], ["v2"], []]


def test_what_waits_is_looked_at_in_turn(world: World) -> None:
    wait_for(world, "DE", "v9", MANY)
    for _ in range(3):
        world.sweep()
    cursors = {d["after"] for d in world.all("cursors")}
    assert cursors == {""}


def register(world: World, version: str) -> None:
    """The mapping is accepted, and nothing is prepared with it yet."""
    known = world.document("mappings", "universal~v1")
    data = {**known, "version": version}
    world.ports.documents.commit(
        [Create("mappings", f"universal~{version}", data)]
    )
