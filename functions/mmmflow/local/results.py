"""The end of the main job, as a person reads it."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mmmflow import settings
from mmmflow.domain import quality_bands, ranking
from mmmflow.local.main_job import EVERYTHING, Standing
from mmmflow.ports import Document, Json, Ports


def show(
    console: Console, ports: Ports, ended: Standing, truth: Json | None
) -> None:
    """Per country the best model of this job, its budget and its files."""
    countries = sorted({e.data["country"] for e in ended.experiments})
    for country in countries:
        finished = [
            e.data
            for e in ended.experiments
            if e.data["country"] == country and e.data["state"] == "SUCCEEDED"
        ]
        if finished:
            rule = settings.ranking_rule(ports, country)
            best = ranking.ranked(finished, rule)[0]
            _show_best(console, ports, best, len(finished), truth)
    for document in ended.experiments:
        if document.data["state"] != "SUCCEEDED":
            _show_failed(console, document)
    for document in ended.failed_datasets:
        _show_problems(console, document)


def _show_best(
    console: Console,
    ports: Ports,
    best: Any,
    of: int,
    truth: Json | None,
) -> None:
    folder = best["result"]["folder"]
    summary = json.loads(ports.data.read(f"{folder}/model_summary.json"))
    selected = summary["selected"]
    window = summary["window"]
    console.print()
    title = (
        f"{best['country']}: best of {of} experiments:"
        f" {best['request']['adstock']}, model {selected['model_id']}"
    )
    console.print(Text(title, style="bold"), soft_wrap=True)
    _line(
        console,
        f"  {summary['dep_var']}, {window['start']} … {window['end']},"
        f" {summary['models_evaluated']:,} models tried,"
        f" {summary['pareto_models']} on the Pareto fronts",
    )
    _line(console, f"  {_fit(selected)}")
    judged = quality_bands.judge(selected)
    _line(console, f"  Quality {quality_bands.sentence(judged)}")
    console.print(_channels(summary, (truth or {}).get(best["country"])))
    allocation = summary["allocation"]
    if allocation is not None:
        gain = allocation["response_proposed"] / allocation["response_now"] - 1
        _line(
            console,
            f"  Proposed budget ({allocation['scenario']}, per"
            f" {window['interval']}): {gain:+.1%} response to media",
        )
    for warning in summary["warnings"]:
        _line(console, f"  ! {warning}")
    onepager = ports.data.uri(best["result"]["onepager"])
    _line(console, f"  One-pager  {onepager}")
    _line(console, f"  All files  {ports.data.uri(folder)}")


def _fit(selected: Json) -> str:
    figures = {
        "NRMSE": selected["nrmse_train"],
        "adjusted R²": selected["rsq_train"],
        "DECOMP.RSSD": selected["decomp_rssd"],
        "NRMSE on validation": selected["nrmse_val"],
        "NRMSE on test": selected["nrmse_test"],
        "NRMSE in the backtest": selected["nrmse_backtest"],
    }
    return ", ".join(
        f"{name} {value:.4f}"
        for name, value in figures.items()
        if value is not None
    )


def _channels(summary: Json, truth: Json | None) -> Table:
    """Share, return and budget per channel, beside the truth if known."""
    revenue = summary["dep_var_type"] == "revenue"
    table = Table(box=None, padding=(0, 1), header_style="dim")
    measure = "ROAS" if revenue else "CPA"
    headers = (
        ["share", "true", measure, "true"] if truth else ["share", measure]
    )
    table.add_column("  channel")
    for header in [*headers, "spend now", "proposed", "change"]:
        table.add_column(header, justify="right")
    for channel in summary["selected"]["channels"]:
        known = truth[channel["channel"]] if truth else None
        figure = channel["roas"] if revenue else channel["cpa"]
        cells = [f"{channel['share']:.1%}"]
        cells += [f"{known['share']:.1%}"] if known else []
        cells += ["–" if figure is None else f"{figure:,.2f}"]
        cells += [f"{known['roas']:.2f}"] if known else []
        cells += _budget(summary["allocation"], channel["channel"])
        table.add_row(f"  {channel['channel']}", *cells)
    return table


def _budget(allocation: Json | None, channel: str) -> list[str]:
    rows = allocation["channels"] if allocation else []
    row = next((r for r in rows if r["channel"] == channel), None)
    if row is None:
        return ["–", "–", "–"]
    now, proposed = row["spend_now"], row["spend_proposed"]
    change = f"{proposed / now - 1:+.0%}" if now else "–"
    mark = "*" if row["beyond_observed"] else ""
    return [f"{now:,.0f}", f"{proposed:,.0f}", f"{change}{mark}"]


def _show_failed(console: Console, document: Document) -> None:
    data = document.data
    error = data["error"] or {"step": "", "error": "", "hint": ""}
    console.print()
    _line(
        console,
        f"{data['country']} {data['request']['adstock']}: {data['state']}"
        f" in {error['step']}: {error['error']}",
    )
    if error["hint"]:
        _line(console, f"  → {error['hint']}")


def _show_problems(console: Console, document: Document) -> None:
    console.print()
    source = document.data["source"].get("table", "")
    country = document.data["country"]
    of = "" if country == EVERYTHING else f" for {country}"
    _line(console, f"The data{of} can't be used ({source}):")
    for problem in document.data["problems"]:
        _line(console, f"  {problem['where']}: {problem['what']}")
        if problem["hint"]:
            _line(console, f"    → {problem['hint']}")


def _line(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)
