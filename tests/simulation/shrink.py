"""The shortest trace of a failure: decisions dropped while it still fails."""

from collections.abc import Callable, Mapping

from tests.simulation.decisions import Value
from tests.simulation.run import Report, run
from tests.simulation.world import WHAT_COLUMN

_MOST_RUNS = 600
_LOOKS = ("read", "query", "count", "stat", "list", "look")


def shrink(report: Report) -> Report:
    """The same rule broken with as few decisions as could be found.

    Drops chunks of decisions, half of all at first, then ever smaller ones
    (as in delta debugging), until none can be spared.
    """
    runs = 0

    def fails(taken: Mapping[str, Value]) -> Report | None:
        nonlocal runs
        runs += 1
        again = run(report.seed, taken)
        return again if again.broken == report.broken else None

    best, size = report, max(1, len(report.taken) // 2)
    while runs < _MOST_RUNS:
        smaller = _spare(best, size, fails)
        if len(smaller.taken) < len(best.taken):
            best = smaller
            size = min(size, max(1, len(best.taken) // 2))
        elif size == 1:
            break
        else:
            size //= 2
    return run(report.seed, best.taken, trace=True)


def _spare(
    report: Report,
    size: int,
    fails: Callable[[Mapping[str, Value]], Report | None],
) -> Report:
    """One pass over all chunks of that size."""
    keys = list(report.taken)
    for start in range(0, len(keys), size):
        spared = set(keys[start : start + size])
        taken = {k: v for k, v in report.taken.items() if k not in spared}
        if len(taken) < len(report.taken) and (again := fails(taken)):
            report = again
    return report


def printed(report: Report, *, whole: bool = False) -> str:
    """The trace, for a person; what only looked is left out of it."""
    lines = [line for line in report.lines if whole or not _only_looks(line)]
    return "\n".join(
        [
            f"seed {report.seed}: {report.broken}",
            f"  {report.how}",
            f"the {len(report.taken)} decisions that bring it about:",
            *(f"  {key} = {value}" for key, value in report.taken.items()),
            "what happened:",
            *lines,
        ]
    )


def _only_looks(line: str) -> bool:
    """A call that changed nothing and went well."""
    what = line[WHAT_COLUMN:].split(" ", 1)[0]
    return what in _LOOKS and "✗" not in line
