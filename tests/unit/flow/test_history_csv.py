"""The history as a table that a spreadsheet reads and does not run."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mmmflow.domain import ids, request
from mmmflow.domain.errors import InvalidInputError
from mmmflow.ports import Create, Ports
from mmmflow.show import history, views

NOW = datetime(2026, 11, 20, 10, 45, 12, tzinfo=UTC)


def put(ports: Ports, at: datetime = NOW, n: int = 0, **fields: Any) -> str:
    id = ids.mint(at, "m", n)
    data = request.new_experiment(
        id,
        request.complete({"country": "DE"}),
        batch_id=None,
        correlation_id="c",
        actor="a person",
        now=at,
    )
    ports.documents.commit([Create("experiments", id, {**data, **fields})])
    return id


def rows(ports: Ports, **arguments: str) -> list[dict[str, str]]:
    where = views.read_filter(arguments, paged=False).where
    text = "".join(history.lines(ports, where))
    return list(csv.DictReader(io.StringIO(text)))


def test_an_empty_history_is_a_header(ports: Ports) -> None:
    (line,) = history.lines(ports, [])
    assert line.strip().split(",") == list(history.COLUMNS)


def test_an_experiment_is_a_line_the_newest_first(ports: Ports) -> None:
    old = put(ports)
    new = put(ports, NOW + timedelta(hours=1))
    assert [row["id"] for row in rows(ports)] == [new, old]


def test_a_line_says_what_was_asked_and_what_came(ports: Ports) -> None:
    put(
        ports,
        state="SUCCEEDED",
        started_at=NOW.isoformat(),
        ended_at=(NOW + timedelta(seconds=90)).isoformat(),
        result={"score": 0.5, "selected": {"model_id": "1_2_1"}},
        labels={"team": "brand", "wave": "2"},
    )
    (row,) = rows(ports)
    assert (row["state"], row["adstock"]) == ("SUCCEEDED", "geometric")
    assert (row["score"], row["model_id"]) == ("0.5", "1_2_1")
    assert row["seconds"] == "90.0"
    assert row["nrmse_val"] == ""
    assert row["labels"] == "team=brand; wave=2"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"],
)
def test_no_text_is_taken_for_a_formula(ports: Ports, text: str) -> None:
    put(ports, actor=text)
    cell = "".join(history.lines(ports, []))
    assert f"'{text}" in cell


def test_a_number_may_be_negative(ports: Ports) -> None:
    put(ports, priority=-5)
    assert rows(ports)[0]["priority"] == "-5"


def test_quotes_commas_and_line_breaks_stay_in_their_cell(
    ports: Ports,
) -> None:
    error = 'it said "no",\nand left'
    put(ports, error={"error": error, "hint": "x"})
    (row,) = rows(ports)
    assert row["error"] == error
    assert row["hint"] == "x"


def test_a_long_history_comes_whole_and_page_by_page(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_PAGE", 3)
    made = {put(ports, n=n) for n in range(9)}
    assert [row["id"] for row in rows(ports)] == sorted(made, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ({"country": "DE"}, 2),
        ({"country": "FR"}, 0),
        ({"state": "WAITING"}, 2),
        ({"queue": "default", "state": "FAILED"}, 0),
        ({"since": "2026-11-20"}, 2),
        ({"since": "2026-11-21"}, 1),
        ({"until": "2026-11-20"}, 1),
        ({"since": "2026-11-20", "until": "2026-11-21"}, 2),
    ],
)
def test_filters_choose_the_lines(
    ports: Ports, arguments: dict[str, str], count: int
) -> None:
    put(ports)
    put(ports, NOW + timedelta(days=1))
    assert len(rows(ports, **arguments)) == count


def test_every_wrong_filter_is_named(ports: Ports) -> None:
    with pytest.raises(InvalidInputError) as refused:
        rows(ports, state="DONE", since="yesterday", colour="red", limit="3")
    assert {p.where for p in refused.value.problems} == {
        "state",
        "since",
        "colour",
        "limit",
    }
