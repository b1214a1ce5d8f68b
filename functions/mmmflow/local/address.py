"""Where a server of this home listens: what `serve` leaves for the others."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_FILE = "server.json"
_SECONDS = 1.0


@contextmanager
def told(home: Path, url: str) -> Iterator[None]:
    """While it lasts the address stands in the home."""
    path = home / _FILE
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"url": url}) + "\n")
    partial.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read(home: Path) -> str:
    """The address at which a server of this home listens; "" if none does.

    What a server that was killed has left is not taken for one.
    """
    try:
        url = str(json.loads((home / _FILE).read_text())["url"])
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return ""
    place = urlsplit(url)
    try:
        with socket.create_connection(
            (place.hostname or "", place.port or 80), timeout=_SECONDS
        ):
            return url
    except OSError:
        return ""
