"""A cold start imports what its function uses, and nothing else."""

from pathlib import Path

import mmmflow
import pytest
from mmmflow.messaging import topology

from tests import cold_starts

SOURCE = Path(mmmflow.__path__[0]).parent
HEAVY = ("pandas", "pyarrow", "snowflake", "duckdb", "sqlglot", "numpy")
# What Snowflake's and BigQuery's clients import where it is installed.
_TABLES = {"pandas", "pyarrow", "numpy"}
# Others read and write tables when an event asks for it, not before.
MAY = {"extract": {"sqlglot", "snowflake", *_TABLES}, "costs": _TABLES}


def imported(loaded: cold_starts.Loaded) -> set[str]:
    return {name.partition(".")[0] for name in loaded.modules}


def test_every_function_is_looked_at() -> None:
    assert set(cold_starts.USES) == {*topology.SUBSCRIPTIONS, "api"}


@pytest.mark.parametrize("function", cold_starts.USES)
def test_a_function_that_is_ready_has_imported_nothing_heavy(
    function: str,
) -> None:
    loaded = cold_starts.ready(function, SOURCE)
    heavy = imported(loaded) & set(HEAVY)
    assert heavy <= MAY.get(function, set())


@pytest.mark.parametrize("function", cold_starts.USES)
def test_a_function_imports_no_client_that_it_does_not_use(
    function: str,
) -> None:
    loaded = cold_starts.ready(function, SOURCE)
    used = {cold_starts.CLIENTS[port] for port in cold_starts.USES[function]}
    others = set(cold_starts.CLIENTS.values()) - used
    assert not others & loaded.modules
