"""The notices name what the lock files hold."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_notices_are_of_these_locks() -> None:
    spec = importlib.util.spec_from_file_location(
        "notices", ROOT / "docs" / "notices.py"
    )
    assert spec is not None
    assert spec.loader is not None
    notices = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notices)
    text = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
    assert text == notices.page(), "run make notices"
