"""A run and how it ended: status.json, the exit code, what stops it.

Imports little, so that a signal is heard soon after the start.
"""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmmflow_native.errors import (
    StoppedError,
    UnmodellableError,
    UserError,
)
from mmmflow_native.folder import STATUS, clear, discard
from mmmflow_native.progress import Progress, write_json
from mmmflow_native.stop import Stop

SUCCEEDED, FAILED = 0, 1


def run(work: Callable[[Progress, Stop], None], out: Path) -> int:
    """Do `work`, and say in status.json how it ended; the exit code.

    The folder `out` is made, and what an earlier run left in it removed. Ends
    within two seconds of a SIGTERM.
    """
    out.mkdir(parents=True, exist_ok=True)
    progress, stop = Progress(out), Stop()
    try:
        signal.signal(signal.SIGTERM, stop.ask)
        clear(out)
        work(progress, stop)
        status: dict[str, Any] = {"status": "succeeded"}
    except UnmodellableError as nothing:
        status = {"status": "skipped", "reason": str(nothing)}
    except UserError as error:
        status = _failed(progress, str(error), error.hint)
    except StoppedError:
        status = _failed(progress, "stopped", "start the run again")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    discard(out)
    progress.write_timings()
    write_json(out / STATUS, {"schema_version": 1, **status})
    progress.say(_last_line(status))
    return FAILED if status["status"] == "failed" else SUCCEEDED


def _failed(progress: Progress, error: str, hint: str) -> dict[str, str]:
    return {
        "status": "failed",
        "step": progress.step,
        "error": error,
        "hint": hint,
    }


def _last_line(status: dict[str, Any]) -> str:
    if status["status"] == "failed":
        return (
            f"failed at {status['step']}: {status['error']}\n"
            f"what to do: {status['hint']}"
        )
    if status["status"] == "skipped":
        return f"skipped: {status['reason']}"
    return "succeeded"
