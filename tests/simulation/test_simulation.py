"""Many small worlds in which everything goes wrong; no rule is broken.

They run in a process of their own, on every core: `make simulate` is the
same with more seeds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def simulate(*arguments: str, **environment: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT / 'py-worker'}",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines() or [done.stderr]


def figures(lines: list[str]) -> Any:
    return json.loads(lines[-1])


def test_no_rule_is_broken_in_300_worlds() -> None:
    code, lines = simulate("--seeds", "300")
    assert code == 0, "\n".join(lines)
    assert figures(lines)["failures"] == 0


def test_a_seed_is_the_same_world_in_every_process() -> None:
    told = [
        simulate("--seed", "7", "--whole", PYTHONHASHSEED=str(salt))
        for salt in (1, 2)
    ]
    assert told[0] == told[1]
    assert len(told[0][1]) > 100


def test_a_planted_bug_is_found_and_shrunk_to_a_short_trace() -> None:
    code, lines = simulate("--seeds", "40", "--mutant", "no claim")
    assert code == 1
    assert figures(lines)["failures"] > 0
    shortest = next(line for line in lines if line.startswith("the "))
    assert int(shortest.split()[1]) <= 10
