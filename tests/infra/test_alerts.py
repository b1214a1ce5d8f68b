"""An alert counts lines that the code writes, and says what to do."""

import re
from pathlib import Path

import pytest

from infra.checks import terraform

ROOT = Path(__file__).resolve().parents[2]
FOUND = terraform.load()
COUNTED = FOUND.local_values["counted_lines"]
ALERTS = [
    resource
    for resource in FOUND.resources.values()
    if resource.kind == "google_monitoring_alert_policy"
]


def code() -> str:
    files = (ROOT / "functions" / "mmmflow").rglob("*.py")
    return "".join(path.read_text() for path in files)


@pytest.mark.parametrize("name", COUNTED)
def test_a_line_that_is_counted_is_written_somewhere(name: str) -> None:
    [event] = re.findall(r'event="([\w.]+)"', COUNTED[name]["filter"])
    assert f'"{event}"' in code()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda a: a.name)
def test_an_alert_has_its_paragraph_in_the_operators_page(
    alert: terraform.Resource,
) -> None:
    [documentation] = alert.body["documentation"]
    [title] = re.findall(r"'(.+)'", documentation["content"])
    assert f"### {title}\n" in (ROOT / "docs" / "operate.md").read_text()
