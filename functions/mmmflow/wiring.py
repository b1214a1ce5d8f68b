"""Which world the functions run in: decided once per process."""

import os
from functools import cache
from pathlib import Path

from mmmflow.ports import Ports

HOME, PROJECT = "MMMFLOW_HOME", "MMMFLOW_PROJECT"


@cache
def ports() -> Ports:
    """The embedded services, or those of a project of Google Cloud.

    Raises:
        RuntimeError: the environment names neither, both, or a deployment
            in part.
    """
    home, project = os.environ.get(HOME), os.environ.get(PROJECT)
    if bool(home) == bool(project):
        raise RuntimeError(
            f"set either {HOME}, the folder of the embedded services, or"
            f" {PROJECT}, the project of Google Cloud:"
            f" {'both are' if home else 'none is'} set"
        )
    if home:
        from mmmflow.local.ports import open_ports

        return open_ports(Path(home))
    from mmmflow.cloud import environment
    from mmmflow.cloud.ports import CloudPorts

    try:
        return CloudPorts(environment.read())
    except KeyError as missing:
        raise RuntimeError(
            f"{PROJECT} is set, and {missing.args[0]} is not: a deployment"
            " sets both"
        ) from None
