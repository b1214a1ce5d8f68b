"""The command line refuses what it can't do, and finds its files."""

from pathlib import Path

import pytest
from mmmflow_native.__main__ import main
from mmmflow_native.data.inputs import from_folder
from mmmflow_native.errors import UserError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "o"], "give --input, --data and --mapping"),
        (["--output", "o", "--config", "c"], "give --input"),
        (["--output", "o", "--mapping", "m"], "give --input"),
        (["--input", "i"], "required: --output"),
        (["--input", "i", "--output", "o", "--plan", "p"], "--recreate"),
        (
            ["--input", "i", "--output", "o", "--stability", "-1"],
            "--stability is a number of seeds",
        ),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_help_says_what_goes_in_and_what_comes_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for word in ("job_config.json", "model_summary.json", "exit code"):
        assert word in said


def test_the_data_beside_the_configuration_is_found(tmp_path: Path) -> None:
    (tmp_path / "job_config.json").touch()
    (tmp_path / "sales.csv").touch()
    found = from_folder(tmp_path)
    assert found.data == tmp_path / "sales.csv"
    assert found.holidays is None


def test_input_data_goes_before_other_tables(tmp_path: Path) -> None:
    for name in ("a.csv", "input_data.parquet", "holidays.csv"):
        (tmp_path / name).touch()
    found = from_folder(tmp_path)
    assert found.data == tmp_path / "input_data.parquet"
    assert found.holidays == tmp_path / "holidays.csv"


@pytest.mark.parametrize(
    ("names", "message"),
    [([], "holds no table"), (["a.csv", "b.csv"], r"holds a\.csv, b\.csv")],
)
def test_data_that_can_not_be_told_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(UserError, match=message):
        from_folder(tmp_path)
