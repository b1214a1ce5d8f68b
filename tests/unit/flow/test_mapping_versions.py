"""Mappings derive columns, are compared with each other and with data."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow import schema
from mmmflow.domain import mapping, mapping_diff, mapping_validation
from mmmflow.domain.errors import InvalidInputError
from mmmflow.domain.mapping import Channel, Derived

BRAND = {"category": "paid_spend", "channel": "search", "tags": ["brand"]}
GENERIC = {"category": "paid_spend", "channel": "search"}
TV = {"category": "paid_spend", "channel": "tv", "tags": ["brand"]}
SEARCH = {
    "sum_of": {"category": "paid_spend", "channel": "search"},
    "category": "paid_spend",
    "channel": "search",
    "kind": "search",
}


def document(**fields: Any) -> dict[str, Any]:
    made = {
        "schema_version": 2,
        "date": "day",
        "country": None,
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {"brand_cost": BRAND, "generic_cost": GENERIC, "tv": TV},
        "derived": {"search_cost": SEARCH},
        **fields,
    }
    schema.require("mapping.json", made)
    return made


def problems(**fields: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as invalid:
        mapping.read(document(**fields))
    return [str(problem) for problem in invalid.value.problems]


def test_a_sum_by_channel_takes_its_parts_place_in_the_model() -> None:
    read = mapping.read(document())
    assert read.channels == (
        Channel("tv", "tv", None, "other"),
        Channel("search", "search_cost", None, "search"),
    )
    assert read.derived == (
        Derived(
            "search_cost",
            ("brand_cost", "generic_cost"),
            "every paid_spend of the channel 'search'",
        ),
    )


def test_its_parts_are_needed_of_the_data_and_not_kept() -> None:
    read = mapping.read(document())
    assert set(read.needed) >= {"brand_cost", "generic_cost", "tv"}
    assert "search_cost" not in read.needed
    assert "brand_cost" not in read.columns


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ({"category": "paid_spend", "tag": "brand"}, ("brand_cost", "tv")),
        (
            {"category": "paid_spend"},
            ("brand_cost", "generic_cost", "tv"),
        ),
        ({"columns": ["tv"]}, ("tv",)),
    ],
)
def test_a_total_by_tag_or_of_all_is_kept_beside_its_parts(
    rule: dict[str, Any], parts: tuple[str, ...]
) -> None:
    read = mapping.read(
        document(derived={"search_cost": SEARCH, "all": {"sum_of": rule}})
    )
    assert read.derived[1].parts == parts
    assert read.category_of("all") == "derived"
    assert [c.name for c in read.channels] == ["tv", "search"]


def test_a_column_is_counted_once() -> None:
    twice = {
        "a": SEARCH,
        "b": {
            "sum_of": {"columns": ["brand_cost"]},
            "category": "paid_spend",
            "channel": "b",
        },
    }
    (problem,) = problems(derived=twice)
    assert problem.startswith("columns.brand_cost: it is part of more than one")


def test_a_sum_of_nothing_or_of_unknown_columns_is_refused() -> None:
    found = problems(
        derived={
            "search_cost": SEARCH,
            "a": {"sum_of": {"category": "organic"}},
            "b": {"sum_of": {"columns": ["x"]}},
            "tv": {"sum_of": {"columns": ["tv"]}},
        }
    )
    assert found == [
        "derived.a: every organic: no column is so",
        "derived.b: the mapping has no column 'x'",
        "derived.tv: the data has a column of that name already",
    ]


def test_a_spend_names_which_of_several_exposures_it_is_paired_with() -> None:
    clicks = {"category": "paid_exposure", "channel": "tv"}
    columns = {"tv": TV, "grps": clicks, "contacts": clicks}
    assert "more than one exposure" in problems(columns=columns, derived={})[0]
    columns["tv"] = {**TV, "exposure": "contacts"}
    read = mapping.read(document(columns=columns, derived={}))
    assert read.channels[0].exposure == "contacts"
    assert "grps" not in read.needed


def test_a_mapping_of_the_version_before_reads_as_it_did() -> None:
    old = {
        "schema_version": 1,
        "date": "day",
        "goals": [{"column": "revenue", "type": "revenue"}],
        "columns": {"tv": {"category": "paid_spend", "channel": "tv"}},
        "resample": {"interval": "week", "aggregation": {"tv": "mean"}},
    }
    schema.require("mapping.json", old)
    read = mapping.read(old)
    assert read.needed == ("day", "revenue", "tv")
    assert {s.name: s.aggregation for s in read.sources} == {
        "revenue": "sum",
        "tv": "mean",
    }


def test_the_main_goal_is_a_primary_one() -> None:
    goals = [{"column": "y", "type": "revenue", "group": "secondary"}]
    (problem,) = problems(goals=goals)
    assert problem == "goals: 'y' is the main goal, but secondary"


def test_what_changed_between_versions_is_told_by_its_path() -> None:
    after = document(
        columns={"brand_cost": BRAND, "generic_cost": GENERIC, "radio": TV},
        goals=[{"column": "revenue", "type": "conversion"}],
    )
    changes = [str(c) for c in mapping_diff.diff(document(), after)]
    assert changes == [
        "columns.radio: added category paid_spend, channel tv, tags [brand]",
        "columns.tv: removed category paid_spend, channel tv, tags [brand]",
        "goals.revenue.type: revenue → conversion",
    ]


NAMES = st.sampled_from(["a", "b", "c"])
COLUMNS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {"category": st.sampled_from(["context", "ignored", "factor"])},
        optional={"tags": st.lists(NAMES, max_size=2, unique=True)},
    ),
)


@given(before=COLUMNS, after=COLUMNS)
def test_a_diff_is_empty_only_of_equals_and_turns_round(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    one, two = {**document(), "columns": before}, document()
    two["columns"] = after
    there, back = mapping_diff.diff(one, two), mapping_diff.diff(two, one)
    assert (there == []) == (before == after)
    assert [(c.where, c.before, c.after) for c in there] == [
        (c.where, c.after, c.before) for c in back
    ]


COLUMNS_OF_DATA = {
    "day": "date32[day]",
    "revenue": "double",
    "brand_cost": "double",
    "generic_cost": "int64",
    "tv": "double",
}


def differences(**changed: str | None) -> list[tuple[str, str, str]]:
    columns = {**COLUMNS_OF_DATA, **changed}
    there = {n: t for n, t in columns.items() if t is not None}
    found = mapping_validation.validate(document(), there)
    return [(d.kind, d.severity, d.column) for d in found]


def test_a_dataset_that_has_all_as_expected_does_not_differ() -> None:
    assert differences() == []


def test_missing_and_new_columns_are_told_both_ways() -> None:
    assert differences(tv=None, radio="double") == [
        ("missing", "error", "tv"),
        ("new", "info", "radio"),
    ]


def test_a_column_that_only_changed_its_case_is_recognised() -> None:
    found = mapping_validation.validate(
        document(), {**COLUMNS_OF_DATA, "TV": "double"} | {"tv ": "double"}
    )
    assert [d.kind for d in found] == ["new", "new"]
    lost = {n: t for n, t in COLUMNS_OF_DATA.items() if n != "tv"}
    found = mapping_validation.validate(document(), {**lost, "TV": "double"})
    assert "the data has 'TV'" in found[0].hint


@pytest.mark.parametrize(
    ("stored", "severity"),
    [
        ("string", "warning"),
        ("date32[day]", "error"),
        ("timestamp[us, tz=UTC]", "error"),
    ],
)
def test_a_type_that_changed_is_told(stored: str, severity: str) -> None:
    assert differences(tv=stored) == [("type", severity, "tv")]


def test_whole_numbers_are_numbers() -> None:
    assert differences(tv="int64", revenue="decimal128(38, 2)") == []
