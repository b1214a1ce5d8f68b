"""Google's public keys by key id, fetched when needed and kept for a while."""

import re
import threading
import time
from collections.abc import Mapping

from mmmflow.ports import UnreachableError

_TIMEOUT = 10
_LEAST = 60.0  # seconds between two fetches, also for ids nobody knows
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")


class Certificates:
    """The keys that a URL lists, as `{"<key id>": "<PEM>"}`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._known: Mapping[str, str] = {}
        self._fetched = self._until = -_LEAST

    def of(self, key_id: str) -> str | None:
        """The key as PEM; None where the URL lists none of that id.

        Raises:
            UnreachableError: the list can't be had.
        """
        with self._lock:
            now = _now()
            missing = key_id not in self._known
            due = missing and now >= self._fetched + _LEAST
            if due or now >= self._until:
                self._fetch(now)
            return self._known.get(key_id)

    def _fetch(self, now: float) -> None:
        import requests

        try:
            response = requests.get(self._url, timeout=_TIMEOUT)
            response.raise_for_status()
            known = response.json()
        except (requests.RequestException, ValueError) as error:
            reason = f"{self._url}: {type(error).__name__}"
            raise UnreachableError(reason) from None
        age = _MAX_AGE.search(response.headers.get("Cache-Control", ""))
        self._known = known
        self._fetched = now
        self._until = now + max(float(age[1]) if age else 0.0, _LEAST)


def _now() -> float:
    return time.monotonic()
