"""What must never stand in a log: found by its name or by its look."""

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

_NAMES = (
    r"pass(?:word|wd|phrase)|private_?key|token|authorization|secret"
    r"|api_?key|credentials?"
)
_NAME = re.compile(rf"(?:{_NAMES})$", re.IGNORECASE)
# In quotes, which a text within a text escapes.
_QUOTED = r"\\\"(?:(?!\\\").)*\\\"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_PATTERNS = (
    # A PEM block, also one that is cut off.
    re.compile(
        r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|\Z)", re.DOTALL
    ),
    # name=value, name: value, "name": "value"; with a scheme before the value.
    re.compile(
        rf"(?P<kept>\b\w*(?:{_NAMES})\b(?:\\?[\"'])?\s*[:=]\s*)"
        rf"(?:{_QUOTED}|(?:(?:bearer|basic)\s+)?[^\s,;&}}]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<kept>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}",
        re.IGNORECASE,
    ),
    # The user and password of a URL.
    re.compile(r"(?P<kept>://)[^/\s:@]+:[^/\s@]+(?=@)"),
)


def redact(value: Any) -> Any:
    """The value without secrets: texts, and texts in maps and lists."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return {
            key: REDACTED if _NAME.search(str(key)) else redact(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(inner) for inner in value]
    return value


def redact_text(text: str) -> str:
    """The text with every secret that can be told as one blanked out."""
    for pattern in _PATTERNS:
        text = pattern.sub(_blank, text)
    return text


def _blank(match: "re.Match[str]") -> str:
    kept = match.groupdict().get("kept") or ""
    return f"{kept}{REDACTED}"
