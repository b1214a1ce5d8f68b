"""The frame of report.html: its parts, its style, the terms it uses."""

import base64
from dataclasses import dataclass
from html import escape

from mmmflow_native.plots.formats import amount

Cell = str | float | None

GLOSSARY = (
    (
        "Contribution",
        "What the model ascribes to a variable, in units of the goal: its "
        "coefficient times the transformed variable, summed over the window.",
    ),
    ("ROAS", "Return on ad spend: contribution / spend."),
    ("CPA", "Cost per acquisition: spend / contribution."),
    (
        "NRMSE",
        "Root mean square error / (highest − lowest value of the goal). On "
        "rows held back it tells how well the model would have forecast.",
    ),
    (
        "DECOMP.RSSD",
        "Distance between shares of effect and shares of spend. It pulls the "
        "search towards models in which every channel earns its spend; it is "
        "a preference, not evidence.",
    ),
    (
        "Adstock and carryover",
        "Advertising works on after it was paid for; carryover is the "
        "response that comes in later periods.",
    ),
    (
        "Saturation",
        "The more a channel already gets in a period, the less the next "
        "unit of money brings.",
    ),
    (
        "Marginal response",
        "What one more unit of money in a period would bring.",
    ),
    (
        "Intercept dropped",
        "The fit would have needed a negative base, so it was repeated "
        "without one; the base is then carried by trend and context.",
    ),
)

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 75rem; padding: 2rem 1.5rem 4rem;
  font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; color: #222; }
h1 { font-size: 1.9rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .75rem; max-width: 50rem; }
section > p { color: #595959; }
dl { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1.25rem 0 0;
  padding: .9rem 1.1rem; background: #f4f4f4; border-radius: .4rem; }
dt { font-size: .85rem; color: #595959; }
dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.notes { margin: 2rem 0 0; padding: .1rem 1.2rem .6rem;
  border-left: .3rem solid #d55e00; background: #fdf4ee; }
.notes h2 { margin-top: .8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; min-width: 40rem; }
th, td { padding: .35rem 1.1rem .35rem 0; text-align: right;
  border-bottom: 1px solid #e3e3e3; font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #b5b5b5; font-size: .85rem;
  vertical-align: bottom; }
th:first-child { text-align: left; font-weight: 500; overflow-wrap: anywhere; }
thead th:first-child { font-weight: 700; }
img { display: block; width: 100%; height: auto; }
.terms dl { display: block; background: none; padding: 0; }
.terms dt { font-size: 1rem; color: #222; font-weight: 600; }
.terms dd { font-weight: 400; margin: 0 0 .6rem; max-width: 50rem; }
@media print { section { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Picture:
    """A PNG and what it shows."""

    title: str
    png: bytes
    caption: str = ""


@dataclass(frozen=True)
class Table:
    """A further table; numbers are written as amounts, None as a dash."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


def page(title: str, body: str) -> str:
    """A whole HTML page; title and body are escaped already."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src '
        "'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def table_section(table: Table) -> str:
    """A table whose first column names the row."""
    head = "".join(
        f'<th scope="col">{escape(name)}</th>' for name in table.header
    )
    body = "".join(
        f'<tr><th scope="row">{escape(_written(row[0]))}</th>'
        + "".join(f"<td>{escape(_written(cell))}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<section><h2>{escape(table.title)}</h2>"
        f"<p>{escape(table.caption)}</p>"
        '<div class="wide"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        "</section>"
    )


def _written(cell: Cell) -> str:
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else amount(float(cell))


def picture_section(picture: Picture) -> str:
    """A picture under its title."""
    data = base64.b64encode(picture.png).decode("ascii")
    title = escape(picture.title)
    return (
        f"<section><h2>{title}</h2><p>{escape(picture.caption)}</p>"
        f'<img src="data:image/png;base64,{data}" alt="{title}"></section>'
    )


def glossary() -> str:
    """What the terms mean."""
    terms = "".join(
        f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>"
        for term, meaning in GLOSSARY
    )
    return f'<section class="terms"><h2>Terms</h2><dl>{terms}</dl></section>'
