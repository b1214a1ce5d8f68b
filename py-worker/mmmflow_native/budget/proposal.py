"""The budget proposal that a configuration, or a plan, asks for."""

from mmmflow_native.budget.allocation import Allocation
from mmmflow_native.budget.allocator import allocate
from mmmflow_native.budget.plan import Plan
from mmmflow_native.data.config import GoalType
from mmmflow_native.errors import UserError
from mmmflow_native.model.fit import Fit
from mmmflow_native.model.problem import Problem


def propose(
    problem: Problem, model: Fit, plan: Plan, goal: GoalType
) -> tuple[Allocation | None, list[str]]:
    """The proposal and what to know of it.

    A budget that can't be placed costs the proposal, not the model. Bounds
    of channels that are not modelled are passed over.
    """
    known = {column.channel for column in problem.columns} | {"default"}
    asked = plan.settings
    try:
        found = allocate(
            problem,
            model,
            scenario=asked.scenario,
            total_budget=asked.total_budget,
            bounds={n: b for n, b in asked.bounds.items() if n in known},
            dep_var_type=goal,
            target_value=asked.target_value,
            periods=plan.period,
            locked=plan.locked,
            groups=plan.groups,
        )
    except UserError as error:
        return None, [f"No budget is proposed: {error}; {error.hint}."]
    return found, list(found.warnings)
