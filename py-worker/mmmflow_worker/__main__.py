"""The worker's process: `python -m mmmflow_worker`, told by its environment."""

import logging
import signal
import sys
import threading
from collections.abc import Mapping, Sequence

from mmmflow.log import configure, label

from mmmflow_worker import engine, task
from mmmflow_worker.supervisor import supervise


def main(commands: Mapping[str, Sequence[str]] = engine.COMMANDS) -> int:
    """Supervise the attempt that the environment names; the exit code."""
    configure(logging.StreamHandler(sys.stdout))
    label(function="worker")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        told = task.from_environment()
    except KeyError as missing:
        logging.error("the environment does not set %s", missing)
        return 2
    except ValueError as wrong:
        logging.error("the environment is not as it should be: %s", wrong)
        return 2
    return supervise(told, stop.is_set, commands)


if __name__ == "__main__":
    sys.exit(main())
