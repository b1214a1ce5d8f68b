"""Mappings, their differences and quality reports as text for a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

_BARS = "▁▂▃▄▅▆▇█"


def suggestion(found: Json) -> str:
    """A line a column: what it is taken for, how sure that is, and why."""
    rows = [
        (
            choice["column"],
            choice["role"],
            choice["channel"] or "",
            f"{choice['confidence']:.0%}",
            choice["reason"],
        )
        for choice in found["choices"]
    ]
    lines = [_table(("column", "taken for", "channel", "sure", "why"), rows)]
    if found["review"]:
        lines.append(f"Look at: {', '.join(found['review'])}")
    lines += [f"! {what}" for what in found["lacking"]]
    return "\n".join(lines)


def differences(found: Sequence[Json]) -> str:
    """A mapping against a dataset, the worst first."""
    order = ("error", "warning", "info")
    ranked = sorted(found, key=lambda one: order.index(one["severity"]))
    lines = [
        f"{one['severity']:8} {one['column']}: {one['what']} ({one['hint']})"
        for one in ranked
    ]
    return "\n".join(lines) or "The mapping and the data fit."


def report(found: Json) -> str:
    """A quality report: the table, columns, drivers, cleaning, findings."""
    first = found["week_start"]
    start = f" from {first.capitalize()}" if first else ""
    parts = [
        f"{found['country']}: {found['rows']} {found['interval']}s{start},"
        f" {found['start']} … {found['end']},"
        f" of {found['raw_rows']} rows in the table",
        _columns(found["columns"]),
        _drivers(found),
    ]
    cleaning = [
        f"  {one['rule']:10} {_of(one['column'])}{one['count']}: {one['what']}"
        for one in found["cleaning"]
    ]
    parts.append("\n".join(["Cleaning:", *(cleaning or ["  nothing"])]))
    findings = [_finding(one) for one in found["findings"]]
    parts.append("\n".join(["Findings:", *(findings or ["  nothing"])]))
    return "\n\n".join(part for part in parts if part)


def _columns(profiles: Iterable[Json]) -> str:
    rows = [
        (
            one["name"],
            one["category"],
            _number(one.get("minimum")),
            _number(one["quantiles"][2]) if "quantiles" in one else "",
            _number(one.get("maximum")),
            str(one.get("zeros", "")),
            str(one["nulls"]),
            sparkline(one["bins"])
            if "bins" in one
            else ", ".join(level["level"] for level in one["levels"][:4]),
        )
        for one in profiles
    ]
    head = ("column", "category", "min", "median", "max", "zeros", "empty", "")
    return _table(head, rows)


def _drivers(found: Json) -> str:
    rows = [
        (
            one["name"],
            _number(one["r2"], 2),
            _number(one["nmae"], 2),
            _number(one["spearman"], 2),
            "∞" if one["vif"] is None else f"{one['vif']:.1f}",
            one["vif_band"],
        )
        for one in found["drivers"]
    ]
    head = (f"driver of {found['goal']}", "R²", "NMAE", "Spearman", "VIF", "")
    design = found["design"]
    lines = [_table(head, rows)]
    if design["observations_per_driver"] is not None:
        lines.append(
            f"{design['observations_per_driver']:.1f} observations per driver"
            f" ({design['observations_band']})"
        )
    if design["condition_band"] is not None:
        number = design["condition_number"]
        shown = "∞" if number is None else f"{number:.1f}"
        lines.append(f"condition number {shown} ({design['condition_band']})")
    return "\n".join(lines)


def _finding(one: Json) -> str:
    where = f" [{one['where']}]" if one["where"] else ""
    hint = f"\n           → {one['hint']}" if one["hint"] else ""
    return (
        f"  {one['severity']:8} {_of(one['column'])}{one['what']}{where}{hint}"
    )


def sparkline(values: Sequence[float]) -> str:
    """One bar a value, the least the lowest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    if high == low:
        return _BARS[0] * len(values)
    steps = [(value - low) / (high - low) for value in values]
    return "".join(_BARS[min(7, int(step * 8))] for step in steps)


def _of(column: str) -> str:
    return f"{column}: " if column else ""


def _number(value: float | None, places: int | None = None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if places is None else f"{value:.{places}f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [
        max(len(row[place]) for row in (head, *rows))
        for place in range(len(head))
    ]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (head, *rows)
    )
