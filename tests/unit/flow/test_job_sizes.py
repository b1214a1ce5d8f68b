"""Which job an experiment runs on."""

import pytest
from mmmflow.domain import jobs, request


@pytest.mark.parametrize(
    ("preset", "job"),
    [
        ("test", "native-small"),
        ("benchmark", "native-medium"),
        ("production", "native-large"),
    ],
)
def test_the_size_follows_from_the_work(preset: str, job: str) -> None:
    asked = request.complete({"country": "DE", "preset": preset})
    assert jobs.job_of(asked) == job


def test_a_size_that_is_asked_for_is_kept() -> None:
    asked = request.complete({"country": "DE", "size": "large"})
    assert (asked["size"], jobs.job_of(asked)) == ("large", "native-large")


def test_a_request_from_before_there_were_sizes_has_one() -> None:
    asked = request.complete({"country": "DE"})
    del asked["size"]
    assert jobs.job_of(asked) == "native-medium"


def test_every_engine_has_every_size() -> None:
    for sizes in jobs.MACHINES.values():
        assert tuple(sizes) == jobs.SIZES


@pytest.mark.parametrize("name", jobs.JOBS)
def test_memory_is_what_cloud_run_allows_with_the_processors(
    name: str,
) -> None:
    most = {1: 4, 2: 8, 4: 16, 8: 32}
    machine = jobs.JOBS[name]
    assert machine.gib <= most[machine.vcpus]
