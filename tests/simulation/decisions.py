"""Every decision of a simulated world, drawn from its seed.

A decision is known by its key, which names who is about to do what ("the
third call of this delivery"), and is a function of seed and key alone: it
does not depend on the order in which decisions are asked for. So a failing
run can be told again with some of its decisions dropped, and the others
still mean the same. Every decision has a harmless default; only the others
are recorded.
"""

import hashlib
from collections.abc import Mapping, Sequence

Value = bool | int | float | str

_UNIT = 2.0**-64


class Decisions:
    """Draws decisions, or tells recorded ones again."""

    def __init__(
        self, seed: int, recorded: Mapping[str, Value] | None = None
    ) -> None:
        self._salt = seed.to_bytes(8, "big", signed=True)
        self._recorded = recorded
        self.taken: dict[str, Value] = {}
        self.calm = False

    def chance(self, key: str, probability: float) -> bool:
        """True with that probability; the default is False."""
        if self._recorded is not None:
            return bool(self._tell(key, False))
        return bool(self._take(key, self.unit(key) < probability, False))

    def number(self, key: str, default: int, choices: Sequence[int]) -> int:
        """One of the choices."""
        if self._recorded is not None:
            return int(self._tell(key, default))
        chosen = choices[int(self.unit(key) * len(choices))]
        return int(self._take(key, chosen, default))

    def amount(
        self, key: str, default: float, low: float, high: float
    ) -> float:
        """An amount between the two, to the millisecond."""
        if self._recorded is not None:
            return float(self._tell(key, default))
        drawn = round(low + self.unit(key) * (high - low), 3)
        return float(self._take(key, drawn, default))

    def pick(
        self, key: str, default: str, odds: Sequence[tuple[str, float]]
    ) -> str:
        """One of the named outcomes with its probability, else the default."""
        if self._recorded is not None:
            return str(self._tell(key, default))
        left = self.unit(key)
        for outcome, probability in odds:
            left -= probability
            if left < 0:
                return str(self._take(key, outcome, default))
        return default

    def delay(
        self, key: str, probability: float, scales: Sequence[float]
    ) -> float:
        """Seconds: none, or up to one of the scales."""
        if self._recorded is not None:
            return float(self._tell(key, 0.0))
        if self.calm or self.unit(key) >= probability:
            return 0.0
        part = self.unit(f"{key}/scale")
        scale = scales[int(part * len(scales))]
        drawn = round(scale * self.unit(f"{key}/length"), 3)
        return float(self._take(key, drawn, 0.0))

    def unit(self, key: str) -> float:
        """A number in [0, 1) that seed and key alone determine."""
        digest = hashlib.blake2b(
            key.encode(), digest_size=8, key=self._salt
        ).digest()
        return int.from_bytes(digest, "big") * _UNIT

    def _take(self, key: str, value: Value, default: Value) -> Value:
        if self.calm:
            return default
        if value != default:
            self.taken[key] = value
        return value

    def _tell(self, key: str, default: Value) -> Value:
        assert self._recorded is not None
        if key not in self._recorded:
            return default
        value = self._recorded[key]
        if value != default:
            self.taken[key] = value
        return value
