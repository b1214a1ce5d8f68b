"""What takes longer than a function may is left to a job, and looked after."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from mmmflow import job, wiring
from mmmflow.data import handover
from mmmflow.domain import paths
from mmmflow.ports import (
    DeniedError,
    Json,
    Message,
    Ports,
    Query,
    QueryStatus,
    UnreachableError,
)
from mmmflow.steps import extract as step
from mmmflow.steps import ingest as ingesting
from mmmflow.steps.extract import extract
from mmmflow.steps.ingest import ingest
from mmmflow.steps.reconcile import reconcile

from tests.faults import Fault, deliver, every_fault
from tests.steps.world import WEEKS, World, table

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = {"table": "weekly", "country_column": "market"}


class Warehouse:
    """The embedded warehouse, but as slow and forgetful as a test wants."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.dialect = "duckdb"
        self.states: list[str] = []  # what is said first, then the truth
        self.submitted: list[str] = []
        self.cancelled: list[str] = []
        self.broken_after: int | None = None

    def submit(self, query: Query) -> str:
        self.submitted.append(query.tag)
        return f"query-{len(self.submitted)}"

    def wait(self, id: str, query: Query, seconds: float) -> QueryStatus:
        if self.states:
            return QueryStatus(self.states.pop(0))  # type: ignore[arg-type]
        found: QueryStatus = self.real.wait(id, query, seconds)
        return found

    def fetch(self, id: str, query: Query) -> "Iterator[pa.RecordBatch]":
        for number, batch in enumerate(self.real.fetch(id, query)):
            if number == self.broken_after:
                raise UnreachableError("the connection is lost")
            yield batch
        if self.broken_after is not None:
            raise UnreachableError("the connection is lost")

    def cancel(self, id: str) -> None:
        self.cancelled.append(id)

    def altered(self, table: str) -> str | None:
        found: str | None = self.real.altered(table)
        return found


@pytest.fixture
def warehouse(world: World) -> Warehouse:
    slow = Warehouse(world.ports.warehouse)
    world.put_table("weekly", "DE", "FR")
    world.ports = replace(world.ports, warehouse=slow)
    return slow


def asked(world: World, **changed: Any) -> Message:
    body = {"source": TABLE, "countries": ["DE"], **changed}
    return world.message("dataset.requested", **body)


def dataset(world: World) -> Json:
    (found,) = world.all("datasets")
    return found


def is_stored(world: World) -> bool:
    data = dataset(world)
    marker = paths.dataset_marker(data["country"], data["id"])
    return world.ports.data.stat(marker) is not None


def run_job(world: World, patch: pytest.MonkeyPatch) -> None:
    """The job's own process, in this one."""
    (execution,) = list(world.jobs.executions.values())[-1:]
    patch.setattr(wiring, "ports", lambda: world.ports)
    patch.setattr("mmmflow.job.configure", lambda _: None)
    assert job.main(execution.env) == 0


def ended(world: World, execution: str) -> None:
    """The platform tells that an execution is over."""
    world.jobs.end(execution, "out of memory")
    entry = {"resourceName": f"namespaces/local/executions/{execution}"}
    entry["methodName"] = "/Jobs.RunJob"
    body = {"protoPayload": entry}
    reconcile(Message("execution.ended", "1", body), world.ports)


def test_a_query_that_is_done_within_a_minute_is_fetched_at_once(
    world: World, warehouse: Warehouse
) -> None:
    extract(asked(world), world.ports)
    assert is_stored(world)
    assert world.jobs.executions == {}
    assert warehouse.submitted == [dataset(world)["id"]]


