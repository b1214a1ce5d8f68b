"""Robyn's rate on this machine, where R and its package Robyn are installed.

R finds Robyn, and reticulate the Python that holds nevergrad, by their usual
variables (R_LIBS, RETICULATE_PYTHON), which are passed on.
"""

import json
import os
import shutil
import subprocess
import textwrap
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".R")
ITERATIONS = 150
# A good minute is enough, even where others use the core too.
TIMEOUT_SECONDS = 300.0
_SETTINGS = {
    "LC_ALL": "C.UTF-8",  # Robyn's order of hyperparameters is C's
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_LONGEST_REASON = 200


class NoRobynError(Exception):
    """Robyn can't be measured here: what is missing, in one line."""


def robyn_rate(
    reference: Path,
    *,
    iterations: int = ITERATIONS,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> float:
    """Evaluations per second of Robyn's search on a reference problem.

    `reference` holds inputs.json and dt_mod.csv. Geometric adstock, one
    trial on one core. Loading R, preparing the data and other work on the
    machine do not count, Robyn's optimiser does. Raises `NoRobynError`.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise NoRobynError("no Rscript on the PATH")
    _run([rscript, "-e", "library(Robyn)"], timeout_seconds)
    lines = _run(
        [rscript, str(SCRIPT), str(reference), str(iterations)],
        timeout_seconds,
    ).splitlines()
    try:
        found = json.loads(lines[-1])
        return float(found["evaluations"] / found["seconds"])
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise NoRobynError(f"{SCRIPT.name} printed no figures") from error


def _run(command: list[str], timeout_seconds: float) -> str:
    """What the command prints; its error as the reason when it fails."""
    try:
        done = subprocess.run(
            command,
            env=os.environ | _SETTINGS,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoRobynError(
            f"R took more than {timeout_seconds:g} seconds"
        ) from error
    if done.returncode != 0:
        raise NoRobynError(_reason(done.stderr))
    return done.stdout


def _reason(stderr: str) -> str:
    """R's last error in one line, without what it printed before."""
    error = stderr[max(stderr.rfind("Error"), 0) :]
    error = error.removesuffix("Execution halted\n")
    return textwrap.shorten(error, _LONGEST_REASON, placeholder=" …")
