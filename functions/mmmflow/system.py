"""The clock and the randomness of the process itself."""

import secrets
from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemEntropy:
    def token(self) -> str:
        return secrets.token_hex(16)
