"""Object names are made and read in one place."""

import pytest
from mmmflow.domain import paths
from mmmflow.domain.paths import Signal

ID = "20261120T104512Z-1f3a9c0b77de"


def test_a_signals_name_reads_back_as_the_signal() -> None:
    name = paths.signal(ID, 12, "finished")
    assert paths.parse_signal(name) == Signal(ID, 12, "finished")


@pytest.mark.parametrize(
    "name",
    [
        f"signals/{ID}/0/started.json",
        f"signals/{ID}/1/ended.json",
        f"signals/{ID}/one/started.json",
        f"signals/{ID}/1/started.json.tmp",
        f"signals/x/{ID}/1/started.json",
    ],
)
def test_other_names_are_no_signals(name: str) -> None:
    assert paths.parse_signal(name) is None


def test_only_the_markers_of_datasets_and_mappings_are_read_as_such() -> None:
    assert paths.parse_dataset_marker(paths.dataset_marker("DE", ID)) == (
        "DE",
        ID,
    )
    assert paths.parse_dataset_marker(paths.raw_data("DE", ID)) is None
    assert paths.parse_mapping_marker(paths.mapping_marker("DE", "v1")) == (
        "DE",
        "v1",
    )
    assert paths.parse_mapping_marker("metadata/DE/v1/notes.txt") is None


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("DE/table.csv", ("DE", "table.csv")),
        ("new-zealand/a b.parquet", ("new-zealand", "a b.parquet")),
        ("table.csv", None),
        ("DE/2026/table.csv", None),
        (".hidden/table.csv", None),
    ],
)
def test_an_upload_is_a_file_in_a_countrys_folder(
    name: str, place: tuple[str, str] | None
) -> None:
    assert paths.parse_upload(name) == place


def test_an_attempt_writes_inside_its_own_folder() -> None:
    run = paths.run_folder("r", 1, "DE", ID)
    assert run == f"robyn/r-1/DE/{ID}"
    assert paths.claim(run, 2) == f"{run}/attempts/2/claim.json"


def test_a_goal_that_is_a_safe_name_is_used_as_it_is() -> None:
    assert paths.rendering("DE", "revenue_net-1", "champion") == (
        "models/DE/revenue_net-1/champion.json"
    )


def test_goals_that_differ_have_names_that_differ() -> None:
    goals = ("Umsatz €", "Umsatz $", "Umsatz _", "Umsatz__", "a/b")
    assert len({paths.safe(goal) for goal in goals}) == len(goals)
    assert not any("/" in paths.safe(goal) for goal in goals)
