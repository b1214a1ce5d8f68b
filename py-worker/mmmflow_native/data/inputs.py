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
PREVIOUS_NAME = "previous.json"


@dataclass(frozen=True)
class Inputs:
    """The files of a run; without `holidays`, the country's own are used.

    `previous` is a model's JSON, which the run refreshes.
    """

    config: Path
    data: Path
    holidays: Path | None
    previous: Path | None = None


def from_folder(folder: Path) -> Inputs:
    """job_config.json, the data beside it, what else is there of a run.

    That is holidays.csv and, for a refresh, previous.json.

    The data is input_data.parquet or .csv, else the only table there is.
    """
    holidays, previous = folder / HOLIDAYS_NAME, folder / PREVIOUS_NAME
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
        previous=previous if previous.is_file() else None,
    )


def read_features(inputs: Inputs, config: JobConfig) -> Features:
    """The problem that the files state.

    Raises: UserError, also where the model to refresh is missing.
    """
    if config.refreshes is not None and inputs.previous is None:
        raise UserError(
            f"the configuration refreshes the model {config.refreshes}, "
            "which is not there",
            f"put its JSON beside the configuration, as {PREVIOUS_NAME}",
        )
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
