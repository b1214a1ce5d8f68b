"""A job's process, `python -m mmmflow.job`: one step for one dataset.

The environment names both. The exit code is 0 once the step is done, also
where a person's mistake was its end; what failed otherwise is tried again
by whoever hears of the end.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import get_args

from mmmflow import wiring
from mmmflow.data import handover
from mmmflow.log import configure, label
from mmmflow.ports import Ports


def main(environment: Mapping[str, str] = os.environ) -> int:
    configure(logging.StreamHandler(sys.stdout))
    try:
        step = environment[handover.STEP]
        dataset_id = environment[handover.DATASET]
    except KeyError as missing:
        logging.error("the environment does not set %s", missing)
        return 2
    label(function=step, dataset_id=dataset_id)
    ports = wiring.ports()
    _step(step)(dataset_id, ports)
    handover.finish(ports, dataset_id)
    return 0


def _step(name: str) -> Callable[[str, Ports], None]:
    """Only the step that runs is imported."""
    if name not in get_args(handover.Step):
        raise ValueError(f"there is no job for the step {name!r}")
    step = import_module(f"mmmflow.steps.{name}")
    run: Callable[[str, Ports], None] = step.run
    return run


if __name__ == "__main__":
    sys.exit(main())
