"""Robyn's rate on this machine: of R's Robyn, and of robynpy.

Each where it is installed; robynpy by the interpreter that ROBYNPY_PYTHON
names, else by this one.

R finds Robyn, and reticulate the Python that holds nevergrad, by their usual
variables (R_LIBS, RETICULATE_PYTHON), which are passed on.
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".R")
ROBYNPY_SCRIPT = Path(__file__).with_name("robynpy_rate.py")
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
    arguments = [str(SCRIPT), str(reference), str(iterations)]
    return _rate(_run([rscript, *arguments], timeout_seconds), SCRIPT)


def robynpy_rate(
    reference: Path,
    *,
    iterations: int = ITERATIONS,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> float:
    """As `robyn_rate`, of robynpy."""
    python = os.environ.get("ROBYNPY_PYTHON") or sys.executable
    if shutil.which(python) is None:
        raise NoRobynError(f"ROBYNPY_PYTHON: there is no {python}")
    _run([python, "-c", "import robyn"], timeout_seconds)
    arguments = [str(ROBYNPY_SCRIPT), str(reference), str(iterations)]
    return _rate(_run([python, *arguments], timeout_seconds), ROBYNPY_SCRIPT)


def _rate(printed: str, script: Path) -> float:
    """Evaluations per second, of the last line that the script printed."""
    try:
        found = json.loads(printed.splitlines()[-1])
        return float(found["evaluations"] / found["seconds"])
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise NoRobynError(f"{script.name} printed no figures") from error


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
            f"{Path(command[0]).name} took more than"
            f" {timeout_seconds:g} seconds"
        ) from error
    if done.returncode != 0:
        raise NoRobynError(_reason(done.stderr))
    return done.stdout


def _reason(stderr: str) -> str:
    """The last error in one line, without what was printed before."""
    if stderr.startswith("Traceback"):
        error = stderr.rstrip().rsplit("\n", 1)[-1]
    else:
        error = stderr[max(stderr.rfind("Error"), 0) :]
    error = error.removesuffix("Execution halted\n")
    return textwrap.shorten(error, _LONGEST_REASON, placeholder=" …")
