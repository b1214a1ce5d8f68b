"""The parts of the docs that are read off the code: `make docs`.

Each stands in a page between `<!-- begin NAME -->` and `<!-- end -->`.
"""

import ast
import re
import sys
from pathlib import Path

import yaml
from mmmflow.cli import app, session
from mmmflow.cli.failures import EXIT_CODES
from mmmflow.domain.experiment import TERMINAL, TRANSITIONS
from mmmflow.messaging import topology

ROOT = Path(__file__).resolve().parent.parent
PAGES = tuple(
    ROOT / "docs" / name for name in ("flow.md", "api.md", "commands.md")
)
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


def routes() -> str:
    """Every route of the API's contract, by resource."""
    contract = yaml.safe_load((ROOT / "schemas" / "openapi.yaml").read_text())
    rows = ["| route | does |", "|---|---|"]
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            asked = [
                parameter["name"]
                for parameter in operation.get("parameters", [])
                if parameter.get("in") == "query"
            ]
            query = f" ({', '.join(asked)})" if asked else ""
            does = f"{operation['summary']}{query}"
            rows.append(f"| `{method.upper()} {path}` | {does} |")
    return "\n".join(rows)


def commands() -> str:
    """Every command of the command line, with an example."""
    rows = ["| command | does | as in |", "|---|---|---|"]
    rows += [
        f"| `{' '.join(words)}` | {command.get_short_help_str(100)}"
        f" | `{command.examples[0].replace('|', chr(92) + '|')}` |"
        for words, command in session.leaves(app.COMMANDS)
    ]
    return "\n".join(rows)


def exit_codes() -> str:
    """With what a command ends."""
    rows = ["| exit code | means |", "|---|---|"]
    rows += [f"| {code} | {what} |" for code, what in EXIT_CODES.items()]
    return "\n".join(rows)


PARTS = {
    "states": states,
    "functions": functions,
    "routes": routes,
    "commands": commands,
    "exit_codes": exit_codes,
}


def generated(text: str) -> str:
    """The page with each part made anew."""
    return _PART.sub(
        lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", text
    )


def main() -> int:
    for page in PAGES:
        page.write_text(generated(page.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