def test_a_query_that_takes_longer_is_left_to_a_job(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    data = dataset(world)
    assert not is_stored(world)
    (execution,) = world.jobs.executions.values()
    assert execution.name == "extract-1"
    assert execution.env == {
        "MMMFLOW_STEP": "extract",
        "MMMFLOW_DATASET": data["id"],
    }
    assert data["job"]["execution"] == "extract-1"
    run_job(world, monkeypatch)
    assert is_stored(world)
    assert dataset(world)["job"] is None
    assert warehouse.submitted == [data["id"]], "it was asked only once"


def test_a_large_result_is_left_to_a_job(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    del warehouse
    monkeypatch.setattr(step, "SMALL_ROWS", WEEKS - 1)
    extract(asked(world), world.ports)
    assert list(world.jobs.executions) == ["extract-1"]


def test_a_function_that_has_been_at_it_for_long_leaves_the_rest_to_jobs(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = warehouse.wait

    def slow(id: str, query: Query, seconds: float) -> QueryStatus:
        world.clock.advance(step.BUDGET.total_seconds() + 1)
        return real(id, query, seconds)

    monkeypatch.setattr(warehouse, "wait", slow)
    extract(asked(world, countries=["DE", "FR"]), world.ports)
    assert len(world.jobs.executions) == 1


def test_a_job_waits_as_long_as_the_query_runs(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.states = ["running"] * 5
    extract(asked(world), world.ports)
    run_job(world, monkeypatch)
    assert is_stored(world)


def test_a_result_that_is_gone_is_asked_for_again(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.states = ["running", "gone"]
    extract(asked(world), world.ports)
    run_job(world, monkeypatch)
    assert is_stored(world)
    assert len(warehouse.submitted) == 2


def test_a_lost_connection_leaves_no_half_of_a_dataset(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.broken_after = 1
    with pytest.raises(UnreachableError):
        extract(asked(world), world.ports)
    assert world.ports.data.list("datasets/") == []
    warehouse.broken_after = None
    extract(asked(world), world.ports)
    assert is_stored(world)
    assert len(warehouse.submitted) == 1, "its result is still there"


def test_a_job_that_dies_is_started_again_and_three_times_in_all(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    for number in (1, 2):
        ended(world, f"extract-{number}")
        assert dataset(world)["job"]["tries"] == number + 1
    ended(world, "extract-3")
    data = dataset(world)
    assert (data["state"], data["job"]) == ("FAILED", None)
    assert "out of memory" in data["problems"][0]["what"]
    assert len(world.jobs.executions) == 3


def test_the_end_of_an_earlier_job_says_nothing_of_the_present_one(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    ended(world, "extract-1")
    ended(world, "extract-1")
    assert dataset(world)["job"]["execution"] == "extract-2"


def test_a_job_whose_end_nobody_heard_of_is_found_by_sweep(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    world.jobs.end("extract-1")
    world.sweep(after=handover.LEASE.total_seconds() + 1)
    assert dataset(world)["job"]["execution"] == "extract-2"


def test_a_job_that_lives_is_left_alone_by_sweep(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    for _ in range(3):
        world.sweep(after=handover.LEASE.total_seconds() + 1)
    assert list(world.jobs.executions) == ["extract-1"]


def test_a_job_that_could_not_be_started_is_started_later(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    world.jobs.refusal = "too many executions"
    extract(asked(world), world.ports)
    assert dataset(world)["job"]["tries"] == 0
    world.jobs.refusal = ""
    world.sweep(after=61)
    assert list(world.jobs.executions) == ["extract-1"]


def test_a_message_told_of_again_starts_no_second_job(
    world: World, warehouse: Warehouse
) -> None:
    warehouse.states = ["running"]
    extract(asked(world), world.ports)
    extract(asked(world), world.ports)
    assert list(world.jobs.executions) == ["extract-1"]


def test_whatever_call_fails_the_dataset_comes(
    world: World,
    warehouse: Warehouse,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del warehouse
    number = iter(range(1000))

    def run(fault: Fault, at: int) -> Any:
        from tests.faults import Plan

        home = tmp_path_factory.mktemp("fault") / str(next(number))
        other = world.copy(home)
        slow = Warehouse(other.ports.warehouse)
        slow.states = ["running"]
        other.ports = replace(other.ports, warehouse=slow)
        plan = Plan(fault, at)
        message = asked(other)
        deliver(lambda ports: extract(message, ports), other.ports, plan)
        extract(message, other.ports)
        other.sweep(after=handover.LEASE.total_seconds() + 1)
        if not is_stored(other):
            run_job(other, monkeypatch)
        assert is_stored(other)
        assert len(set(slow.submitted)) == 1
        return plan

    assert list(every_fault(run))


def test_a_warehouse_that_lets_nobody_in_ends_the_dataset_with_its_reason(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> str:
        raise DeniedError("save the secret snowflake-key")

    monkeypatch.setattr(warehouse, "altered", denied)
    monkeypatch.setattr(warehouse, "submit", denied)
    extract(asked(world), world.ports)
    (problem,) = dataset(world)["problems"]
    assert problem["what"] == "save the secret snowflake-key"


def test_progress_is_said_in_rows(
    world: World, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = warehouse.fetch

    def slow(id: str, query: Query) -> "Iterator[pa.RecordBatch]":
        for batch in real(id, query):
            for start in range(0, WEEKS, 10):
                world.clock.advance(6)
                yield batch.slice(start, 10)

    monkeypatch.setattr(warehouse, "fetch", slow)
    extract(asked(world), world.ports)
    progress = dataset(world)["progress"]
    assert (progress["rows"], progress["of"]) == (WEEKS, WEEKS)


def test_a_large_file_is_left_to_a_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingesting, "SMALL_BYTES", 100)
    ingest(world.drop("DE/t.csv", table("DE")), world.ports)
    assert list(world.jobs.executions) == ["ingest-1"]
    run_job(world, monkeypatch)
    assert is_stored(world)


def test_a_job_without_its_environment_says_which_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mmmflow.job.configure", lambda _: None)
    assert job.main({"MMMFLOW_STEP": "extract"}) == 2


class TestUnchanged:
    """The same query on unchanged data is not asked again."""

    @pytest.fixture(autouse=True)
    def prepared(self, world: World, warehouse: Warehouse) -> None:
        del warehouse
        extract(asked(world, message_id="1"), world.ports)
        self._take_in(world.ports)

    def _take_in(self, ports: Ports) -> None:
        from mmmflow.ports import ObjectEvent
        from mmmflow.steps.prepare import prepare

        for info in ports.data.list("datasets/"):
            if info.name.endswith("dataset.json"):
                prepare(ObjectEvent("data", info.name, info.generation), ports)

    def test_the_dataset_is_there_already(self, world: World) -> None:
        extract(asked(world, message_id="2"), world.ports)
        made = [r["made"] for r in world.all("requests")]
        assert made == [[dataset(world)["id"]]] * 2

    def test_a_country_that_is_new_is_extracted_beside_it(
        self, world: World
    ) -> None:
        both = asked(world, message_id="2", countries=["FR", "DE"])
        known = dataset(world)["id"]
        extract(both, world.ports)
        assert len(world.all("datasets")) == 2
        (made,) = (
            r["made"] for r in world.all("requests") if len(r["made"]) > 1
        )
        assert made[1] == known

    def test_a_table_that_has_changed_is_extracted_again(
        self, world: World
    ) -> None:
        import os

        path = world.home / "warehouse" / "weekly.csv"
        os.utime(path, (2_000_000_000, 2_000_000_000))
        extract(asked(world, message_id="2"), world.ports)
        assert len(world.all("datasets")) == 2

    def test_what_is_forced_is_extracted_again(self, world: World) -> None:
        extract(asked(world, message_id="2", force=True), world.ports)
        assert len(world.all("datasets")) == 2

    def test_of_a_query_only_the_age_of_its_rows_counts(
        self, world: World
    ) -> None:
        source = {"query": "SELECT * FROM weekly WHERE market = {country}"}
        extract(asked(world, message_id="2", source=source), world.ports)
        self._take_in(world.ports)
        assert len(world.all("datasets")) == 2
        again = {"source": source, "max_age_seconds": 3600}
        extract(asked(world, message_id="3", source=source), world.ports)
        assert len(world.all("datasets")) == 3
        self._take_in(world.ports)
        world.clock.advance(3599)
        extract(asked(world, message_id="4", **again), world.ports)
        assert len(world.all("datasets")) == 3
        world.clock.advance(2)
        extract(asked(world, message_id="5", **again), world.ports)
        assert len(world.all("datasets")) == 4

    def test_what_is_to_be_trained_is_asked_for_at_once(
        self, world: World
    ) -> None:
        train = {"experiment": {"trials": 1}, "sweep": {"seed": [1, 2]}}
        extract(asked(world, message_id="2", train=train), world.ports)
        (sent,) = world.sent("experiment.requested")
        assert sent["experiment"]["dataset_id"] == dataset(world)["id"]
        assert sent["sweep"] == {"seed": [1, 2]}
        extract(asked(world, message_id="2", train=train), world.ports)
        assert len(world.sent("experiment.requested")) == 1
