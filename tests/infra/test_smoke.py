"""The claims that only a real project can show: listed, and each tested."""

import os
import re
import subprocess
import sys
from pathlib import Path

from infra.smoke.claims import CLAIMS

ROOT = Path(__file__).parents[2]
LISTED = re.compile(r"^\| (\d+) \| (.+?) \|", re.MULTILINE)


def test_every_claim_that_is_listed_is_tested_under_its_number() -> None:
    listed = LISTED.findall((ROOT / "docs" / "unproven.md").read_text())
    assert [(int(number), words) for number, words in listed] == [
        (claim.number, claim.words) for claim in CLAIMS
    ]


def test_without_credentials_it_says_how_to_sign_in(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "infra.smoke", "--project", "mmm-none"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "functions"),
            "HOME": str(tmp_path),
            "NO_GCE_CHECK": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "gcloud auth application-default login" in ended.stderr
    assert "Traceback" not in ended.stderr
