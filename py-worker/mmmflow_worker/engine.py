"""An engine as a child process: a folder in, a folder out."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

COMMANDS: Mapping[str, Sequence[str]] = {
    "native": (sys.executable, "-m", "mmmflow_native"),
    "robyn": (sys.executable, "-m", "mmmflow_robyn"),
}
_POLL = 0.1
_KILL_AFTER = 3.0
# At its time limit an engine has longer to write what it has found: of what
# the platform leaves after our 95 %, less than a half.
_OF_LIMIT, _LONGEST = 0.02, 60.0


class Stopped(Enum):
    """Why the supervisor ended the engine."""

    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Ended:
    """How the engine's process ended; `code` is negative for a signal."""

    code: int
    stopped: Stopped | None


def run(
    command: Sequence[str],
    folder: Path,
    *,
    seconds: float,
    interrupted: Callable[[], bool],
    tick: Callable[[], None],
) -> Ended:
    """Run the engine on `folder`/in and `folder`/out, its log beside them.

    `tick` is called while it works; the engine is stopped after `seconds`,
    or as soon as `interrupted`.
    """
    inputs, outputs = folder / "in", folder / "out"
    arguments = ["--input", str(inputs), "--output", str(outputs)]
    deadline = time.monotonic() + seconds
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own engines)
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while True:
                try:
                    return Ended(process.wait(_POLL), None)
                except subprocess.TimeoutExpired:
                    tick()
                if interrupted():
                    return _stop(process, Stopped.INTERRUPTED, _KILL_AFTER)
                if time.monotonic() > deadline:
                    longer = min(seconds * _OF_LIMIT, _LONGEST)
                    patience = max(_KILL_AFTER, longer)
                    return _stop(process, Stopped.TIMEOUT, patience)
        finally:
            process.kill()  # nothing, where it has ended
            process.wait()


def _stop(
    process: "subprocess.Popen[bytes]", why: Stopped, patience: float
) -> Ended:
    process.terminate()
    try:
        return Ended(process.wait(patience), why)
    except subprocess.TimeoutExpired:
        process.kill()
        return Ended(process.wait(), why)
