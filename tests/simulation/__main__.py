"""`make simulate`: many seeds on every core, or one with its trace."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from multiprocessing import get_context

from tests.simulation.mutants import MUTANTS, planted
from tests.simulation.run import Report, run
from tests.simulation.shrink import printed, shrink

_SHOWN_FAILURES = 3
_REPORT_EVERY = 5.0


def main(arguments: Sequence[str]) -> int:
    """0 if no rule was broken."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, help="run one, show its trace")
    parser.add_argument("--whole", action="store_true", help="show every call")
    parser.add_argument("--mutant", help="with this planted bug")
    told = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    mutants = [m for m in MUTANTS if m.name == told.mutant]
    if told.mutant and not mutants:
        names = ", ".join(mutant.name for mutant in MUTANTS)
        parser.error(f"no mutant {told.mutant!r}; there are: {names}")
    with planted(mutants[0]) if mutants else nullcontext():
        if told.seed is not None:
            return _one(told.seed, whole=told.whole)
        return _many(range(told.first, told.first + told.seeds), told.whole)


def reports(seeds: Sequence[int]) -> Iterator[Report]:
    """What came of each seed, as they come, worked out on every core."""
    with get_context("fork").Pool() as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=8)


def _one(seed: int, *, whole: bool) -> int:
    report = run(seed, trace=True)
    if report.broken is not None:
        report = shrink(report)
    if report.broken is not None or whole:
        print(printed(report, whole=whole))
    else:
        print(f"seed {seed}: every rule held (WHOLE=1 shows what happened)")
    print(json.dumps(_figures([report], 1, None)))
    return 1 if report.broken else 0


def _many(seeds: Sequence[int], whole: bool) -> int:
    begun = shown = time.monotonic()
    failures: list[Report] = []
    events = 0
    for done, report in enumerate(reports(seeds), start=1):
        events += report.events
        if report.broken is not None:
            failures.append(report)
        if time.monotonic() - shown > _REPORT_EVERY or done == len(seeds):
            shown = time.monotonic()
            _progress(done, len(seeds), len(failures), shown - begun)
    failures.sort(key=lambda report: report.seed)
    broken: dict[str, list[Report]] = {}
    for report in failures:
        broken.setdefault(str(report.broken), []).append(report)
    for found in list(broken.values())[:_SHOWN_FAILURES]:
        least = min(found, key=lambda report: len(report.taken))
        print(printed(shrink(least), whole=whole), "\n")
    for rule, found in broken.items():
        seeds_of_rule = " ".join(str(report.seed) for report in found[:10])
        print(f"{rule}: {len(found)} seeds: {seeds_of_rule}")
    if failures:
        print(f"again: make simulate SEED={failures[0].seed}")
    seconds = time.monotonic() - begun
    print(json.dumps(_figures(failures, len(seeds), (seconds, events))))
    return 1 if failures else 0


def _progress(done: int, total: int, failures: int, seconds: float) -> None:
    left = seconds / done * (total - done)
    print(
        f"{done} of {total} seeds, {failures} failures,"
        f" {seconds:.0f} s, {left:.0f} s left",
        file=sys.stderr,
        flush=True,
    )


def _figures(
    failures: Sequence[Report],
    seeds: int,
    spent: tuple[float, int] | None,
) -> dict[str, object]:
    failed = [report.seed for report in failures if report.broken]
    figures: dict[str, object] = {"seeds": seeds, "failures": len(failed)}
    if failed:
        figures["failed"] = failed[:20]
    if spent is not None:
        figures |= {"seconds": round(spent[0], 1), "events": spent[1]}
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
