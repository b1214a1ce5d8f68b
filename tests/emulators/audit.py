"""The audit log entry of an execution that has ended, as a sink sends it."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from google.cloud.run_v2.types import Condition, Execution
from google.pubsub_v1.types import PubsubMessage
from mmmflow.domain import jobs

from tests.emulators import pubsub

_REASONS = {
    Condition.ExecutionReason.NON_ZERO_EXIT_CODE: "NonZeroExitCode",
    Condition.ExecutionReason.CANCELLED: "Cancelled",
}


def entry(execution: Execution) -> dict[str, Any]:
    """In the form of the log `cloudaudit.googleapis.com/system_event`.

    The response is the execution in the form of the v1 API.
    """
    _, project, _, location, *_ = execution.name.split("/")
    name = execution.name.rpartition("/")[2]
    job = execution.job.rpartition("/")[2]
    completed = next(c for c in execution.conditions if c.type_ == "Completed")
    succeeded = completed.state == Condition.State.CONDITION_SUCCEEDED
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    container = execution.template.containers[0]
    return {
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "status": {}
            if succeeded
            else {
                "code": 10,
                "message": f"Execution {name} has failed to complete, 0/1 tasks"
                " were a success.",
            },
            "serviceName": "run.googleapis.com",
            "methodName": "/Jobs.RunJob",
            "resourceName": f"namespaces/{project}/executions/{name}",
            "response": {
                "@type": "type.googleapis.com/google.cloud.run.v1.Execution",
                "apiVersion": "run.googleapis.com/v1",
                "kind": "Execution",
                "metadata": {
                    "name": name,
                    "namespace": "000000000000",
                    "labels": {
                        "cloud.googleapis.com/location": location,
                        "run.googleapis.com/job": job,
                    },
                    "creationTimestamp": execution.create_time.isoformat(),
                },
                "spec": {
                    "taskCount": 1,
                    "template": {
                        "spec": {
                            "containers": [
                                {
                                    "image": container.image,
                                    "env": [
                                        {"name": v.name, "value": v.value}
                                        for v in container.env
                                    ],
                                }
                            ],
                            "maxRetries": 0,
                        }
                    },
                },
                "status": {
                    "completionTime": now,
                    "conditions": [
                        {
                            "type": "Completed",
                            "status": "True" if succeeded else "False",
                            "reason": _REASONS.get(
                                completed.execution_reason, ""
                            ),
                            "message": completed.message,
                            "lastTransitionTime": now,
                        }
                    ],
                },
            },
        },
        "insertId": f"{name}-ended",
        "resource": {
            "type": "cloud_run_job",
            "labels": {
                "project_id": project,
                "location": location,
                "job_name": job,
            },
        },
        "timestamp": now,
        "severity": "INFO" if succeeded else "ERROR",
        "logName": f"projects/{project}/logs/"
        "cloudaudit.googleapis.com%2Fsystem_event",
        "receiveTimestamp": now,
    }


def publish(execution: Execution) -> None:
    """To the topic `execution.ended` of the job's project and prefix."""
    project = execution.name.split("/")[1]
    job = execution.job.rpartition("/")[2]
    known = next(n for n in jobs.JOBS if job.endswith(f"-{n}"))
    prefix = job.removesuffix(f"-{known}")
    topic = f"projects/{project}/topics/{prefix}.execution.ended"
    found = entry(execution)
    attributes = {"logging.googleapis.com/timestamp": found["timestamp"]}
    data = json.dumps(found).encode()
    message = PubsubMessage(data=data, attributes=attributes)
    host = os.environ["PUBSUB_EMULATOR_HOST"]
    pubsub.publisher(host).publish(topic=topic, messages=[message])
