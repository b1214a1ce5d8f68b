"""What the name and the value of a secret may be, wherever it is kept."""

import re

MAX_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")


def is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def require(name: str, value: str) -> None:
    """Raises: ValueError, without the value in it."""
    if not is_name(name):
        raise ValueError(
            f"{name!r} is no name of a secret: a letter, then letters, digits,"
            " _ and -, at most 80"
        )
    if not value.strip():
        raise ValueError(f"secret {name}: it is empty")
    if len(value.encode()) > MAX_BYTES:
        raise ValueError(f"secret {name}: longer than {MAX_BYTES} bytes")
