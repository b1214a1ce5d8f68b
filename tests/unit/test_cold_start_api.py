"""What a cold start of the API imports: nothing that most routes don't use."""

import subprocess
import sys

HEAVY = {
    "duckdb",
    "google.api_core",
    "google.auth",
    "grpc",
    "numpy",
    "pandas",
    "pyarrow",
    "requests",
    "snowflake",
    "sqlglot",
}
PROGRAM = """
import sys
import main
import mmmflow.steps.api
import mmmflow.cloud.identity
print(*sys.modules, sep="\\n")
"""


def test_the_api_starts_without_anything_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "mmmflow.api.routes" in loaded
    assert loaded & HEAVY == set()
