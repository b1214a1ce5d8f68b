"""`make check-infra`: the Terraform's format, its provider, its security.

What Terraform itself would say needs its registry: where it can be reached
(`terraform init`), the pipeline runs `validate` and `plan` as well.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.checks import provider_check
from infra.checks.terraform import FOLDER


def main(arguments: Sequence[str]) -> int:
    """0 if nothing is wrong; the argument is checkov's command."""
    checkov = arguments[0]
    failed = 0
    if shutil.which("terraform") is None:
        print("format: not checked, for terraform is not installed")
    else:
        failed += _run("format", "terraform", "fmt", "-check", "-recursive")
    print("provider")
    failed += provider_check.main()
    failed += _run(
        "security",
        checkov, "--directory", ".", "--framework", "terraform",
        "--skip-download", "--quiet", "--compact",
    )  # fmt: skip
    print("infra: " + ("something is wrong" if failed else "all is well"))
    return 1 if failed else 0


def _run(what: str, program: str, *arguments: str) -> int:
    print(what)
    command = [shutil.which(program) or program, *arguments]
    command[0] = str(Path(command[0]).absolute())
    done = subprocess.run(command, cwd=FOLDER, check=False)  # noqa: S603
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
