"""What Cloud Run says of an execution, in words that a person understands.

Cloud Run tells why an execution failed by codes for what it found before a
container ran, and by a sentence for what became of the container; the words
below are looked for in that sentence.
"""

import re
import signal
from collections.abc import Mapping
from typing import Any, Literal

from google.cloud.run_v2.types import Condition, Execution

from mmmflow import ports

_PATIENCE = "or choose another size, region or time"
_COMMON = Condition.CommonReason
_REVISION = Condition.RevisionReason
_RUN = Condition.ExecutionReason

# What the sentence holds, and what it means; the first that fits.
_SENTENCES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"memory limit",
            "out of memory: it needed more than its {memory}; run it in a"
            " larger size",
        ),
        (r"timeout was reached|deadline_exceeded", "over its limit of {limit}"),
        (r"quota", "a quota of the project is used up ({said})"),
        (
            r"image .*not found|manifest.*unknown",
            "its image {image} is missing: push it, or deploy the job again",
        ),
        (
            r"service agent must have permission|pull.*denied",
            "its image {image} may not be pulled: grant"
            " roles/artifactregistry.reader to the Cloud Run service agent",
        ),
        (r"terminated on signal (?P<signal>\d+)", "killed by {signal}"),
        (r"exit code: (?P<code>[1-9]\d*)", "exit code {code}"),
        (r"exit\((?P<code>[1-9]\d*)\)", "exit code {code}"),
        (
            r"failed to (start|load|create)|exec format|no such file",
            "its container failed to start ({said})",
        ),
        (
            r"capacity|resources? .*unavailable",
            f"no capacity: wait, {_PATIENCE}",
        ),
    )
)
_CODES: Mapping[int, str] = {
    _COMMON.REVISION_FAILED: "its container could not be set up ({said})",
    _COMMON.PROGRESS_DEADLINE_EXCEEDED: (
        f"it could not be started in time: try again, {_PATIENCE}"
    ),
    _COMMON.CONTAINER_MISSING: (
        "its image {image} is missing: push it, or deploy the job again"
    ),
    _COMMON.CONTAINER_PERMISSION_DENIED: (
        "its image {image} may not be pulled: grant"
        " roles/artifactregistry.reader to the Cloud Run service agent"
    ),
    _COMMON.CONTAINER_IMAGE_UNAUTHORIZED: (
        "its image {image} is not allowed by Binary Authorization"
    ),
    _COMMON.CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED: (
        "Binary Authorization could not be asked about its image {image}"
    ),
    _COMMON.ENCRYPTION_KEY_PERMISSION_DENIED: (
        "its encryption key may not be used: grant"
        " roles/cloudkms.cryptoKeyEncrypterDecrypter to the Cloud Run service"
        " agent"
    ),
    _COMMON.ENCRYPTION_KEY_CHECK_FAILED: (
        "its encryption key could not be checked ({said})"
    ),
    _COMMON.SECRETS_ACCESS_CHECK_FAILED: (
        "a secret that it is given can't be read: grant"
        " roles/secretmanager.secretAccessor to its service account ({said})"
    ),
    _COMMON.WAITING_FOR_OPERATION: "it waits for another operation",
    _COMMON.IMMEDIATE_RETRY: "Cloud Run tries it again",
    _COMMON.POSTPONED_RETRY: "Cloud Run tries it again later",
    _COMMON.INTERNAL: "an error inside Cloud Run ({said})",
    _COMMON.VPC_NETWORK_NOT_FOUND: "its VPC network is missing ({said})",
}
_REVISION_CODES: Mapping[int, str] = {
    _REVISION.HEALTH_CHECK_CONTAINER_ERROR: (
        "its container failed to start ({said})"
    ),
    _REVISION.ACTIVE_REVISION_LIMIT_REACHED: (
        "a quota of the project is used up ({said})"
    ),
}
_RUN_CODES: Mapping[int, str] = {
    _RUN.JOB_STATUS_SERVICE_POLLING_ERROR: (
        "Cloud Run lost sight of it ({said})"
    ),
    _RUN.NON_ZERO_EXIT_CODE: "its container failed ({said})",
    _RUN.CANCELLED: "cancelled",
    _RUN.CANCELLING: "it is being cancelled",
    _RUN.DELETED: "it was deleted",
    _RUN.DELAYED_START_PENDING: "Cloud Run starts it later",
}


