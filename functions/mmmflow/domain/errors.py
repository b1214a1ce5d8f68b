"""Failures that a person caused and a person can mend."""

from collections.abc import Sequence
from dataclasses import dataclass

# What a document keeps of a long list of problems, and of a long text.
_MOST, _LONGEST = 200, 1000
LONGEST_ERROR = 4000  # characters of a text that a run ended with


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what would be right."""

    where: str
    what: str
    hint: str = ""

    def as_json(self) -> dict[str, str]:
        return {"where": self.where, "what": self.what, "hint": self.hint}

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.hint})" if self.hint else text


def shortened(text: str, longest: int = LONGEST_ERROR) -> str:
    """The text, or its beginning and how long it was."""
    if len(text) <= longest:
        return text
    mark = f"… (cut, of {len(text)} characters)"
    return text[: longest - len(mark)] + mark


def stored(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """The problems as a document keeps them: the first, and how many more."""
    kept = list(problems[:_MOST])
    more = len(problems) - len(kept)
    if more:
        kept.append(Problem("", f"and {more} more problems"))
    return [
        {
            name: shortened(text, _LONGEST)
            for name, text in problem.as_json().items()
        }
        for problem in kept
    ]


class InvalidInputError(Exception):
    """Carries every problem found, not the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems

    @classmethod
    def of(cls, where: str, what: str, hint: str = "") -> "InvalidInputError":
        return cls([Problem(where, what, hint)])


class NotAllowedError(InvalidInputError):
    """Right in itself, but not in the state that things are in now."""
