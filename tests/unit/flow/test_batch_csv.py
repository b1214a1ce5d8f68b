"""A batch as CSV: one experiment a row, one field a column."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmmflow.domain import batch_csv
from mmmflow.domain.batch_csv import Row
from mmmflow.domain.errors import InvalidInputError
from mmmflow.submit import manifests


def rows(text: str | bytes, limit: int = 100) -> list[Row]:
    content = text if isinstance(text, bytes) else text.encode()
    lines = content.splitlines(keepends=True)
    return list(batch_csv.rows(lines, manifests.columns(), limit=limit))


def experiments(text: str | bytes) -> list[dict[str, Any]]:
    found = rows(text)
    assert not [row for row in found if row.problems]
    return [row.experiment for row in found]


def problems(text: str) -> list[str]:
    return [
        str(row.placed(problem))
        for row in rows(text)
        for problem in row.problems
    ]


def refusal(text: str | bytes) -> str:
    with pytest.raises(InvalidInputError) as refused:
        rows(text)
    return str(refused.value)


def test_each_row_is_an_experiment() -> None:
    text = "country,seed,adstock\nDE,1,geometric\nFR,2,weibull_cdf\n"
    assert experiments(text) == [
        {"country": "DE", "seed": 1, "adstock": "geometric"},
        {"country": "FR", "seed": 2, "adstock": "weibull_cdf"},
    ]


def test_an_empty_cell_is_not_given_so_rows_may_differ() -> None:
    text = "country,seed,trials\nDE,,3\nFR,2\n,,\n"
    assert experiments(text) == [
        {"country": "DE", "trials": 3},
        {"country": "FR", "seed": 2},
    ]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(sign: str) -> None:
    text = f"country{sign}seed\nDE{sign}1\n"
    assert experiments(text) == [{"country": "DE", "seed": 1}]


def test_a_spreadsheet_may_declare_its_delimiter() -> None:
    assert experiments("sep=;\ncountry;seed\nDE;1\n") == [
        {"country": "DE", "seed": 1}
    ]


def test_a_delimiter_in_quotes_is_none() -> None:
    text = 'country,"hyperparameters.a;b;c_thetas"\nDE,"0.1;0.5"\n'
    assert experiments(text)[0]["hyperparameters"] == {
        "a;b;c_thetas": [0.1, 0.5]
    }


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    text = b"\xef\xbb\xbf" + "country,labels.team\r\nDE,käse\r\n".encode()
    assert experiments(text) == [{"country": "DE", "labels": {"team": "käse"}}]


def test_quotes_keep_what_is_within() -> None:
    text = 'country,labels.why\nDE,"a ""large"", new\nspend"\n'
    assert experiments(text)[0]["labels"] == {"why": 'a "large", new\nspend'}


def test_dots_lead_into_nested_fields() -> None:
    text = (
        "country,window.start,window.end,revision.tag,revision.number,"
        "allocation.total_budget\nDE,2024-01-01,2024-12-30,q3,4,1e6\n"
    )
    assert experiments(text) == [
        {
            "country": "DE",
            "window": {"start": "2024-01-01", "end": "2024-12-30"},
            "revision": {"tag": "q3", "number": 4},
            "allocation": {"total_budget": 1e6},
        }
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.3;0.8", [0.3, 0.8]),
        ("0.3 ; 0.8", [0.3, 0.8]),
        ("[0.3, 0.8]", [0.3, 0.8]),
        ("0.5", 0.5),
        ("1", 1),
    ],
)
def test_a_range_is_two_numbers_and_a_fixed_one_is_one(
    cell: str, value: Any
) -> None:
    text = f'country,hyperparameters.tv_impressions_thetas\nDE,"{cell}"\n'
    assert experiments(text)[0]["hyperparameters"] == {
        "tv_impressions_thetas": value
    }


def test_a_columns_name_in_the_data_may_have_dots() -> None:
    text = "country,hyperparameters.tv.spend_thetas\nDE,0.5\n"
    assert experiments(text)[0]["hyperparameters"] == {"tv.spend_thetas": 0.5}


def test_lists_of_words_are_written_with_semicolons_or_as_json() -> None:
    text = (
        "country,paid_media,prophet.components\n"
        "DE,tv;search,trend;season\n"
        'DE,"[{""channel"": ""tv"", ""variable"": ""spend""}]",trend\n'
    )
    first, second = experiments(text)
    assert first["paid_media"] == ["tv", "search"]
    assert first["prophet"] == {"components": ["trend", "season"]}
    assert second["paid_media"] == [{"channel": "tv", "variable": "spend"}]
    assert second["prophet"] == {"components": ["trend"]}


def test_a_whole_object_may_be_json() -> None:
    text = 'country,window\nDE,"{""start"": ""2024-01-01""}"\n'
    assert experiments(text)[0]["window"] == {"start": "2024-01-01"}


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("FALSE", False), ("True", True)]
)
def test_truth_is_written_as_spreadsheets_do(cell: str, value: bool) -> None:
    text = f"country,ts_validation\nDE,{cell}\n"
    assert experiments(text)[0]["ts_validation"] is value


def test_every_problem_is_named_with_its_row_and_column() -> None:
    text = (
        "country,seed,ts_validation,hyperparameters.tv_thetas,window\n"
        "DE,one,yes,0.1;x,{\n"
        "DE,1,true,0.1,\n"
        'DE,1.5,,"0,5",\n'
    )
    assert problems(text) == [
        "row 1, column 'seed': 'one' is not a whole number",
        "row 1, column 'ts_validation': 'yes' is not true or false",
        "row 1, column 'hyperparameters.tv_thetas':"
        " '0.1;x' is not a number, or a range as 0.3;0.8",
        "row 1, column 'window': '{' is not JSON",
        "row 3, column 'seed': '1.5' is not a whole number",
        "row 3, column 'hyperparameters.tv_thetas':"
        " '0,5' is not a number, or a range as 0.3;0.8",
    ]


@pytest.mark.parametrize("cell", ["[" * 100_000, '[""\\ud800""]'])
def test_json_that_can_not_be_stored_is_none(cell: str) -> None:
    assert len(problems(f'country,window\nDE,"{cell}"\n')) == 1


@pytest.mark.parametrize("cell", ["nan", "inf", "1e999", "[NaN, 1]"])
def test_numbers_are_finite(cell: str) -> None:
    text = f'country,hyperparameters.tv_thetas\nDE,"{cell}"\n'
    assert len(problems(text)) == 1


def test_more_cells_than_columns_are_a_problem() -> None:
    assert problems("country,seed\nDE,1,2\nDE,1,,\n") == [
        "row 1: 3 cells under 2 columns"
    ]


def test_every_unknown_column_is_named_before_any_row_is_read() -> None:
    text = refusal("country,sead,windows.start,,seed.x\nDE,x,x,x,x\n")
    assert "column 'sead': no such field (known: country, " in text
    assert "column 'windows.start': no such field" in text
    assert "column 4: it has no name" in text
    assert "column 'seed.x': no such field" in text


def test_a_field_has_one_column() -> None:
    text = refusal("country,seed,seed,window,window.end\nDE,1,1,,\n")
    assert "column 'seed': it is there 2 times" in text
    assert "column 'window.end': there is a column 'window' for it" in text


def test_a_file_without_a_header_is_refused() -> None:
    assert "header: there is none" in refusal("")
    assert "header: there is none" in refusal("\n")


def test_a_quote_that_stays_open_is_named() -> None:
    text = refusal('country,seed\nDE,1\nDE,"2\nFR,3\n')
    assert text.startswith("row 2: it is no CSV")
    assert "is a quote open?" in text


def test_other_encodings_are_named() -> None:
    assert "it is UTF-16" in refusal("country\nDE\n".encode("utf-16"))
    latin = "country,labels.team\nDE,käse\n".encode("latin-1")
    assert "line 2: it is not UTF-8" in refusal(latin)


def test_a_million_rows_are_refused_without_reading_them() -> None:
    read = itertools.count()

    def lines() -> Iterator[bytes]:
        yield b"country\n"
        for _ in range(1_000_000):
            next(read)
            yield b"DE\n"

    found = batch_csv.rows(lines(), manifests.columns(), limit=10_000)
    with pytest.raises(InvalidInputError, match="more than 10000 rows"):
        list(found)
    assert next(read) == 10_001


CELLS = st.sampled_from(
    [
        "country",
        "seed",
        "window.start",
        "labels.a",
        "hyperparameters.x",
        "DE",
        "1",
        '"',
        '""',
        "{",
        "[1]",
        "\x00",
        "é",
        "0.3;0.8",
        "",
    ]
)
TABLES = st.lists(
    st.lists(CELLS, max_size=4).flatmap(
        lambda cells: st.sampled_from([",", ";", "\t"]).map(
            lambda sign: sign.join(cells)
        )
    ),
    max_size=5,
).map("\n".join)


@given(st.one_of(TABLES.map(str.encode), st.binary(max_size=60)))
def test_whatever_the_bytes_they_are_read_or_refused(content: bytes) -> None:
    with suppress(InvalidInputError):
        assert all(isinstance(row.experiment, dict) for row in rows(content))
