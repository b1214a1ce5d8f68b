"""`make notices`: whose work is used, under which licence.

Every package of requirements.lock, requirements-functions.lock and
requirements-worker.lock, by the metadata that it is installed with.
"""

import re
import sys
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "THIRD_PARTY_NOTICES.md"
_LOCKS = (
    "requirements.lock",
    "requirements-functions.lock",
    "requirements-worker.lock",
)
_HEAD = """# Third-party notices

mmmflow is used with the packages below; none of their code is in this
repository. Made by `make notices` from the lock files and the packages' own
metadata. The Robyn engine also uses R, CRAN packages and Meta's Robyn (MIT),
which its image installs.

| package | version | licence |
|---|---|---|
"""
_LONGEST = 60


def names() -> list[tuple[str, str]]:
    """Name and version of each locked package that is installed here."""
    found = {
        (name, version)
        for lock in _LOCKS
        for name, version in re.findall(
            r"(?m)^([\w.-]+)==([\w.+!-]+)", (ROOT / lock).read_text()
        )
    }
    return sorted(found)


def licence(described: Message) -> str:
    """As the package says it: expression, else classifier, else text."""
    expression = described.get("License-Expression")
    if expression:
        return str(expression)
    classified = [
        text.rpartition(" :: ")[2]
        for text in described.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    if classified:
        return ", ".join(classified)
    lines = (described.get("License") or "not stated").strip().splitlines()
    return lines[0][:_LONGEST]


def page() -> str:
    """The whole page; a package for another platform is left out."""
    rows = []
    for name, version in names():
        try:
            described = cast(Message, metadata(name))
        except PackageNotFoundError:
            continue
        rows.append(f"| {name} | {version} | {licence(described)} |")
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    sys.exit(0)
