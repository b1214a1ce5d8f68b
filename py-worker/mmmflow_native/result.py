"""All that a run found, before it is written."""

from dataclasses import dataclass

from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.choice.convergence import Convergence
from mmmflow_native.choice.refresh import Movement
from mmmflow_native.choice.selection import Selection
from mmmflow_native.choice.sensitivity import Plausible, WeightedChoice
from mmmflow_native.choice.stability import Stability
from mmmflow_native.data.config import JobConfig
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem
from mmmflow_native.optimise.solutions import Solutions


@dataclass(frozen=True, eq=False)
class Result:
    """`fits` are the candidates', by model id, best first."""

    config: JobConfig
    problem: Problem
    solutions: Solutions
    converged: list[Convergence]
    selection: Selection
    weighted: list[WeightedChoice]
    near: Plausible
    fits: list[tuple[str, Fit]]
    allocation: Allocation | None
    stability: Stability | None  # where it was asked for
    movement: Movement | None  # of a refresh
    warnings: list[str]
