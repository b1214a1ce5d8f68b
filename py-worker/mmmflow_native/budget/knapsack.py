"""The best split of money over channels whose responses are not concave.

Hill curves are S-shaped, so a gradient method ends in whichever local optimum
is near its start. But the total is a sum of functions of one channel each, and
that can be maximised for all budgets at once by dynamic programming over a
grid of money (Bellman 1957, "Dynamic Programming", chapter 1):

    F_i(b) = max over e of F_{i-1}(b - e) + f_i(e)

With J steps and k channels this takes k·J² additions; the result is the
global optimum up to one step of the grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mmmflow_native.model.problem import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Split:
    """Best value for every number of steps, and who gets how many.

    `value[b]` is -inf where b steps can't be placed; `steps[b]` sums to b.
    """

    value: FloatArray  # (J + 1,)
    steps: IntArray  # (J + 1, members), columns as `members`
    members: tuple[int, ...]

    def within(self, low: int, high: int) -> "Split":
        """The same with only low ≤ b ≤ high allowed."""
        b = np.arange(len(self.value))
        value = np.where((b >= low) & (b <= high), self.value, -np.inf)
        return Split(value, self.steps, self.members)


def single(member: int, value: FloatArray, steps: int) -> Split:
    """One channel, worth value[e] with e steps, and at most len(value) - 1."""
    padded = np.full(steps + 1, -np.inf)
    held = min(len(value), steps + 1)
    padded[:held] = value[:held]
    return Split(padded, np.arange(steps + 1)[:, None], (member,))


def combine(parts: Sequence[Split]) -> Split:
    """The best split over all parts' members, for every number of steps."""
    whole = parts[0]
    for part in parts[1:]:
        whole = _pair(whole, part)
    return whole


def _pair(left: Split, right: Split) -> Split:
    size = len(left.value)
    held = int(np.flatnonzero(np.isfinite(right.value)).max(initial=0)) + 1
    padded = np.concatenate([np.full(held - 1, -np.inf), left.value])
    # Row b, column e: left.value[b - e] + right.value[e].
    sums = sliding_window_view(padded, held)[:, ::-1] + right.value[:held]
    given = np.argmax(sums, axis=1)
    b = np.arange(size)
    kept = np.maximum(b - given, 0)
    steps = np.hstack([left.steps[kept], right.steps[given]])
    return Split(sums[b, given], steps, left.members + right.members)
