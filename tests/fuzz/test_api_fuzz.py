"""A short run of generated requests; `make test-api-fuzz` makes 5,000."""

from tests.fuzz.cases import fuzz

CASES = 320


def test_generated_requests_find_nothing() -> None:
    run = fuzz(CASES, first_seed=7)
    assert run.cases >= CASES - run.operations
    assert run.findings == []
