"""A runner in a process of its own, to be killed; it is told its home."""

import os
import signal
import sys
from pathlib import Path

from mmmflow.local import jobs, runner
from mmmflow.local.ports import open_ports


def main() -> None:
    """Deliver until killed; the workers train with the tiny engine."""
    home = Path(sys.argv[1])
    os.environ["MMMFLOW_HOME"] = str(home)
    jobs.WORKER = (sys.executable, "-m", "tests.chaos.worker")
    runner.configure_logging(home)
    running = runner.Runner(home, open_ports(home))
    running.start()
    signal.pause()


if __name__ == "__main__":
    main()
