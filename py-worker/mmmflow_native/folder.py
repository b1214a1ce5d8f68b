"""The output folder: what a run's files are called, and what is removed."""

import shutil
from pathlib import Path

RESULTS = "results"
MODELS = "models"  # a folder of results, one JSON per candidate
PART = ".results.part"  # what results is called until it is complete
SUMMARY = "model_summary.json"
PARTIAL = "partial"  # what a run that was stopped had found
PARTIAL_PART = ".partial.part"
STATUS = "status.json"
PROGRESS = "progress.json"
TIMINGS = "timings.csv"


def clear(out: Path) -> None:
    """Remove what an earlier run left in the folder, and nothing else."""
    for name in (RESULTS, PART, PARTIAL, PARTIAL_PART):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in (SUMMARY, STATUS, PROGRESS, TIMINGS):
        (out / name).unlink(missing_ok=True)


def discard(out: Path) -> None:
    """Remove what is half-written of a result."""
    for name in (PART, PARTIAL_PART):
        shutil.rmtree(out / name, ignore_errors=True)
