"""The worker's process with the tiny engine in the place of the real one."""

import sys
from pathlib import Path

from mmmflow_worker import __main__ as process

_TINY = Path(__file__).with_name("engine.py")


def main() -> int:
    """As `python -m mmmflow_worker`."""
    commands = {"native": (sys.executable, "-I", "-S", str(_TINY))}
    return process.main(commands)


if __name__ == "__main__":
    sys.exit(main())
