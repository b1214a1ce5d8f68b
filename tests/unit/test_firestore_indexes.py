"""Every query has its index, and every index that is declared a query.

In every test a query without an index fails (see `tests/conftest.py`). Here
are the rules by which it does, and the other direction.
"""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest
from mmmflow.data import reuse
from mmmflow.messaging import dead_letters
from mmmflow.people import notifications
from mmmflow.ports import Create, Order, Where
from mmmflow.queueing import ordering, queues
from mmmflow.show import (
    dataset_views,
    history,
    mapping_views,
    queue_views,
    views,
)
from mmmflow.submit import standing

from tests import firestore_indexes as indexes
from tests.firestore_indexes import NoIndexError, Shape
from tests.steps.world import World

ROOT = Path(__file__).parents[2]
NEWEST = [Order("id", descending=True)]
OLDEST = [Order("id")]
FILTERS = ("country", "state", "batch_id", "queue", "goal", "label.team")
SIMULATE = """
import logging
from tests import firestore_indexes
from tests.simulation import run
logging.disable()
for seed in range(50):
    run.run(seed)
print([(a.collection, sorted(a.equal), a.ordered)
       for a in firestore_indexes.asked_for])
"""


def needed(
    collection: str, where: Sequence[Where], order_by: Sequence[Order] = ()
) -> list[str]:
    shape = indexes.shape(collection, where, order_by)
    return [str(index) for index in indexes.needed(shape)]


def equal(*fields: str) -> list[Where]:
    return [Where(field, "==", "x") for field in fields]


@pytest.mark.parametrize(
    ("where", "order_by"),
    [
        ([], []),
        ([], [Order("created_at", descending=True)]),
        ([Where("created_at", "<=", "2026")], []),
        ([Where("created_at", "<=", "2026")], [Order("created_at")]),
        (equal("state", "anything"), []),
        ([Where("state", "in", ["A", "B"])], []),
        (equal("state"), [Order("state")]),
    ],
)
def test_what_one_field_decides_needs_no_index(
    where: list[Where], order_by: list[Order]
) -> None:
    assert needed("experiments", where, order_by) == []


@pytest.mark.parametrize(
    ("where", "order_by"),
    [
        (equal("state"), [Order("unheard_of")]),
        (equal("state"), [Order("lease_until", descending=True)]),
        ([*equal("state"), Where("unheard_of", "<=", 1)], []),
        ([], [Order("state"), Order("priority")]),
        (equal("unheard_of"), NEWEST),
        ([*equal("state"), Where("waits_for.time", "<=", 1)], NEWEST),
        (equal("request.seed"), []),
    ],
)
def test_what_has_no_index_is_refused(
    where: list[Where], order_by: list[Order]
) -> None:
    with pytest.raises(NoIndexError):
        needed("experiments", where, order_by)


def test_an_index_serves_whatever_is_equal_in_what_it_begins_with() -> None:
    found = needed("experiments", equal("queue", "state", "priority"), NEWEST)
    assert found == [
        "experiments: state ascending, queue ascending, priority ascending,"
        " _id descending"
    ]


def test_indexes_of_the_same_order_are_joined() -> None:
    found = needed("experiments", equal("goal", "country"), NEWEST)
    assert found == [
        "experiments: country ascending, _id descending",
        "experiments: goal ascending, _id descending",
    ]


@pytest.mark.parametrize("count", range(len(FILTERS) + 1))
def test_experiments_are_listed_by_any_of_their_filters(count: int) -> None:
    for names in combinations(FILTERS, count):
        wanted = dict.fromkeys(names, "FAILED")
        days = {"since": "2026-01-01", "until": "2026-02-01"}
        for more in ({}, {"after": "x"}, days):
            found = views.read_filter({**wanted, **more})
            needed("experiments", found.where, NEWEST)


def test_every_declared_index_is_needed_by_a_query(home: Path) -> None:
    asked = simulated() | asked_by_people(World(home))
    used = {index for shape in asked for index in indexes.needed(shape)}
    assert [str(i) for i in indexes.indexes() if i not in used] == []


def test_no_index_is_declared_twice() -> None:
    assert max(Counter(indexes.indexes()).values()) == 1


def test_every_collection_with_a_declaration_is_one_of_the_code() -> None:
    code = "".join(p.read_text() for p in (ROOT / "functions").rglob("*.py"))
    strings = {
        node.value
        for node in ast.walk(ast.parse(code.replace("from __future__", "#")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    declared = {index.collection for index in indexes.indexes()}
    declared |= {one["collectionGroup"] for one in indexes.overrides()}
    assert declared <= strings


def simulated() -> set[Shape]:
    """What the functions ask for in 50 simulated worlds."""
    paths = [ROOT / "functions", ROOT / "py-worker", ROOT]
    done = subprocess.run(
        [sys.executable, "-c", SIMULATE],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {
        Shape(collection, frozenset(equal), ordered)
        for collection, equal, ordered in ast.literal_eval(done.stdout)
    }


def asked_by_people(world: World) -> set[Shape]:
    """What the lists, commands and extracts of the API ask for."""
    ports = world.ports
    world.prepared()
    first, second = world.queued(2)
    queues.change(ports, "default", actor="me", daily_cost=1.0)
    target = {"id": "t", "kind": "log", "url_secret": "x"}
    ports.documents.commit([Create(notifications.TARGETS, "t", target)])
    before = set(indexes.asked_for)
    indexes.asked_for.clear()
    for name in FILTERS:
        wanted = views.read_filter({name: "FAILED"})
        views.experiments(ports, wanted)
    list(history.lines(ports, []))
    views.refused(ports)
    notifications.targets(ports)
    mapping_views.index(ports, "DE", 50)
    for country in (None, "DE"):
        dataset_views.index(ports, country, 50, None)
    query = {"query": "SELECT 1", "countries": ["DE"], "source": {}}
    reuse.look_up(ports, {**query, "max_age_seconds": 60})
    queue_views.index(ports)
    queues.candidates(ports, queues.get(ports, "default"), 1)
    ordering.move_before(ports, second, first, actor="me")
    dead_letters.index(ports, "BURIED")
    standing.index(ports, "DE")
    asked = set(indexes.asked_for)
    indexes.asked_for |= before
    return asked
