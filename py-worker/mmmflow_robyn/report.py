"""report.html: the native engine's page, of Robyn's numbers and pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmmflow_native.write.report import report
from mmmflow_native.write.report_page import Picture, Table

from mmmflow_robyn.tables import read

_TITLES = {
    "allocation.png": "The budget proposal",
    "pareto.png": "All models",
    "convergence.png": "How the search went",
    "prophet.png": "Trend, season and holidays",
}
_ROAS = ("roas_lowest", "roas_median", "roas_highest")
_RESPONSE = ("response_lowest", "response_highest")


def write_report(summary: Mapping[str, Any], folder: Path) -> None:
    """Write report.html of a summary to the results in `folder`."""
    onepager = f"onepager_{summary['selected']['model_id']}.png"
    titles = {onepager: "The selected model", **_TITLES}
    pictures = [
        Picture(title, (folder / name).read_bytes())
        for name, title in titles.items()
        if (folder / name).is_file()
    ]
    page = report(summary, pictures, [_near(folder)])
    (folder / "report.html").write_text(page, encoding="utf-8")


def _near(folder: Path) -> Table:
    near = read(folder / "plausible.csv")
    rows = tuple(
        (
            channel,
            *(f"{near[name][i]:.2f}" for name in _ROAS),
            *(f"{near[name][i]:,.0f}" for name in _RESPONSE),
        )
        for i, channel in enumerate(near["channel"])
    )
    return Table(
        "Other plausible models",
        (
            "channel",
            *("lowest ROAS", "median ROAS", "highest ROAS"),
            *("lowest response", "highest response"),
        ),
        rows,
        f"The range over {near['models'][0]} models that predict about as "
        "well as the best; no confidence interval.",
    )
