"""The end of the main job, as a person reads it."""

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from mmmflow import settings
from mmmflow.cli import model_text, text
from mmmflow.domain import ranking
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
    console.print()
    title = (
        f"{best['country']}: best of {of} experiments:"
        f" {best['request']['adstock']},"
        f" model {summary['selected']['model_id']}"
    )
    console.print(Text(title, style="bold"), soft_wrap=True)
    for line in model_text.lines(summary, (truth or {}).get(best["country"])):
        _line(console, line)
    onepager = ports.data.uri(best["result"]["onepager"])
    _line(console, f"  One-pager  {onepager}")
    _line(console, f"  All files  {ports.data.uri(folder)}")


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


def _line(console: Console, words: str) -> None:
    console.print(
        text.harmless(words), soft_wrap=True, markup=False, highlight=False
    )
