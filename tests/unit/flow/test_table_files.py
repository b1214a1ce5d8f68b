"""A file on this machine is looked at as a dataset would be."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from mmmflow.domain.errors import InvalidInputError
from mmmflow.local import table_files
from mmmflow.show import data_text

WEEKS = 60


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    """German: semicolons, decimal commas, units, a mark, repeated rows."""
    rows = ["Datum;Land;Umsatz (EUR);Ausgaben TV [€];TV GRPs;Aktion"]
    for week in range(WEEKS):
        day = date(2023, 1, 2) + timedelta(weeks=week)
        for land, scale in (("DE", 1), ("AT", 3)):
            spend = week * 37 % 11 * 100 * scale
            rows.append(
                f"{day:%d.%m.%Y};{land};{10_000 + week * 53 % 700:.2f};"
                f"{spend:.2f};{spend / 50:.1f};{'' if week % 9 else 'Sale'}"
            )
    rows += rows[-4:]
    path = tmp_path / "umsatz.csv"
    text = "\r\n".join(rows).replace(".00;", ",00;")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    return path


def test_its_mapping_is_suggested_with_reasons(messy: Path) -> None:
    found = table_files.suggest(messy)
    assert found["mapping"]["date"] == "Datum"
    assert found["mapping"]["country"] == "Land"
    assert found["review"] == []
    text = data_text.suggestion(found)
    assert "the word 'ausgaben' in its name and the medium 'tv'" in text


def test_each_country_has_its_report(messy: Path) -> None:
    reports = table_files.quality(messy)
    assert [(r["country"], r["rows"]) for r in reports] == [
        ("AT", WEEKS),
        ("DE", WEEKS),
    ]
    (done,) = [c for c in reports[0]["cleaning"] if c["rule"] == "dropped"]
    assert (done["count"], done["column"]) == (2, "")


def test_a_report_may_be_of_one_country_by_a_mapping(
    messy: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(table_files.suggest(messy)["mapping"]))
    (report,) = table_files.quality(messy, path, ["DE"])
    assert report["country"] == "DE"
    assert table_files.check(path, messy) == []


def test_what_a_mapping_lacks_is_told(messy: Path, tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    document: dict[str, Any] = table_files.suggest(messy)["mapping"]
    del document["columns"]["Aktion"]
    path.write_text(json.dumps(document))
    found = table_files.check(path, messy)
    assert [(d["kind"], d["column"]) for d in found] == [("new", "Aktion")]
    assert data_text.differences(found).startswith("info     Aktion: ")
    before = tmp_path / "before.json"
    before.write_text(json.dumps(table_files.suggest(messy)["mapping"]))
    (line,) = table_files.diff(before, path)
    assert line.startswith("columns.Aktion: removed category factor")


@pytest.mark.parametrize("content", [None, b"", b"a,b\n"])
def test_a_file_without_rows_is_said(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError):
        table_files.suggest(path)
