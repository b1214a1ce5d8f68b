"""What a run says while it works: progress.json, the console, timings.csv.

`progress.json` is replaced as a whole, so that a reader never sees a part of
it; its age is the heartbeat.
"""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from mmmflow_native.folder import PROGRESS, TIMINGS

if TYPE_CHECKING:
    from mmmflow_native.optimise.search import SearchProgress


Step = Literal["prepare", "search", "select", "output", "done"]
LEAST_SECONDS_BETWEEN = 0.5


class Progress:
    """Speaks for one run that writes to the folder `out`.

    `step` is what the run is doing. Console lines go to standard output.
    """

    def __init__(self, out: Path) -> None:
        self.step: Step = "prepare"
        self._out = out
        self._timings: list[tuple[str, float]] = []
        self._written = -LEAST_SECONDS_BETWEEN

    def enter(self, step: Step) -> None:
        """Begin a step."""
        self.step = step
        self._write({})

    def search(self, at: "SearchProgress") -> None:
        """Tell how far the search is, at most every half second."""
        if monotonic() - self._written < LEAST_SECONDS_BETWEEN:
            return
        self._write(
            {
                "trials": at.trials,
                "iteration": at.iteration,
                "iterations": at.iterations,
                "best": {"nrmse": at.nrmse, "decomp_rssd": at.decomp_rssd},
            }
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, and say so when it has ended."""
        start = monotonic()
        yield
        seconds = monotonic() - start
        self.took(name, seconds)
        self.say(f"{name:<16} {seconds:6.2f} s")

    def took(self, name: str, seconds: float) -> None:
        """Keep the time of a stage."""
        self._timings.append((name, seconds))

    def say(self, line: str) -> None:
        """One line on the console."""
        print(line, flush=True)

    def write_timings(self) -> None:
        """timings.csv: seconds of each stage, in their order."""
        path = self._out / TIMINGS
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(("stage", "seconds"))
            rows.writerows((name, f"{s:.3f}") for name, s in self._timings)

    def _write(self, more: Mapping[str, Any]) -> None:
        self._written = monotonic()
        write_json(
            self._out / PROGRESS,
            {
                "schema_version": 1,
                "step": self.step,
                **more,
                "updated_at": datetime.now(UTC).isoformat(
                    timespec="milliseconds"
                ),
            },
        )


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document so that it is there as a whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    part.write_text(text + "\n", encoding="utf-8")
    os.replace(part, path)
