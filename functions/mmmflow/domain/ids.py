"""Ids: they sort by first-seen time and are never reused."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content, whatever the order of its keys."""
    canonical = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def mint(first_seen: datetime, message_id: str, index: int = 0) -> str:
    """The id of the `index`-th thing that a message asks for.

    The same message seen again must be answered with the ids minted for
    it the first time, which its request document holds.
    """
    digest = hashlib.sha256(f"{message_id}/{index}".encode()).hexdigest()
    return f"{first_seen:%Y%m%dT%H%M%SZ}-{digest[:12]}"
