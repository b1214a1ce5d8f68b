"""The sample data: made by its program, and true to what it says."""

import csv
import io
import json
from importlib.resources import files

import pytest
from mmmflow.local.sample.make_sample import sample
from mmmflow.local.sample.markets import CHANNELS

FOLDER = files("mmmflow.local.sample")


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return sample()


@pytest.fixture(scope="module")
def rows(made: dict[str, str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(made["marketing_weekly.csv"])))


@pytest.mark.parametrize(
    "name", ["marketing_weekly.csv", "truth.json", "mapping.json"]
)
def test_the_program_makes_the_committed_file_byte_for_byte(
    made: dict[str, str], name: str
) -> None:
    assert made[name].encode() == (FOLDER / name).read_bytes()


def test_the_table_stays_small(made: dict[str, str]) -> None:
    assert len(made["marketing_weekly.csv"]) < 120_000


def test_each_country_has_every_week_once(
    rows: list[dict[str, str]],
) -> None:
    keys = {(row["country"], row["date"]) for row in rows}
    assert len(keys) == len(rows) == 2 * 208


def test_the_mapping_names_columns_of_the_table(
    made: dict[str, str], rows: list[dict[str, str]]
) -> None:
    named = set(json.loads(made["mapping.json"])["columns"])
    assert named == set(rows[0]) - {"date", "country", "revenue"}


@pytest.mark.parametrize("country", ["DE", "FR"])
@pytest.mark.parametrize("channel", [c.name for c in CHANNELS])
def test_the_truth_counts_the_spend_of_its_window(
    made: dict[str, str],
    rows: list[dict[str, str]],
    country: str,
    channel: str,
) -> None:
    truth = json.loads(made["truth.json"])
    window = truth["window"]
    spend = sum(
        float(row[f"{channel}_spend"])
        for row in rows
        if row["country"] == country
        and window["start"] <= row["date"] <= window["end"]
    )
    told = truth["countries"][country][channel]
    assert told["spend"] == pytest.approx(spend, abs=0.01)


@pytest.mark.parametrize("country", ["DE", "FR"])
def test_the_paid_channels_explain_a_good_part_of_revenue(
    made: dict[str, str], rows: list[dict[str, str]], country: str
) -> None:
    truth = json.loads(made["truth.json"])
    window = truth["window"]
    revenue = sum(
        float(row["revenue"])
        for row in rows
        if row["country"] == country
        and window["start"] <= row["date"] <= window["end"]
    )
    channels = truth["countries"][country].values()
    share = sum(told["contribution"] for told in channels) / revenue
    assert 0.25 < share < 0.55
