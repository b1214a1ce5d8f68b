"""Figures, times and tables as a terminal shows them."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

# A name or a log line from elsewhere must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_HIGH = re.compile(r"[\x7f-\x9f]")
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def harmless(shown: str) -> str:
    """Without control characters, other than new lines and tabs."""
    return _CONTROL.sub("�", shown)


def as_json(content: object, *, lines: bool = True) -> str:
    """For scripts; indented, or on one line."""
    written = json.dumps(
        content, indent=1 if lines else None, ensure_ascii=False
    )
    return _HIGH.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    right: Sequence[str] = (),
) -> str:
    """Columns side by side; those named in `right` stand to the right.

    Nothing is cut off, so that a pipe gets what a person sees.
    """
    cells = [[cell(value) for value in row] for row in rows]
    widths = [
        max(len(row[place]) for row in (head, *cells))
        for place in range(len(head))
    ]
    return "\n".join(
        "  ".join(
            value.rjust(width) if name in right else value.ljust(width)
            for name, value, width in zip(head, row, widths, strict=True)
        ).rstrip()
        for row in (list(head), *cells)
    )


def fields(content: Mapping[str, object]) -> str:
    """A name and a value a line; what is not known is left out."""
    known = {k: v for k, v in content.items() if v not in (None, "", {}, [])}
    width = max(map(len, known), default=0)
    return "\n".join(f"{k.ljust(width)}  {cell(v)}" for k, v in known.items())


def cell(value: object) -> str:
    """A value in a table: on one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return " ".join(str(value).split())


def number(value: float | None, places: int | None = None) -> str:
    """With thousands parted; by default four figures count."""
    if value is None:
        return "–"
    if places is None:
        places = 0 if abs(value) >= 1000 or value == int(value) else 4
        written = f"{value:,.{places}f}"
        return written.rstrip("0").rstrip(".") if places else written
    return f"{value:,.{places}f}"


def percent(value: float | None, places: int = 1) -> str:
    return "–" if value is None else f"{value:.{places}%}"


def change(before: float, after: float) -> str:
    """Relative to `before`."""
    return f"{after / before - 1:+.0%}" if before else "–"


def time(value: str | None) -> str:
    """A stored time, in UTC, to the second."""
    return value[:19].replace("T", " ") if value else "–"


def span(seconds: float) -> str:
    """As `1 h 5 min`: the two largest units."""
    left = max(0, round(seconds))
    parts = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def age(value: str | None, now: datetime | None = None) -> str:
    """How long ago a stored time is."""
    if not value:
        return "–"
    then = datetime.fromisoformat(value)
    passed = ((now or datetime.now(UTC)) - then).total_seconds()
    return f"{span(passed).split(' ')[0]} {span(passed).split(' ')[1]} ago"
