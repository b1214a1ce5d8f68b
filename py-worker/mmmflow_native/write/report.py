"""report.html: a run as one page that needs nothing but itself.

Pictures are embedded, every name is escaped, and a content security policy
forbids the page to load anything. The same summary gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mmmflow_native.plots.formats import amount, change, share
from mmmflow_native.write.report_page import (
    Cell,
    Picture,
    Table,
    glossary,
    page,
    picture_section,
    table_section,
)

Record = Mapping[str, Any]

# Shown in this order, where a run has them.
ERRORS = (
    ("NRMSE train", "nrmse_train"),
    ("NRMSE validation", "nrmse_val"),
    ("NRMSE test", "nrmse_test"),
    ("NRMSE backtest", "nrmse_backtest"),
    ("adjusted R² train", "rsq_train"),
    ("adjusted R² validation", "rsq_val"),
    ("adjusted R² test", "rsq_test"),
    ("DECOMP.RSSD", "decomp_rssd"),
    ("MAPE of lift tests", "mape"),
)


def report(
    summary: Record,
    pictures: Sequence[Picture] = (),
    tables: Sequence[Table] = (),
) -> str:
    """The page of a model_summary.json, with pictures and further tables."""
    selected = summary["selected"]
    revenue = summary["dep_var_type"] == "revenue"
    sections = [
        _opening(summary),
        _warnings(summary["warnings"]),
        table_section(
            _channels(selected["channels"], summary, revenue=revenue)
        ),
        table_section(
            _decomposition(selected["decomposition"], summary["dep_var"])
        ),
    ]
    if summary["allocation"] is not None:
        sections.append(table_section(_proposal(summary, revenue=revenue)))
    sections += [picture_section(shown) for shown in pictures]
    sections.append(table_section(_candidates(summary)))
    sections += [table_section(further) for further in tables]
    sections.append(glossary())
    title = f"{summary['country']} · {summary['dep_var']}"
    return page(escape(title), "\n".join(sections))


def _opening(summary: Record) -> str:
    """What was done and what came out, in sentences."""
    selected, window = summary["selected"], summary["window"]
    paid = sum(c["contribution"] for c in selected["channels"])
    spent = sum(c["spend"] for c in selected["channels"])
    total = sum(p["contribution"] for p in selected["decomposition"])
    goal = summary["dep_var"]
    said = [
        f"{summary['models_evaluated']:,} models of {goal} were fitted to "
        f"{window['periods']} {window['interval']}s "
        f"({window['start']} to {window['end']}); "
        f"{summary['pareto_models']:,} of them were kept. "
        f"Model {selected['model_id']} was selected.",
        f"In this model the paid channels brought {amount(paid)} of "
        f"{amount(total)} {goal} ({share(paid / total if total else 0.0)}) "
        f"for a spend of {amount(spent)}.",
    ]
    if summary["allocation"] is not None:
        said.append(_proposed(summary["allocation"], goal, window["interval"]))
    said.append(f"How it was selected: {selected['rule']}")
    return (
        f"<h1>{escape(summary['country'])} · {escape(goal)}</h1>"
        + "".join(f"<p>{escape(sentence)}</p>" for sentence in said)
        + _facts(summary)
    )


def _proposed(allocation: Record, goal: str, interval: str) -> str:
    now, proposed = allocation["response_now"], allocation["response_proposed"]
    return (
        f"The proposal spends {amount(allocation['total_budget'])} over "
        f"{allocation['periods']} {interval}s. Spent evenly, by this model, "
        f"it would bring {amount(proposed)} {goal} from paid media; the mean "
        f"spend of today, spent evenly too, brings {amount(now)} "
        f"({change(now, proposed)})."
    )


def _facts(summary: Record) -> str:
    """The errors of the selected model, as a strip."""
    selected = summary["selected"]
    facts: list[tuple[str, str]] = [
        (name, f"{selected[key]:.4f}")
        for name, key in ERRORS
        if selected.get(key) is not None
    ]
    facts.append(
        ("intercept", "dropped" if selected["intercept_dropped"] else "kept")
    )
    engine = summary["engine"]
    facts.append(("engine", f"{engine['name']} {engine['version'][:24]}"))
    return (
        "<dl>"
        + "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
            for name, value in facts
        )
        + "</dl>"
    )


def _warnings(warnings: Sequence[str]) -> str:
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return (
        '<section class="notes"><h2>Read this beside the numbers</h2>'
        f"<ul>{items}</ul></section>"
    )


def _channels(
    channels: Sequence[Record], summary: Record, *, revenue: bool
) -> Table:
    measure, key = ("ROAS", "roas") if revenue else ("CPA", "cpa")
    return Table(
        "Paid channels",
        (
            "channel",
            "spend",
            "share of spend",
            summary["dep_var"],
            "share of effect",
            measure,
        ),
        tuple(
            (
                c["channel"],
                c["spend"],
                share(c["spend_share"]),
                c["contribution"],
                share(c["effect_share"]),
                c[key],
            )
            for c in sorted(channels, key=lambda c: -float(c["spend"]))
        ),
        "Over the window. Shares are of all paid channels.",
    )


def _decomposition(parts: Sequence[Record], goal: str) -> Table:
    return Table(
        f"Decomposition of {goal}",
        ("variable", "kind", goal, "share"),
        tuple(
            (
                p.get("channel") or p["variable"],
                p["kind"].replace("_", " "),
                p["contribution"],
                share(p["share"]),
            )
            for p in parts
        ),
        "Over the window; shares are of the fitted total.",
    )


def _proposal(summary: Record, *, revenue: bool) -> Table:
    allocation = summary["allocation"]
    measure = "ROAS" if revenue else "CPA"
    interval = summary["window"]["interval"]

    def efficiency(response: float, spend: float) -> float | None:
        top, bottom = (response, spend) if revenue else (spend, response)
        return top / bottom if bottom > 0 else None

    rows: list[tuple[Cell, ...]] = [
        (
            c["channel"],
            c["spend_now"],
            c["spend_proposed"],
            change(c["spend_now"], c["spend_proposed"]),
            c["response_now"],
            c["response_proposed"],
            efficiency(c["response_now"], c["spend_now"]),
            efficiency(c["response_proposed"], c["spend_proposed"]),
            "beyond any spend observed" if c["beyond_observed"] else "",
        )
        for c in sorted(
            allocation["channels"], key=lambda c: -float(c["spend_now"])
        )
    ]
    return Table(
        "Budget proposal",
        (
            "channel",
            "spend now",
            "proposed",
            "change",
            "response now",
            "proposed",
            f"{measure} now",
            "proposed",
            "note",
        ),
        tuple(rows),
        f"Per {interval}, at the mean carryover of the window. A proposal is "
        "what this one model says; try it in steps and measure.",
    )


def _candidates(summary: Record) -> Table:
    """The candidates by those of their errors that any of them has."""
    models = summary["candidates"]
    errors = [
        (name, key)
        for name, key in ERRORS
        if any(model.get(key) is not None for model in models)
    ]

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.4f}"

    return Table(
        "Models kept for a person to look at",
        ("model", *(name for name, _ in errors), "intercept"),
        tuple(
            (
                model["model_id"],
                *(number(model.get(key)) for _, key in errors),
                "dropped" if model["intercept_dropped"] else "kept",
            )
            for model in models
        ),
        "Best first. Where their answers differ, the data do not decide.",
    )
