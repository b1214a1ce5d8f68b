"""An execution ended → if it died without a word, its attempt is given up.

The log entry is a hint that may come late, twice or never: what counts is
the execution itself, the attempt's signals and its claim.
"""

from mmmflow import schema
from mmmflow.control import attempts
from mmmflow.data import handover
from mmmflow.domain import experiment, paths
from mmmflow.ports import Document, Execution, Json, Message, Ports
from mmmflow.steps import collect


def reconcile(message: Message, ports: Ports) -> None:
    """Look at the execution that the log entry names."""
    schema.require("execution.ended.json", message.body)
    resource = message.body["protoPayload"]["resourceName"]
    execution = ports.jobs.get(resource.rsplit("/", 1)[-1])
    if execution is None or not execution.ended:
        return
    if "MMMFLOW_EXPERIMENT" in execution.env:
        attempt_ended(execution, ports)
    elif handover.DATASET in execution.env:
        handover.ended(execution, ports)


def attempt_ended(execution: Execution, ports: Ports) -> None:
    """What follows for the experiment, once per attempt."""
    experiment_id = execution.env["MMMFLOW_EXPERIMENT"]
    attempt = int(execution.env["MMMFLOW_ATTEMPT"])
    while True:
        document = ports.documents.get("experiments", experiment_id)
        if (
            document is None
            or document.data["attempt"] != attempt
            or not experiment.is_open(document.data)
        ):
            return
        finished = paths.Signal(experiment_id, attempt, "finished")
        if collect.is_said(finished, ports):
            collect.hear(finished, ports)
            return
        given_up = attempts.is_given_up(ports, document)
        if attempts.claimant(ports, document) not in (None, execution.name):
            return
        if experiment.is_stopping(document.data):
            if attempts.release(ports, document, "its worker has ended"):
                return
            continue
        data = (
            _came_too_late(document, ports)
            if given_up
            else _died(document, execution, ports)
        )
        if collect.end(document, data, ports):
            return


def _came_too_late(document: Document, ports: Ports) -> Json:
    """Its worker could not start any more: no fault of the run."""
    return experiment.requeued(
        document.data,
        now=ports.clock.now(),
        why="the attempt was given up before its worker began",
    )


def _died(document: Document, execution: Execution, ports: Ports) -> Json:
    return experiment.failed(
        document.data,
        {
            "step": "execution",
            "error": f"the worker died without a word: {execution.reason}",
            "hint": "see the attempt's log",
        },
        retriable=True,
        now=ports.clock.now(),
    )