def read(execution: Execution) -> ports.Execution:
    """The execution as the steps see it, under its short name."""
    state = _state(execution)
    said = _said(execution, state)
    return ports.Execution(
        name=execution.name.rpartition("/")[2],
        state=state,
        env=_env(execution),
        reason=_reason(execution, said) if state != "succeeded" else "",
    )


def _state(
    execution: Execution,
) -> Literal["running", "succeeded", "failed", "cancelled"]:
    completed = _condition(execution, "Completed")
    has_ended = bool(execution.completion_time) or (
        completed is not None
        and completed.state
        in (
            Condition.State.CONDITION_SUCCEEDED,
            Condition.State.CONDITION_FAILED,
        )
    )
    if not has_ended:
        return "running"
    if execution.cancelled_count or (
        completed is not None
        and completed.execution_reason in (_RUN.CANCELLED, _RUN.CANCELLING)
    ):
        return "cancelled"
    if completed is None:
        return "failed" if execution.failed_count else "succeeded"
    if completed.state == Condition.State.CONDITION_SUCCEEDED:
        return "succeeded"
    return "failed"


def _condition(execution: Execution, kind: str) -> Condition | None:
    return next((c for c in execution.conditions if c.type_ == kind), None)


def _said(execution: Execution, state: str) -> Condition:
    """The condition that says most of why it is in that state.

    `Completed` says what became of it; where it only repeats that something
    failed, the condition that failed says what.
    """
    wanted = (
        Condition.State.CONDITION_FAILED
        if state in ("failed", "cancelled")
        else Condition.State.CONDITION_PENDING
    )
    found = [c for c in execution.conditions if c.state == wanted]
    found.sort(key=lambda c: (not _has_words(c), c.type_ != "Completed"))
    return found[0] if found else Condition()


def _has_words(condition: Condition) -> bool:
    if _code(condition) is not None and (
        condition.execution_reason != _RUN.NON_ZERO_EXIT_CODE
    ):
        return True
    return any(p.search(condition.message) for p, _ in _SENTENCES)


def _code(condition: Condition) -> str | None:
    return (
        _CODES.get(condition.reason)
        or _REVISION_CODES.get(condition.revision_reason)
        or _RUN_CODES.get(condition.execution_reason)
    )


def _reason(execution: Execution, said: Condition) -> str:
    if _state(execution) == "cancelled":
        return "cancelled"
    facts = _facts(execution, said)
    if said.execution_reason not in (_RUN.CANCELLING, _RUN.DELETED):
        for pattern, words in _SENTENCES:
            if (match := pattern.search(said.message)) is not None:
                found = {k: v for k, v in match.groupdict().items() if v}
                if "signal" in found:
                    found["signal"] = _signal_name(int(found["signal"]))
                return words.format(**{**facts, **found})
    words = _code(said) or ("{said}" if said.message else "")
    if not words and _state(execution) == "failed":
        words = "Cloud Run does not say why"
    return words.format(**facts)


def _facts(execution: Execution, said: Condition) -> dict[str, Any]:
    container = next(iter(execution.template.containers), None)
    limits = container.resources.limits if container is not None else {}
    seconds = execution.template.timeout.total_seconds()
    return {
        "memory": f"{limits.get('memory', 'memory')}",
        "limit": f"{seconds:.0f} s",
        "image": container.image if container is not None else "",
        "said": said.message or "no more is said",
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _env(execution: Execution) -> dict[str, str]:
    return {
        variable.name: variable.value
        for container in execution.template.containers
        for variable in container.env
    }
