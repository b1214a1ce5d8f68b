"""What the numbers of a dataset say about its fitness for a model.

The words of the report; the rules that find something stand in
`quality_columns`, `quality_drivers` and `quality_drift`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]
_RANK: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Profile:
    """A numeric column in a few numbers.

    `quantiles` are the 5, 25, 50, 75 and 95 % ones; `bins` the means of up
    to 24 stretches of time, the oldest first, for a sparkline. `nulls` are
    the empty cells of the raw rows, whatever became of them.
    """

    name: str
    category: str
    nulls: int
    zeros: int
    distinct: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    quantiles: tuple[float, ...]
    bins: tuple[float, ...]

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        return {
            **values,
            "quantiles": list(self.quantiles),
            "bins": list(self.bins),
        }


@dataclass(frozen=True)
class FactorProfile:
    """A factor: how often it has each of its levels, the most frequent first.

    At most twenty levels are named.
    """

    name: str
    nulls: int
    distinct: int
    levels: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, Any]:
        levels = [{"level": name, "rows": n} for name, n in self.levels]
        return {
            "name": self.name,
            "category": "factor",
            "nulls": self.nulls,
            "distinct": self.distinct,
            "levels": levels,
        }


@dataclass(frozen=True)
class Finding:
    """What a person should know: how bad, of what, where and what to do.

    `kind` names the check, `column` is "" for the table as a whole, `where`
    the periods or rows, "" for all of them.
    """

    severity: Severity
    column: str
    what: str
    hint: str
    kind: str = ""
    where: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Cleaning:
    """What was changed in the data, by which rule, and how much of it.

    `count` counts rows, cells or columns, as `what` says.
    """

    rule: str
    column: str
    count: int
    what: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; what is equally bad stays in its order."""
    return sorted(findings, key=lambda finding: _RANK[finding.severity])


def periods(count: int) -> str:
    return "1 period" if count == 1 else f"{count} periods"
