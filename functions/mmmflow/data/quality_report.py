"""quality.json: what was found in a dataset, and what was done to it."""

import math
from collections.abc import Iterator

from mmmflow import schema
from mmmflow.data import (
    drift,
    drivers,
    pair_checks,
    profiles,
    series_checks,
)
from mmmflow.data.drift import Before
from mmmflow.data.preparation import Prepared
from mmmflow.domain import driver_checks, quality
from mmmflow.domain.driver_checks import Design, Driver
from mmmflow.domain.quality import Finding
from mmmflow.ports import Json

_OUTCOME = 0.9


def of(
    prepared: Prepared,
    *,
    dataset_id: str | None,
    mapping_version: str | None,
    country: str,
    before: Before | None = None,
) -> Json:
    """The whole report, as its schema wants it."""
    mapping, frame = prepared.mapping, prepared.frame
    days = frame[mapping.date].dt.date
    interval = prepared.frequency.interval
    goal = mapping.main_goal.column
    checked, identical, design = drivers.check(
        frame, goal, mapping.model_variables, len(mapping.factors)
    )
    found = [
        *_unmodellable(prepared),
        *prepared.findings,
        *_duplicates(prepared),
        *_coverage(prepared, country),
        *driver_checks.findings(checked, identical, design),
        *_outcomes(prepared, checked),
        *series_checks.findings(frame, mapping, interval),
        *pair_checks.findings(frame, mapping, interval),
        *(drift.findings(frame, mapping.date, before) if before else ()),
    ]
    report = {
        "schema_version": 2,
        "dataset_id": dataset_id,
        "mapping_version": mapping_version,
        "country": country,
        "rows": len(frame),
        "raw_rows": prepared.raw_rows,
        "countries": [
            {"country": name, "rows": rows}
            for name, rows in prepared.countries.items()
        ],
        "start": days.iloc[0].isoformat(),
        "end": days.iloc[-1].isoformat(),
        "interval": interval,
        "week_start": prepared.frequency.week_start,
        "goal": goal,
        "columns": [
            profile.as_json()
            for profile in profiles.of(frame, mapping, prepared.nulls)
        ],
        "derived": [
            {"column": d.name, "parts": list(d.parts), "rule": d.rule}
            for d in mapping.derived
        ],
        "left_out": [
            {"column": name, "reason": reason}
            for name, reason in prepared.left_out.items()
        ],
        "unmodellable": dict(prepared.unmodellable),
        "drivers": [_driver(driver) for driver in checked],
        "design": _design(design),
        "previous_dataset_id": before.dataset_id if before else None,
        "cleaning": [done.as_json() for done in prepared.cleaning],
        "findings": [one.as_json() for one in quality.ranked(found)],
    }
    schema.require("quality.json", report)
    return report


def _unmodellable(prepared: Prepared) -> Iterator[Finding]:
    for goal, reason in prepared.unmodellable.items():
        yield Finding(
            "error",
            goal,
            reason,
            "experiments with this goal are skipped until the data say more",
            "unmodellable",
        )


def _duplicates(prepared: Prepared) -> Iterator[Finding]:
    """Cleaning that a person should look at before trusting it."""
    for done in prepared.cleaning:
        if done.rule == "dropped" and "repeated delivery" in done.what:
            yield Finding(
                "warning",
                "",
                f"{done.count} {done.what}; they were dropped",
                "are the rows delivered twice?",
                "duplicates",
            )
        if done.rule in ("summed", "aggregated"):
            hint = "are they parts of one period?"
            if prepared.mapping.country is None:
                hint += " The mapping names no country column"
            yield Finding(
                "warning", "", f"{done.count} {done.what}", hint, "duplicates"
            )


def _coverage(prepared: Prepared, country: str) -> Iterator[Finding]:
    """A country with less than half of what the others usually have."""
    counts = sorted(
        rows for name, rows in prepared.countries.items() if name != country
    )
    own = prepared.countries.get(country, 0)
    if not counts or own * 2 >= counts[len(counts) // 2]:
        return
    yield Finding(
        "warning",
        str(prepared.mapping.country),
        f"{country} has {own} rows, the other countries usually"
        f" {counts[len(counts) // 2]}",
        "is its history shorter, or did rows get lost?",
        "coverage",
    )


def _outcomes(prepared: Prepared, checked: list[Driver]) -> Iterator[Finding]:
    """What explains nearly all of the goal alone is rather part of it."""
    for driver in checked:
        if driver.r2 is not None and driver.r2 > _OUTCOME:
            yield Finding(
                "warning",
                driver.name,
                f"alone it explains {driver.r2:.0%} of"
                f" {prepared.mapping.main_goal.column}",
                "is it an outcome of sales (orders, visits, commissions)"
                " rather than a cause?",
                "outcome",
            )


def _driver(driver: Driver) -> Json:
    vif = driver.vif
    known = vif is not None and math.isfinite(vif)
    return {
        "name": driver.name,
        "r2": driver.r2,
        "nmae": driver.nmae,
        "spearman": driver.spearman,
        "vif": vif if known else None,
        "vif_band": driver_checks.vif_band(math.inf if vif is None else vif),
    }


def _design(design: Design) -> Json:
    number = design.condition
    per_driver = (
        design.observations / design.drivers if design.drivers else None
    )
    return {
        "observations": design.observations,
        "drivers": design.drivers,
        "observations_per_driver": per_driver,
        "observations_band": None
        if per_driver is None
        else driver_checks.observations_band(per_driver),
        "condition_number": number
        if number is not None and math.isfinite(number)
        else None,
        "condition_band": None
        if number is None
        else driver_checks.condition_band(number),
    }
