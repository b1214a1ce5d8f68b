"""The problem that Robyn solved, as the native engine states it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.parquet
from mmmflow_native.model.problem import Column, Interval, Problem

from tests.robyn.job import Run

_DAYS: Mapping[int, Interval] = {1: "day", 7: "week"}


def problem_of(run: Run, document: Mapping[str, Any]) -> Problem:
    """The problem of a run's features; its ranges are the configuration's.

    Exposures are on the spend scale, so that their shares are the spend's.
    """
    table = pyarrow.parquet.read_table(run.results / "features.parquet")
    names = table.column_names[3:]
    dates = table["date"].to_numpy().astype("M8[D]")
    inside = np.flatnonzero(table["in_window"].to_numpy(zero_copy_only=False))
    x = np.column_stack([table[name].to_numpy() for name in names])
    columns = tuple(_column(name, document) for name in names)
    paid = [i for i, c in enumerate(columns) if c.kind == "paid_media"]
    return Problem(
        dates=dates,
        interval=_DAYS.get(int((dates[1] - dates[0]).astype(int)), "month"),
        y=table["goal"].to_numpy(),
        x=x,
        columns=columns,
        spend=x[:, paid],
        window=slice(int(inside[0]), int(inside[-1]) + 1),
        adstock=document["adstock"],
        ranges={
            name: tuple(range_) if isinstance(range_, list) else range_
            for name, range_ in document["hyperparameters"].items()
        },
    )


def _column(name: str, document: Mapping[str, Any]) -> Column:
    for medium in document["paid_media"]:
        if name == (medium["exposure"] or medium["spend"]):
            return Column(name, "paid_media", medium["sign"], medium["channel"])
    for organic in document["organic_media"]:
        if name == organic["variable"]:
            return Column(name, "organic_media", organic["sign"])
    for context in document["context"]:
        if name == context["variable"]:
            return Column(name, "context", context["sign"])
    return Column(name, "prophet", "default")
