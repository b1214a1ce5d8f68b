"""Which world the functions run in: decided once per process."""

import os
from functools import cache
from pathlib import Path

from mmmflow.ports import Ports


@cache
def ports() -> Ports:
    """The embedded services under `MMMFLOW_HOME`.

    Raises:
        RuntimeError: the environment does not say where the world is.
    """
    home = os.environ.get("MMMFLOW_HOME")
    if not home:
        raise RuntimeError(
            "MMMFLOW_HOME is not set: it names the folder of the embedded"
            " services"
        )
    from mmmflow.local.ports import open_ports

    return open_ports(Path(home))
