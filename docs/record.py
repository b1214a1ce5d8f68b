"""Records a session of the command line into docs/commands.md: `make record`.

The commands run as they stand here, one after the other, in a new home.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"
_PART = re.compile(r"(<!-- recorded -->\n).*?(<!-- end -->)", flags=re.DOTALL)
_MOST = 28  # lines of an output
SAMPLE = "functions/mmmflow/local/sample"
SESSION = (
    f"mmmflow quality {SAMPLE}/marketing_weekly.csv --country FR",
    f"mmmflow mapping push {SAMPLE}/mapping.json",
    f"mmmflow upload FR {SAMPLE}/marketing_weekly.csv --wait",
    "mmmflow sweep --country FR --over adstock=geometric,weibull_cdf"
    " --preset test --dry-run",
    "mmmflow sweep --country FR --over adstock=geometric,weibull_cdf"
    " --preset test --wait",
    "mmmflow ls",
    "mmmflow champion",
    "mmmflow results last",
    "mmmflow allocate last --bounds tv=0.9:1.1 --lock search",
    "mmmflow queue list",
    "mmmflow submit --country FR --set adstock=weibul",
    "mmmflow show 20261120T104512Z-1f3a9c0b77de; echo $?",
    "mmmflow ls --state SUCCEEDED --json | head -5",
)


def recorded() -> str:
    """Each command with what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        parts = [_said(command, home) for command in SESSION]
    return "```\n" + "\n\n".join(parts) + "\n```"


def _said(command: str, home: Path) -> str:
    path = f"{ROOT / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S602  (the commands above)
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "PATH": path, "MMMFLOW_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(f"$ {command}", flush=True)
    said = done.stdout.replace(str(home), ".mmmflow").rstrip()
    lines = [line.rstrip() for line in said.splitlines()]
    left = len(lines) - _MOST
    if left > 0:
        lines = [*lines[:_MOST], f"… {left} more lines"]
    return "\n".join([f"$ {command}", *lines])


def main() -> int:
    text = recorded()
    page = _PART.sub(
        lambda part: f"{part[1]}{text}\n{part[2]}", PAGE.read_text()
    )
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
