"""One experiment's configuration, as frozen dataclasses.

What schemas/job_config.json says in JSON; `config_reader` reads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from mmmflow_native.budget.allocation import (
    FuturePeriod,
    Group,
    Scenario,
)
from mmmflow_native.model.problem import (
    Adstock,
    InterceptSign,
    Scope,
    Sign,
    Solver,
)

Range = tuple[float, float] | float
Component = Literal["trend", "season", "holiday", "weekday", "monthly"]
GoalType = Literal["revenue", "conversion"]
Optimiser = Literal["de", "twopointsde"]


@dataclass(frozen=True)
class PaidMedium:
    """A paid channel: the money, and what was seen of it if that is known."""

    channel: str
    spend: str
    exposure: str | None
    sign: Sign

    @property
    def variable(self) -> str:
        """What the model reads: the exposure where there is one."""
        return self.exposure or self.spend


@dataclass(frozen=True)
class OrganicMedium:
    """A medium that costs nothing."""

    variable: str
    sign: Sign


@dataclass(frozen=True)
class Context:
    """What else moves the goal; a factor's values are names, not numbers."""

    variable: str
    sign: Sign
    factor: bool


@dataclass(frozen=True)
class LiftTest:
    """One row of the calibration input, as Robyn names its columns."""

    channel: str
    start: date
    end: date
    effect: float
    metric: str
    scope: Scope
    spend: float | None
    confidence: float | None
    standard_error: float | None


@dataclass(frozen=True)
class AllocationSettings:
    """What the budget proposal may do.

    `bounds` are multiples of each channel's mean spend; `default` holds for
    channels that are not named. `total_budget` and the groups' limits are
    for the whole `period`: the window, if there is none. `locked` channels
    keep their spend.
    """

    scenario: Scenario
    total_budget: float | None
    target_value: float | None
    bounds: Mapping[str, tuple[float, float]]
    locked: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    period: FuturePeriod | None = None


@dataclass(frozen=True)
class JobConfig:
    """One experiment, frozen; `document` is the JSON it was read from."""

    experiment_id: str
    country: str
    engine_name: str
    engine_version: str
    solver: Solver
    optimiser: Optimiser
    date_var: str
    dep_var: str
    dep_var_type: GoalType
    window_start: date | None
    window_end: date | None
    paid_media: tuple[PaidMedium, ...]
    organic_media: tuple[OrganicMedium, ...]
    context: tuple[Context, ...]
    components: tuple[Component, ...]
    holiday_country: str | None
    adstock: Adstock
    hyperparameters: Mapping[str, Range]
    iterations: int
    trials: int
    ts_validation: bool
    add_penalty_factor: bool
    intercept_sign: InterceptSign
    calibration: tuple[LiftTest, ...]
    allocation: AllocationSettings
    stability: int  # how many seeds to repeat the search with
    refreshes: str | None  # the model that it starts from, if any
    seed: int
    document: Mapping[str, Any]

    @property
    def media_variables(self) -> tuple[str, ...]:
        """Every medium's variable, paid then organic."""
        paid = tuple(medium.variable for medium in self.paid_media)
        return paid + tuple(medium.variable for medium in self.organic_media)

    @property
    def variables(self) -> tuple[str, ...]:
        """dt_mod's columns in its order: prophet, context, media."""
        context = tuple(c.variable for c in self.context)
        return (*self.components, *context, *self.media_variables)


def known_media(config: JobConfig) -> dict[str, str]:
    """Every name a medium may be called by → its column in dt_mod."""
    names = {m.variable: m.variable for m in config.organic_media}
    for medium in config.paid_media:
        names |= {
            medium.channel: medium.variable,
            medium.spend: medium.variable,
            medium.variable: medium.variable,
        }
    return names
