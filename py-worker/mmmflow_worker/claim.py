"""The claim: of all workers that an attempt may ever get, one trains."""

import json
import secrets

from mmmflow import schema
from mmmflow.domain import paths
from mmmflow.ports import AlreadyExistsError

from mmmflow_worker.task import Task


def claim(task: Task) -> bool:
    """Create the attempt's claim; True if it is ours.

    A refused create may be our own that was applied and reported as failed:
    the token in the claim tells.
    """
    content = {
        "schema_version": 1,
        "execution": task.execution,
        "task": task.task,
        "token": secrets.token_hex(16),
    }
    schema.require("claim.json", content)
    name = paths.claim(task.run, task.attempt)
    try:
        task.bucket.create(name, json.dumps(content).encode())
    except AlreadyExistsError:
        present = json.loads(task.bucket.read(name))
        return bool(present["token"] == content["token"])
    return True
