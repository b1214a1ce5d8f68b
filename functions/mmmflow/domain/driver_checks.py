"""Bands of what says how well a model can tell its drivers apart.

- VIF, the variance inflation factor 1 / (1 − R²) of a driver regressed on
  the others: below 5 good, from 10 on poor (Kutner, Nachtsheim, Neter & Li,
  Applied Linear Statistical Models, 2005, §10.5).
- Condition number of the standardised drivers, the largest singular value
  over the smallest: below 10 good, above 30 poor (Belsley, Kuh & Welsch,
  Regression Diagnostics, 1980, ch. 3).
- Observations per driver: 10 or more good, below 5 poor (Robyn's analyst's
  guide asks for 10 rows per independent variable).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmmflow.domain.quality import Finding

Band = Literal["good", "acceptable", "poor"]
_MANY = 3


@dataclass(frozen=True)
class Driver:
    """A driver beside the goal; None where it can't be computed.

    `r2` and `nmae` are those of the goal regressed on the driver alone, with
    an intercept: NMAE is the mean absolute error over the goal's mean.
    `spearman` is the rank correlation with the goal. `vif` is infinite where
    the others give the driver exactly; then `others` are those that do.
    """

    name: str
    r2: float | None
    nmae: float | None
    spearman: float | None
    vif: float | None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Design:
    """The drivers together; `condition` None for fewer than two."""

    observations: int
    drivers: int
    condition: float | None


def vif_band(vif: float) -> Band:
    return _band(vif, 5, 10)


def condition_band(number: float) -> Band:
    return _band(number, 10, 30)


def observations_band(per_driver: float) -> Band:
    if per_driver >= 10:
        return "good"
    return "acceptable" if per_driver >= 5 else "poor"


def findings(
    drivers: Sequence[Driver],
    identical: Sequence[tuple[str, ...]],
    design: Design,
) -> Iterator[Finding]:
    """What of it a person should know before the model is trusted.

    Identical columns are said once, not as VIF again.
    """
    for names in identical:
        yield Finding(
            "error",
            names[0],
            f"it is the same as {', '.join(names[1:])}, but for its scale",
            "keep one of them in the mapping",
            "identical",
        )
    known = {name for names in identical for name in names}
    for driver in drivers:
        if driver.vif is None or driver.name in known:
            continue
        band = vif_band(driver.vif)
        if band != "good":
            yield _inflated(driver, band)
    yield from _ill_conditioned(design)
    yield from _few_rows(design)


def _band(value: float, good_below: float, poor_from: float) -> Band:
    if value < good_below:
        return "good"
    return "acceptable" if value < poor_from else "poor"


def _inflated(driver: Driver, band: Band) -> Finding:
    others = ", ".join(driver.others[:_MANY])
    of = f", most with {others}" if others else ""
    return Finding(
        "warning" if band == "poor" else "info",
        driver.name,
        f"its variance inflation factor is {driver.vif:.1f}: it moves with"
        f" the other drivers{of}",
        "a model can hardly tell them apart: sum them, drop one, or calibrate"
        " with a lift test",
        "vif",
    )


def _ill_conditioned(design: Design) -> Iterator[Finding]:
    number = design.condition
    if number is None or condition_band(number) == "good":
        return
    poor = condition_band(number) == "poor"
    yield Finding(
        "warning" if poor else "info",
        "",
        f"the condition number of the drivers is {number:.0f}",
        "small changes of the data may change the coefficients much; see the"
        " variance inflation factors for which drivers",
        "condition",
    )


def _few_rows(design: Design) -> Iterator[Finding]:
    if not design.drivers:
        return
    ratio = design.observations / design.drivers
    if observations_band(ratio) == "good":
        return
    yield Finding(
        "error" if observations_band(ratio) == "poor" else "warning",
        "",
        f"{design.observations} rows for {design.drivers} drivers",
        "ten observations per driver are the usual least: a longer history,"
        " fewer drivers, or daily or weekly instead of monthly rows",
        "observations",
    )
