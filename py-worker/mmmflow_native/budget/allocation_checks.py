"""What can't be asked of the allocator, in the words a person needs."""

from collections.abc import Mapping, Sequence

from mmmflow_native.budget.allocation import Group
from mmmflow_native.budget.allocation_search import Constraints
from mmmflow_native.errors import UserError

ROUNDING = 1e-9  # relative: what arithmetic may be off


def check_names(
    channels: Sequence[str],
    bounds: Mapping[str, tuple[float, float]],
    locked: Sequence[str],
    groups: Sequence[Group],
) -> None:
    """Refuse channels that don't exist, bounds that cross, shared members."""
    grouped = [channel for group in groups for channel in group.channels]
    for what, names in (
        ("bounds", [name for name in bounds if name != "default"]),
        ("locked channels", locked),
        ("groups", grouped),
    ):
        unknown = sorted(set(names) - set(channels))
        if unknown:
            raise UserError(
                f"the allocation's {what} name {_listed(unknown)}",
                f"the paid channels are {_listed(channels)}",
            )
    for name, (low, high) in bounds.items():
        if not 0 <= low <= high:
            raise UserError(
                f"the allocation's bounds of {name} are {low:g} to {high:g}",
                "give 0 ≤ lower ≤ upper, as multiples of the mean spend",
            )
    shared = sorted({name for name in grouped if grouped.count(name) > 1})
    if shared:
        raise UserError(
            f"{_listed(shared)} is in more than one of the allocation's groups",
            "a channel may be in one group",
        )


def check_limits(
    limits: Constraints,
    channels: Sequence[str],
    groups: Sequence[Group],
    periods: int,
) -> None:
    """Refuse a group whose limits its channels' bounds can't meet."""
    for group, limit in zip(groups, limits.groups, strict=True):
        least = float(limits.low[limit.members].sum()) * periods
        most = float(limits.high[limit.members].sum()) * periods
        reachable = group.low <= most * (1 + ROUNDING) and group.high >= (
            least * (1 - ROUNDING)
        )
        if group.low > group.high or not reachable:
            members = [
                name
                for name, member in zip(channels, limit.members, strict=True)
                if member
            ]
            raise UserError(
                f"the group {group.name} is limited to {group.low:,.0f} to "
                f"{group.high:,.0f}, but the bounds of {_listed(members)} "
                f"allow {least:,.0f} to {most:,.0f} together",
                "change the group's limits, or its channels' bounds",
            )


def check_budget(
    budget: float, limits: Constraints, periods: int, *, asked: bool
) -> None:
    """Refuse a budget (per period) that the bounds can't place."""
    what = "the budget of" if asked else "what was spent,"
    total = budget * periods
    lowest, highest = limits.lowest * periods, limits.highest * periods
    groups = " with the groups' limits" if limits.groups else ""
    if total < lowest * (1 - ROUNDING):
        raise UserError(
            f"{what} {total:,.0f} is below the sum of the lower bounds"
            f"{groups}, {lowest:,.0f} ({periods} periods)",
            "give a budget above that, or lower bounds",
        )
    if total > highest * (1 + ROUNDING):
        raise UserError(
            f"{what} {total:,.0f} is above the sum of the upper bounds"
            f"{groups}, {highest:,.0f} ({periods} periods)",
            "give a budget below that, or higher bounds",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
