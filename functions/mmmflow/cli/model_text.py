"""A finished model (model_summary.json) as a person reads it."""

from typing import Any

from mmmflow.cli import text
from mmmflow.domain import quality_bands

Json = dict[str, Any]
_FIGURES = {
    "NRMSE": "nrmse_train",
    "adjusted R²": "rsq_train",
    "DECOMP.RSSD": "decomp_rssd",
    "NRMSE on validation": "nrmse_val",
    "NRMSE on test": "nrmse_test",
    "NRMSE in the backtest": "nrmse_backtest",
}


def lines(summary: Json, truth: Json | None = None) -> list[str]:
    """Fit, quality, channels, budget and warnings of the selected model.

    `truth` is what made the data, by channel, where that is known.
    """
    selected, window = summary["selected"], summary["window"]
    judged = quality_bands.judge(selected)
    shown = [
        f"  {summary['dep_var']}, {window['start']} … {window['end']},"
        f" {summary['models_evaluated']:,} models tried,"
        f" {summary['pareto_models']} on the Pareto fronts",
        f"  {fit(selected)}",
        f"  Quality {quality_bands.sentence(judged)}",
        *_channels(summary, truth),
    ]
    allocation = summary["allocation"]
    if allocation is not None:
        gain = allocation["response_proposed"] / allocation["response_now"] - 1
        shown.append(
            f"  Proposed budget ({allocation['scenario']}, per"
            f" {window['interval']}): {gain:+.1%} response to media"
        )
    return [*shown, *(f"  ! {warning}" for warning in summary["warnings"])]


def fit(selected: Json) -> str:
    """Every error that is known."""
    return ", ".join(
        f"{name} {selected[field]:.4f}"
        for name, field in _FIGURES.items()
        if selected[field] is not None
    )


def _channels(summary: Json, truth: Json | None) -> list[str]:
    """Share, return and budget per channel, beside the truth if known."""
    measure = "ROAS" if summary["dep_var_type"] == "revenue" else "CPA"
    columns = ["share", "true", measure, "true"]
    if not truth:
        columns = ["share", measure]
    head = ("channel", *columns, "spend now", "proposed", "change")
    rows = []
    for channel in summary["selected"]["channels"]:
        known = truth[channel["channel"]] if truth else None
        cells = [channel["channel"], f"{channel['share']:.1%}"]
        cells += [f"{known['share']:.1%}"] if known else []
        cells += [text.number(channel[measure.lower()], 2)]
        cells += [f"{known['roas']:.2f}"] if known else []
        cells += _budget(summary["allocation"], channel["channel"])
        rows.append(cells)
    table = text.table(head, rows, right=(*head[1:],))
    return [f"   {line}" for line in table.splitlines()]


def _budget(allocation: Json | None, channel: str) -> list[str]:
    rows = allocation["channels"] if allocation else []
    row = next((r for r in rows if r["channel"] == channel), None)
    if row is None:
        return ["–", "–", "–"]
    now, proposed = row["spend_now"], row["spend_proposed"]
    mark = "*" if row["beyond_observed"] else ""
    return [
        f"{now:,.0f}",
        f"{proposed:,.0f}",
        f"{text.change(now, proposed)}{mark}",
    ]
