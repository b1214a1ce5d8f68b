"""R's random numbers, so that clusters come out as they do in Robyn.

The generator of R ≥ 3.6 (`RNGkind("Mersenne-Twister", sample.kind =
"Rejection")`): Matsumoto & Nishimura's MT19937, seeded as set.seed() does.
"""

from math import ceil, log2

import numpy as np

from mmmflow_native.model.problem import IntArray

_BITS_A_DRAW = 16  # R builds an index from 16 bits of each draw


class RRandom:
    """The state after `set.seed(seed)`."""

    def __init__(self, seed: int) -> None:
        state = seed
        for _ in range(50):
            state = (69069 * state + 1) & 0xFFFFFFFF
        key = np.empty(625, dtype=np.uint32)
        for i in range(625):
            state = (69069 * state + 1) & 0xFFFFFFFF
            key[i] = state
        # R's own copy of the state leads with the position in the other 624.
        self._twister = np.random.RandomState()
        self._twister.set_state(("MT19937", key[1:], 624, 0, 0.0))

    def sample(self, n: int, size: int) -> IntArray:
        """`sample.int(n, size) - 1`: without replacement."""
        left = np.arange(n)
        drawn = np.empty(size, dtype=np.int64)
        for i in range(size):
            j = self._indices(n - i, 1)[0]
            drawn[i] = left[j]
            left[j] = left[n - i - 1]
        return drawn

    def resample(self, n: int, size: int) -> IntArray:
        """`sample.int(n, size, replace = TRUE) - 1`."""
        return self._indices(n, size)

    def _indices(self, n: int, size: int) -> IntArray:
        """Numbers (size,) in 0 … n - 1; those drawn above are rejected."""
        bits = ceil(log2(n))
        if bits >= _BITS_A_DRAW:
            raise ValueError(f"{n} is more than one draw can index")
        found = np.empty(0, dtype=np.int64)
        while len(found) < size:
            drawn = self._draws(size - len(found)) & ((1 << bits) - 1)
            found = np.concatenate([found, drawn[drawn < n]])
        return found

    def _draws(self, size: int) -> IntArray:
        """The upper 16 bits (size,) of uniform numbers in (0, 1)."""
        whole = self._twister.randint(0, 1 << 32, size=size, dtype=np.uint32)
        return (whole >> 16).astype(np.int64)
