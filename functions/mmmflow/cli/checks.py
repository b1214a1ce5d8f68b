"""What `doctor` finds: a check, how it stands, and how to mend it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mmmflow.cli.failures import SAYS_NO, FailedError

State = Literal["ok", "look", "wrong"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        state: `look` is what may be meant, `wrong` what keeps work from
            being done.
        mend: what to do; "" where nothing is to be done.
        exit_code: with which the program ends if it is wrong.
    """

    name: str
    state: State
    found: str
    mend: str = ""
    exit_code: int = SAYS_NO

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def answered(
    name: str, ask: Callable[[], Check], *, otherwise: State = "wrong"
) -> Check:
    """What is asked of the API; its refusal is a finding."""
    try:
        return ask()
    except FailedError as failed:
        problem = failed.problems[0]
        where = f"{problem.where}: " if problem.where else ""
        return Check(
            name,
            otherwise,
            f"{where}{problem.what}",
            problem.hint,
            failed.exit_code,
        )
