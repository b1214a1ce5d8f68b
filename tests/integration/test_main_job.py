"""The main job, as a person runs it: from data to the best model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mmmflow.local
import pytest

SAMPLE = Path(mmmflow.local.__path__[0]) / "sample"
TABLE = SAMPLE / "marketing_weekly.csv"
MAPPING = SAMPLE / "mapping.json"


def run(home: Path, *options: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mmmflow", "run", *map(str, options)],
        env={**os.environ, "MMMFLOW_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_the_sample_is_trained_once_and_its_files_are_where_it_says(
    home: Path,
) -> None:
    options = ("--preset", "test", "--country", "FR")
    first = run(home, *options)
    assert first.returncode == 0, first.stdout
    assert "FR: best of 2 experiments" in first.stdout
    assert "Proposed budget" in first.stdout
    named = [
        Path(line.split(maxsplit=1)[1].removeprefix("files").strip())
        for line in first.stdout.splitlines()
        if line.strip().startswith(("One-pager", "All files"))
    ]
    assert len(named) == 2
    assert all(path.exists() for path in named)
    again = run(home, *options)
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout
    assert "2 succeeded" in again.stdout


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """The sample with a first occurrence replaced."""
    path = tmp_path / "changed.csv"
    path.write_text(TABLE.read_text().replace(old, new, 1))
    return path


def mapping(tmp_path: Path, **columns: object) -> Path:
    document = json.loads(MAPPING.read_text())
    document["columns"] |= columns
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(document))
    return path


def test_a_missing_file_is_named(home: Path) -> None:
    ended = run(home, "--data", "nowhere.csv", "--mapping", MAPPING)
    assert ended.returncode == 2
    assert ended.stdout == "error: DATA: there is no file nowhere.csv\n"


def test_data_without_a_mapping_is_told_what_is_needed(home: Path) -> None:
    ended = run(home, "--data", TABLE)
    assert ended.returncode == 2
    assert ended.stdout.startswith("error: MAPPING: your own data needs")


@pytest.mark.parametrize("content", ["{", '{"date": 1}'])
def test_a_mapping_that_is_none_is_refused(
    home: Path, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(content)
    ended = run(home, "--data", TABLE, "--mapping", path)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stdout


def test_a_missing_column_is_named_and_nothing_is_trained(
    home: Path, tmp_path: Path
) -> None:
    radio = {"category": "paid_spend", "channel": "radio"}
    ended = run(
        home, "--data", TABLE, "--mapping", mapping(tmp_path, radio_spend=radio)
    )
    assert ended.returncode == 1
    assert "column 'radio_spend': named by the mapping" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert not (home / "data" / "robyn").exists()


def test_a_goal_that_is_not_numeric_is_named_with_its_row(
    home: Path, tmp_path: Path
) -> None:
    first_row = TABLE.read_text().splitlines()[1]
    revenue = first_row.rpartition(",")[2]
    data = changed(tmp_path, f",{revenue}\n", ",much\n")
    ended = run(home, "--data", data, "--mapping", MAPPING, "--country", "DE")
    assert ended.returncode == 1
    assert "goal 'revenue': 'much' in row 1 is not a number" in ended.stdout
    assert "Traceback" not in ended.stdout
