"""The parts of the docs that are read off the code: `make docs`.

Each stands in docs/flow.md between `<!-- begin NAME -->` and `<!-- end -->`.
"""

import ast
import re
import sys
from pathlib import Path

from mmmflow.domain.experiment import TERMINAL, TRANSITIONS
from mmmflow.messaging import topology

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "flow.md"
_PART = re.compile(
    r"(<!-- begin (\w+) -->\n).*?(<!-- end -->)", flags=re.DOTALL
)


def states() -> str:
    """The states of an experiment, from the transition table."""
    lines = ["```mermaid", "stateDiagram-v2", "  [*] --> WAITING"]
    for state, following in TRANSITIONS.items():
        lines += [f"  {state} --> {to}" for to in sorted(following)]
    lines += [f"  {state} --> [*]" for state in sorted(TERMINAL)]
    return "\n".join([*lines, "```"])


def functions() -> str:
    """Every function with what wakes it and what it does."""
    steps = ROOT / "functions" / "mmmflow" / "steps"
    rows = ["| function | woken by | what becomes of it |", "|---|---|---|"]
    for path in sorted(steps.glob("[a-z]*.py")):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        _, _, outcome = text.partition("\n")[0].partition(" → ")
        topics = topology.SUBSCRIPTIONS.get(path.stem, ("HTTP",))
        woken = ", ".join(f"`{topic}`" for topic in topics)
        rows.append(f"| `{path.stem}` | {woken} | {outcome.rstrip('.')} |")
    return "\n".join(rows)


PARTS = {"states": states, "functions": functions}


def generated(text: str) -> str:
    """The page with each part made anew."""
    return _PART.sub(
        lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", text
    )


def main() -> int:
    PAGE.write_text(generated(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
