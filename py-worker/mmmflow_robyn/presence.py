"""Whether R, Robyn and what it needs are here."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

RSCRIPT = "Rscript"
# Robyn sorts names as C does; the rest fixes the last bits and the dates.
SETTINGS: Mapping[str, str] = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_SECONDS = 120.0
_HELP = "docs/robyn.md says how to install it"


def worker_folder() -> Path:
    """Where run_all.R is: MMMFLOW_R_WORKER, or the checkout's r-worker."""
    beside = Path(__file__).resolve().parents[2] / "r-worker"
    return Path(os.environ.get("MMMFLOW_R_WORKER", beside))


def missing() -> str | None:
    """What keeps Robyn from running here, in one line; None if nothing."""
    if shutil.which(RSCRIPT) is None:
        return f"there is no Rscript on the PATH; {_HELP}"
    try:
        done = subprocess.run(  # noqa: S603  (our own script)
            [RSCRIPT, str(worker_folder() / "missing.R")],
            env=os.environ | SETTINGS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"R does not answer within {_SECONDS:g} s"
    if done.returncode == 0:
        return None
    said = done.stdout.strip() or done.stderr.strip().splitlines()[-1]
    return f"{said}; {_HELP}"
