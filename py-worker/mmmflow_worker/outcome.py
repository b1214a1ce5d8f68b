"""What came of an engine's run, judged by what it left behind."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmmflow import schema
from mmmflow.domain.errors import shortened

from mmmflow_worker.engine import Ended, Stopped

PARTIAL = "partial"  # what an engine that was stopped had found by then
MARKER = f"{PARTIAL}/partial.json"  # says so, and that it is all there
_SEE_LOG = "see robyn_console.log in the attempt's folder"
_SEE_PARTIAL = "; what it had found by then is in the attempt's partial/"


@dataclass(frozen=True)
class Outcome:
    """Succeeded, skipped with a reason, or failed with step and hint."""

    outcome: Literal["succeeded", "failed", "skipped"]
    step: str = ""
    error: str = ""
    hint: str = ""
    reason: str = ""
    retriable: bool = False
    interrupted: bool = False

    def as_signal(self) -> dict[str, Any]:
        """The fields of a finished signal; a long text is cut, and marked."""
        if self.outcome == "succeeded":
            return {"outcome": self.outcome}
        if self.outcome == "skipped":
            return {"outcome": self.outcome, "reason": shortened(self.reason)}
        return {
            "outcome": self.outcome,
            "step": shortened(self.step),
            "error": shortened(self.error),
            "hint": shortened(self.hint),
            "retriable": self.retriable,
            "interrupted": self.interrupted,
        }


def judge(ended: Ended, out: Path, limit_seconds: int) -> Outcome:
    """The outcome of a run that left its files in `out`.

    What the engine itself reports as failed would fail again and is not
    retried; an engine that dies without a report may be.
    """
    if ended.stopped is Stopped.INTERRUPTED:
        return Outcome(
            "failed",
            "train",
            "cancelled: the platform stopped the worker",
            "it is started again by itself",
            interrupted=True,
        )
    if ended.stopped is Stopped.TIMEOUT:
        return Outcome(
            "failed",
            "train",
            f"timeout: not done at 95 % of {limit_seconds} s",
            "give it fewer iterations or a longer time_limit_seconds"
            + (_SEE_PARTIAL if (out / MARKER).is_file() else ""),
        )
    status = _json(out / "status.json")
    if status is None or schema.check("status.json", status):
        return Outcome(
            "failed",
            "train",
            f"the engine ended with exit code {ended.code} and no report",
            _SEE_LOG,
            retriable=True,
        )
    if status["status"] == "failed":
        fields = {key: status[key] for key in ("step", "error", "hint")}
        return Outcome("failed", **fields)
    if status["status"] == "skipped":
        return Outcome("skipped", reason=status["reason"])
    return _judge_result(out)


def _judge_result(out: Path) -> Outcome:
    summary = _json(out / "model_summary.json")
    problems = schema.check("model_summary.json", summary)
    if not problems:
        onepager = out / summary["selected"]["onepager"]
        if onepager.is_file():
            return Outcome("succeeded")
        what = f"the one-pager {onepager.name} is missing"
    else:
        what = "; ".join(str(problem) for problem in problems[:5])
    return Outcome(
        "failed", "output", f"the result is not valid: {what}", _SEE_LOG
    )


def _json(path: Path) -> Any:
    try:
        return schema.parse(path.read_text())
    except (OSError, ValueError):
        return None
