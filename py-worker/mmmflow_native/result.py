"""All that a run found, before it is written."""

from dataclasses import dataclass

from mmmflow_native.allocation import Allocation
from mmmflow_native.config import JobConfig
from mmmflow_native.convergence import Convergence
from mmmflow_native.fit import Fit
from mmmflow_native.problem import Problem
from mmmflow_native.refresh import Movement
from mmmflow_native.selection import Selection
from mmmflow_native.sensitivity import Plausible, WeightedChoice
from mmmflow_native.solutions import Solutions
from mmmflow_native.stability import Stability


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
