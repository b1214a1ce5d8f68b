"""An execution ended → if it died without a word, its attempt is given up.

The log entry is a hint that may come late, twice or never: what counts is
the execution itself, the attempt's signals and its claim.
"""

import json
import logging

from mmmflow import schema
from mmmflow.domain import experiment, paths, request
from mmmflow.ports import (
    AlreadyExistsError,
    Document,
    Execution,
    Message,
    Ports,
)
from mmmflow.steps import collect

log = logging.getLogger(__name__)


def reconcile(message: Message, ports: Ports) -> None:
    """Look at the execution that the log entry names."""
    schema.require("execution.ended.json", message.body)
    resource = message.body["protoPayload"]["resourceName"]
    execution = ports.jobs.get(resource.rsplit("/", 1)[-1])
    if execution is not None and execution.ended:
        attempt_ended(execution, ports)


def attempt_ended(execution: Execution, ports: Ports) -> None:
    """What follows for the experiment, once per attempt."""
    experiment_id = execution.env["MMMFLOW_EXPERIMENT"]
    attempt = int(execution.env["MMMFLOW_ATTEMPT"])
    while True:
        document = ports.documents.get("experiments", experiment_id)
        if (
            document is None
            or document.data["attempt"] != attempt
            or experiment.state_of(document.data) not in experiment.ACTIVE
        ):
            return
        finished = paths.Signal(experiment_id, attempt, "finished")
        if ports.data.stat(paths.signal(experiment_id, attempt, "finished")):
            collect.hear(finished, ports)
            return
        if claimant(document, ports) not in (None, execution.name):
            return
        data = experiment.failed(
            document.data,
            {
                "step": "execution",
                "error": f"the worker died without a word: {execution.reason}",
                "hint": "see the attempt's log",
            },
            retriable=True,
            now=ports.clock.now(),
        )
        if collect.end(document, data, ports):
            return


def claimant(document: Document, ports: Ports) -> str | None:
    """The execution that owns the attempt, or None now that nobody ever will.

    Creates the claim where there is none: after that no worker can start.
    """
    run = request.run_folder(document.data)
    name = paths.claim(run, document.data["attempt"])
    fence = {
        "schema_version": 1,
        "execution": "none",
        "task": "given up",
        "token": ports.entropy.token(),
    }
    try:
        ports.data.create(name, json.dumps(fence).encode())
    except AlreadyExistsError:
        owner = str(json.loads(ports.data.read(name))["execution"])
        return None if owner == "none" else owner
    return None
