"""Lets a trial of Robyn tell how far it is, while nevergrad searches.

`watch` puts an optimiser in nevergrad's registry that calls back after every
evaluation (nevergrad's own callbacks: what it searches stays the same). Read
by R with reticulate; standard library only beside nevergrad.
"""

import json
import os
import time

import nevergrad

SECONDS_BETWEEN = 0.5
ORPHANED = 3  # exit code of a trial whose parent has died


def watch(algorithm: str, path: str) -> None:
    """Write iteration and best errors of the search to the file `path`."""
    registry = nevergrad.optimizers.registry
    make = registry[algorithm]
    report = _Report(path)

    def watched(*arguments, **options):  # type: ignore[no-untyped-def]
        optimizer = make(*arguments, **options)
        optimizer.register_callback("tell", report)
        return optimizer

    registry.unregister(algorithm)
    registry.register_name(algorithm, watched)


class _Report:
    """Called by nevergrad with (optimizer, candidate, loss)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._parent = os.getppid()
        self._written = 0.0
        self._iteration = 0
        self._best: dict[str, float] | None = None
        self._least = float("inf")

    def __call__(self, optimizer, candidate, loss) -> None:  # type: ignore[no-untyped-def]
        if os.getppid() != self._parent:
            os._exit(ORPHANED)
        self._iteration += 1
        nrmse, rssd = (float(error) for error in candidate.losses[:2])
        distance = nrmse**2 + rssd**2
        if distance < self._least:
            self._least = distance
            self._best = {"nrmse": nrmse, "decomp_rssd": rssd}
        if time.monotonic() - self._written >= SECONDS_BETWEEN:
            self._written = time.monotonic()
            self._write()

    def _write(self) -> None:
        part = f"{self._path}.part"
        with open(part, "w") as file:
            json.dump({"iteration": self._iteration, "best": self._best}, file)
        os.replace(part, self._path)
