"""k-means by Hartigan & Wong (1979), algorithm AS 136: R's `kmeans`.

It moves single points between clusters, first each to the best cluster
(optimal transfer), then back and forth between its two nearest (quick
transfer), and so ends in a better optimum than Lloyd's algorithm.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import FloatArray, IntArray

QUICK_STEPS = 50  # per point, in one quick-transfer stage


@dataclass(frozen=True, eq=False)
class Clustering:
    """`cluster` (n,) counts from 0; `within` (k,) sums of squares."""

    cluster: IntArray
    within: FloatArray


def kmeans(
    points: FloatArray, centres: FloatArray, max_iterations: int
) -> Clustering:
    """Cluster points (n, d) from initial centres (k, d), k ≥ 2."""
    state = _State(points, centres)
    for _ in range(max_iterations):
        if state.optimal_transfer():
            break
        state.quick_transfer()
        if len(centres) == 2:
            break
        state.updated[:] = 0
    return state.result()


class _State:
    """The algorithm's working arrays, named as in the paper's text.

    first, second: a point's nearest and second nearest cluster (n,).
    loss: what a point's own cluster would lose without it (n,).
    shrink, grow: n/(n−1) and n/(n+1) of every cluster (k,).
    updated: the step at which a cluster last changed; live: the point up to
    which it counts as changed; moved: whether quick transfer changed it.
    """

    def __init__(self, points: FloatArray, centres: FloatArray) -> None:
        self.points = points
        self.n, self.k = len(points), len(centres)
        away = ((points[:, None, :] - centres) ** 2).sum(axis=2)
        nearest = np.argsort(away, axis=1, kind="stable")
        self.first, self.second = nearest[:, 0].copy(), nearest[:, 1].copy()
        self.sizes = np.bincount(self.first, minlength=self.k)
        self.centres = np.stack(
            [points[self.first == c].mean(axis=0) for c in range(self.k)]
        )
        self.loss = np.zeros(self.n)
        self.shrink, self.grow = np.empty(self.k), np.empty(self.k)
        for cluster in range(self.k):
            self._weigh(cluster)
        self.moved = np.ones(self.k, dtype=bool)
        self.updated = np.full(self.k, -1)
        self.live = np.zeros(self.k, dtype=np.int64)
        self.unmoved = 0

    def optimal_transfer(self) -> bool:
        """Offer each point to every cluster; whether none has moved."""
        self.live[self.moved] = self.n + 1
        for i in range(self.n):
            step = i + 1
            self.unmoved += 1
            own = self.first[i]
            if self.sizes[own] != 1:
                self._offer(i, step, own)
            if self.unmoved == self.n:
                return True
        self.moved[:] = False
        self.live -= self.n
        return False

    def _offer(self, i: int, step: int, own: int) -> None:
        point = self.points[i]
        away = ((point - self.centres) ** 2).sum(axis=1)
        if self.updated[own] != 0:
            self.loss[i] = away[own] * self.shrink[own]
        gain = away * self.grow
        asked = self.live > step if step >= self.live[own] else True
        rivals = np.where(asked, gain, np.inf)
        second = self.second[i]
        rivals[own] = rivals[second] = np.inf
        best = int(np.argmin(rivals))
        if rivals[best] >= gain[second]:
            best = int(second)
        if gain[best] >= self.loss[i]:
            self.second[i] = best
            return
        self.unmoved = 0
        self.live[[own, best]] = self.n + step
        self.updated[[own, best]] = step
        self._move(i, own, best)

    def quick_transfer(self) -> None:
        """Swap points between their two nearest clusters until none moves."""
        since, step = 0, 0
        while step < QUICK_STEPS * self.n:
            for i in range(self.n):
                since += 1
                step += 1
                self_moved = self._swap(i, step)
                if self_moved:
                    since = 0
                if since == self.n:
                    return

    def _swap(self, i: int, step: int) -> bool:
        own, other = self.first[i], self.second[i]
        if self.sizes[own] == 1:
            return False
        point = self.points[i]
        if step <= self.updated[own]:
            away = ((point - self.centres[own]) ** 2).sum()
            self.loss[i] = away * self.shrink[own]
        if step >= self.updated[own] and step >= self.updated[other]:
            return False
        away = ((point - self.centres[other]) ** 2).sum()
        if away >= self.loss[i] / self.grow[other]:
            return False
        self.unmoved = 0
        self.moved[[own, other]] = True
        self.updated[[own, other]] = step + self.n
        self._move(i, own, other)
        return True

    def _move(self, i: int, own: int, other: int) -> None:
        point, sizes = self.points[i], self.sizes
        self.centres[own] = (self.centres[own] * sizes[own] - point) / (
            sizes[own] - 1
        )
        self.centres[other] = (self.centres[other] * sizes[other] + point) / (
            sizes[other] + 1
        )
        sizes[own] -= 1
        sizes[other] += 1
        self._weigh(own)
        self._weigh(other)
        self.first[i], self.second[i] = other, own

    def _weigh(self, cluster: int) -> None:
        size = self.sizes[cluster]
        self.shrink[cluster] = size / (size - 1) if size > 1 else np.inf
        self.grow[cluster] = size / (size + 1)

    def result(self) -> Clustering:
        """Sums of squares about the means of what has been assigned."""
        within = np.zeros(self.k)
        for cluster in range(self.k):
            own = self.points[self.first == cluster]
            within[cluster] = ((own - own.mean(axis=0)) ** 2).sum()
        return Clustering(self.first.astype(np.int64), within)
