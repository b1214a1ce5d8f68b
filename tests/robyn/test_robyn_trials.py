"""Side by side, the trials are the ones that Robyn runs in sequence."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mmmflow_robyn.presence import RSCRIPT, SETTINGS, worker_folder

from tests.robyn.job import MINUTES, Job, config, sample

SCRIPT = Path(__file__).with_name("sequence.R")

pytestmark = pytest.mark.robyn


@pytest.mark.parametrize("ts_validation", [False, True])
def test_the_models_are_robyns_bit_by_bit(
    tmp_path: Path, ts_validation: bool
) -> None:
    found = compared(tmp_path, iterations=60, ts_validation=ts_validation)
    assert found == {
        "models": 120,
        "names": True,
        "trials": [True, True],
        "convergence": True,
        "pareto": True,
    }


def compared(folder: Path, **changes: Any) -> dict[str, Any]:
    """What sequence.R says of a job."""
    Job.prepare(folder, sample(), config(sample(), **changes))
    (folder / "data.csv").rename(folder / "in" / "input_data.csv")
    done = subprocess.run(
        [RSCRIPT, str(SCRIPT), str(worker_folder()), str(folder / "in")],
        env=os.environ | SETTINGS,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
