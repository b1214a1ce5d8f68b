"""report.html: whole in itself, safe, and complete."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from mmmflow_native.write.report import report
from mmmflow_native.write.report_page import Picture, Table

EVIL = '<script src="https://example.com/x.js">"tv"&</script>'


def summary_of(**changes: Any) -> dict[str, Any]:
    """Return a model_summary.json with one channel of a hostile name."""
    model = {
        "model_id": "1_23_1",
        "pareto_front": 1,
        "error_score": 0.1,
        "decomp_rssd": 0.05,
        "mape": None,
        "nrmse_train": 0.04,
        "nrmse_val": None,
        "nrmse_test": 0.06,
        "rsq_train": 0.9,
        "rsq_val": None,
        "rsq_test": 0.8,
        "intercept_dropped": True,
    }
    return {
        "schema_version": 1,
        "experiment_id": "20260101T000000Z-000000000000",
        "country": "DE",
        "dep_var": "revenue",
        "dep_var_type": "revenue",
        "engine": {"name": "native", "version": "1.0"},
        "window": {
            "start": "2022-01-03",
            "end": "2023-12-25",
            "periods": 104,
            "interval": "week",
        },
        "models_evaluated": 2000,
        "pareto_models": 100,
        "selected": {
            **model,
            "rule": "the lowest error score",
            "onepager": "results/onepager_1_23_1.png",
            "decomposition": [
                {
                    "variable": "trend",
                    "kind": "prophet",
                    "contribution": 3e6,
                    "share": 0.75,
                },
                {
                    "variable": "tv_spend",
                    "kind": "paid_media",
                    "channel": EVIL,
                    "contribution": 1e6,
                    "share": 0.25,
                },
            ],
            "channels": [
                {
                    "channel": EVIL,
                    "variable": "tv_spend",
                    "spend": 500_000.0,
                    "spend_share": 1.0,
                    "contribution": 1e6,
                    "share": 0.25,
                    "effect_share": 1.0,
                    "roas": 2.0,
                    "cpa": 0.5,
                }
            ],
        },
        "candidates": [model],
        "allocation": {
            "scenario": "max_response",
            "total_budget": 500_000.0,
            "periods": 104,
            "response_now": 1e6,
            "response_proposed": 1.1e6,
            "channels": [
                {
                    "channel": EVIL,
                    "spend_now": 4808.0,
                    "spend_proposed": 9000.0,
                    "response_now": 9615.0,
                    "response_proposed": 10577.0,
                    "beyond_observed": True,
                }
            ],
        },
        "warnings": ["The intercept was dropped <silently>."],
        **changes,
    }


class Page(HTMLParser):
    """What a browser would see: the tags, what they load, the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        loading = ("src", "href", "srcset", "data", "action")
        self.loads += [v or "" for k, v in attrs if k in loading]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_loads_nothing_but_what_it_holds() -> None:
    html = report(summary_of(), [Picture("One-pager", b"\x89PNG")])
    page = Page(html)
    assert page.loads == ["data:image/png;base64,iVBORw=="]
    assert "url(" not in html
    assert "@import" not in html


def test_names_are_text_and_never_markup() -> None:
    pictures = [Picture(EVIL, b"", EVIL)]
    tables = [Table(EVIL, (EVIL,), ((EVIL, 1.0),), EVIL)]
    page = Page(report(summary_of(country=EVIL), pictures, tables))
    assert "script" not in page.tags
    assert page.text.count(EVIL) >= 8


def test_every_warning_is_said() -> None:
    page = Page(report(summary_of()))
    assert "The intercept was dropped <silently>." in page.text


def test_without_warnings_there_is_no_section_for_them() -> None:
    page = Page(report(summary_of(warnings=[])))
    assert "Read this beside the numbers" not in page.text


@pytest.mark.parametrize(
    ("kind", "measure", "number"),
    [("revenue", "ROAS", "2.00"), ("conversion", "CPA", "0.500")],
)
def test_the_return_is_told_in_the_measure_of_the_goal(
    kind: str, measure: str, number: str
) -> None:
    page = Page(report(summary_of(dep_var_type=kind)))
    said = page.text.split("Paid channels")[1].split("Decomposition")[0]
    assert measure in said
    assert number in said


def test_a_proposal_beyond_what_was_observed_is_marked() -> None:
    page = Page(report(summary_of()))
    assert "beyond any spend observed" in page.text


def test_a_run_without_a_proposal_has_a_page_too() -> None:
    page = Page(report(summary_of(allocation=None)))
    assert "Budget proposal" not in page.text


def test_a_channel_without_spend_has_no_return() -> None:
    summary = summary_of()
    summary["selected"]["channels"][0]["roas"] = None
    said = Page(report(summary)).text.split("Paid channels")[1]
    assert "–" in said.split("Decomposition")[0]


def test_the_same_summary_gives_the_same_page() -> None:
    again = json.loads(json.dumps(summary_of()))
    assert report(summary_of()) == report(again)
