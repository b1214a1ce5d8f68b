"""Where a run finds its configuration, its data and its holidays."""

from dataclasses import dataclass
from pathlib import Path

from mmmflow_native.data.calendar import interval
from mmmflow_native.data.config import JobConfig
from mmmflow_native.data.features import Features, build
from mmmflow_native.data.holidays import (
    Holidays,
    by_period,
    country_holidays,
    file_holidays,
)
from mmmflow_native.data.table import READERS, Table, read_table
from mmmflow_native.errors import UserError

CONFIG_NAME = "job_config.json"
DATA_NAME = "input_data"
HOLIDAYS_NAME = "holidays.csv"


@dataclass(frozen=True)
class Inputs:
    """The files of a run; without `holidays`, the country's own are used."""

    config: Path
    data: Path
    holidays: Path | None


@dataclass(frozen=True)
class Options:
    """What may be asked of a run beside its configuration."""

    stability: int = 0  # how many seeds to repeat the search with
    previous: Path | None = None  # a model's JSON to refresh


def from_folder(folder: Path) -> Inputs:
    """job_config.json and the data beside it, and holidays.csv if there.

    The data is input_data.parquet or .csv, else the only table there is.
    """
    holidays = folder / HOLIDAYS_NAME
    tables = sorted(
        path
        for path in folder.glob("*")
        if path.suffix.lower() in READERS and path != holidays
    )
    named = [path for path in tables if path.stem == DATA_NAME]
    if not named and len(tables) != 1:
        found = ", ".join(path.name for path in tables) or "no table"
        raise UserError(
            f"{folder} holds {found}, but no {DATA_NAME}.parquet",
            f"name the data {DATA_NAME}.parquet or .csv, or give --data",
        )
    return Inputs(
        config=folder / CONFIG_NAME,
        data=(named or tables)[-1],
        holidays=holidays if holidays.is_file() else None,
    )


def read_features(inputs: Inputs, config: JobConfig) -> Features:
    """The problem that the files state."""
    table = read_table(inputs.data, config.date_var)
    return build(table, config, _holidays(inputs, config, table))


def _holidays(inputs: Inputs, config: JobConfig, table: Table) -> Holidays:
    if "holiday" not in config.components:
        return []
    if config.holiday_country is None:
        raise UserError(
            'prophet.components holds "holiday", but prophet.country is null',
            "give the country whose holidays they are",
        )
    found = (
        country_holidays(config.holiday_country, table.dates)
        if inputs.holidays is None
        else file_holidays(inputs.holidays, config.holiday_country)
    )
    return by_period(found, table.dates, interval(table))
