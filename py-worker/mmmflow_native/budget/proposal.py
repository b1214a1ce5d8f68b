"""The budget proposal that a configuration, or a plan, asks for."""

from dataclasses import replace

from mmmflow_native.budget.allocation import Allocation, Group
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.data.config import AllocationSettings, GoalType
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem


def propose(
    problem: Problem,
    model: Fit,
    asked: AllocationSettings,
    goal: GoalType,
) -> tuple[Allocation | None, list[str]]:
    """The proposal and what to know of it.

    A budget that can't be placed costs the proposal, not the model. What is
    said of channels that are not modelled is passed over.
    """
    known = {column.channel for column in problem.columns} | {"default"}
    try:
        found = allocate(
            problem,
            model,
            scenario=asked.scenario,
            total_budget=asked.total_budget,
            bounds={n: b for n, b in asked.bounds.items() if n in known},
            dep_var_type=goal,
            target_value=asked.target_value,
            periods=asked.period,
            locked=[name for name in asked.locked if name in known],
            groups=_modelled(asked.groups, known),
        )
    except UserError as error:
        return None, [f"No budget is proposed: {error}; {error.hint}."]
    return found, list(found.warnings)


def _modelled(groups: tuple[Group, ...], known: set[str | None]) -> list[Group]:
    """The groups without channels that are not modelled, if any is left."""
    left = [
        replace(group, channels=tuple(n for n in group.channels if n in known))
        for group in groups
    ]
    return [group for group in left if group.channels]
