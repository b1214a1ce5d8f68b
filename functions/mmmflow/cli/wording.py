"""What an experiment is doing, in a few words."""

from datetime import datetime
from typing import Any

from mmmflow.cli import text
from mmmflow.domain.experiment import TERMINAL

_FROM = 0.05  # of the search: what can be told of its speed
_WORDS = {
    "prepare": "reading the data and taking it apart",
    "search": "searching",
    "select": "choosing the best model",
    "output": "writing tables and pictures",
    "done": "done",
}
Shown = dict[str, Any]


def name(one: Shown) -> str:
    """How an experiment is called in a line."""
    return f"{one['country']} {one['adstock']}"


def time_left(one: Shown) -> float | None:
    """Seconds until the search is done, at its speed so far; None: unknown."""
    seen = one["progress"] or {}
    if seen.get("step") != "search" or "iteration" not in seen:
        return None
    done = seen["iteration"] / seen["iterations"]
    if "trial" in seen:  # one after the other; else all at once
        done = (seen["trial"] - 1 + done) / seen["trials"]
    if done < _FROM or not one["started_at"]:
        return None
    started = datetime.fromisoformat(one["started_at"])
    spent = datetime.fromisoformat(seen["updated_at"]) - started
    left: float = spent.total_seconds() * (1 - done) / done
    return max(0.0, left)


def fraction(shown: Shown) -> float:
    """How much of an experiment is done, from 0 to 1."""
    if shown["state"] in TERMINAL:
        return 1.0
    progress: dict[str, Any] = shown["progress"] or {}
    step = progress.get("step")
    if step == "search" and "iteration" in progress:
        done = progress["iteration"] / progress["iterations"]
        if "trial" in progress:  # one after the other; else all at once
            done = (progress["trial"] - 1 + done) / progress["trials"]
        return float(0.2 + 0.4 * done)
    starts = {"prepare": 0.05, "search": 0.2, "select": 0.6, "output": 0.7}
    return starts.get(step or "", 0.0)


def describe(shown: Shown) -> str:
    """What an experiment is doing, in a few words."""
    if shown["state"] == "SUCCEEDED":
        selected = shown["result"]["selected"]
        return (
            f"SUCCEEDED  NRMSE {selected['nrmse_train']:.4f}"
            f"  DECOMP.RSSD {selected['decomp_rssd']:.3f}"
        )
    if shown["error"]:
        return f"{shown['state']}  {shown['error']['error']}"
    progress = shown["progress"]
    if progress is None:
        return str(shown["state"])
    words = _WORDS[progress["step"]]
    if "iteration" in progress:
        words += f", {progress['iteration']:,} of {progress['iterations']:,}"
    if "best" in progress:
        words += f", best NRMSE {progress['best']['nrmse']:.4f}"
    left = time_left(shown)
    if left is not None:
        words += f", {text.span(left)} left in the search"
    return words
