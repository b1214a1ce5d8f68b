"""The default optimiser: differential evolution for several objectives.

After GDE3 (Kukkonen & Lampinen 2005): the child of each member replaces it
where it dominates, is dropped where it is dominated, and joins the population
otherwise, which is then cut back to its size by non-dominated sorting and
crowding distance (Deb et al. 2002). So that a small population, which is what
a few thousand evaluations allow, keeps exploring, half of the members search
around themselves instead of another, and now and then a coordinate is moved
at random.
"""

from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Settings:
    """What steers the evolution; chosen by measurement.

    The population is small and few coordinates change at a time: channels
    act mostly apart, and hypervolume at 2000 evaluations gains from it on
    weekly and daily data, all kinds of adstock, validation, and lift tests.
    """

    population: int = 12
    crossover: float = 0.3  # part of the coordinates that change
    scale: tuple[float, float] = (0.3, 0.9)  # of differences, drawn anew
    own: float = 0.5  # part of the members that search around themselves
    nudged: float = 0.3  # coordinates per child moved a little
    nudge: float = 0.1  # their standard deviation
    redrawn: float = 0.1  # coordinates per child drawn anew


DEFAULT = Settings()


class DifferentialEvolution:
    """One trial of the search, asked and told in generations."""

    log_lambda = True

    def __init__(
        self, dimensions: int, seed: int, settings: Settings = DEFAULT
    ) -> None:
        self._random = np.random.default_rng(seed)
        self._settings = settings
        self._dimensions = dimensions
        self._members = np.empty((0, dimensions))
        self._errors = np.empty((0, 0))
        self._asked = np.empty((0, dimensions))

    def ask(self, most: int) -> FloatArray:
        """At most `most` new positions (b, d) in the unit cube."""
        first = len(self._members) == 0
        asked = self._first() if first else self._children()
        self._asked = asked[:most]
        return self._asked

    def tell(self, errors: FloatArray) -> None:
        """Take the errors (b, objectives) of the positions asked last."""
        # A model without an error is worse than any that has all of them.
        broken = ~np.isfinite(errors).all(axis=1, keepdims=True)
        errors = np.where(broken, np.inf, errors)
        b = len(errors)
        if len(self._members) == 0:
            self._members, self._errors = self._asked, errors
            return
        old = self._errors[:b]
        wins = dominates(errors, old)
        stays = dominates(old, errors)
        self._members[:b][wins] = self._asked[wins]
        self._errors[:b][wins] = errors[wins]
        joins = ~wins & ~stays
        members = np.concatenate([self._members, self._asked[joins]])
        errors = np.concatenate([self._errors, errors[joins]])
        best = survivors(errors, self._settings.population)
        self._members, self._errors = members[best], errors[best]

    def _first(self) -> FloatArray:
        """Latin hypercube: every axis is covered evenly from the start."""
        n, d = self._settings.population, self._dimensions
        cells = np.argsort(self._random.random((n, d)), axis=0)
        return (cells + self._random.random((n, d))) / n

    def _children(self) -> FloatArray:
        """One child (population, d) of each member."""
        members, random, settings = self._members, self._random, self._settings
        n, d = members.shape
        order = random.random((n, n))
        np.fill_diagonal(order, np.inf)
        a, b, c = np.argsort(order, axis=1).T[:3]
        own = random.random(n) < settings.own
        around = np.where(own[:, None], members, members[a])
        scale = random.uniform(*settings.scale, (n, 1))
        mutants = around + scale * (members[b] - members[c])
        # Ranges are narrower than what the data would like: the best often
        # stands at a wall, where clipping gets it and reflecting does not.
        mutants = np.clip(mutants, 0.0, 1.0)
        crossed = random.random((n, d)) < settings.crossover
        crossed[np.arange(n), random.integers(d, size=n)] = True
        children = np.where(crossed, mutants, members)
        chance = random.random((n, d)) * d
        redrawn = chance < settings.redrawn
        nudged = ~redrawn & (chance < settings.redrawn + settings.nudged)
        moved = children + settings.nudge * random.standard_normal((n, d))
        children = np.where(nudged, np.clip(moved, 0, 1), children)
        return np.where(redrawn, random.random((n, d)), children)


def dominates(a: FloatArray, b: FloatArray) -> BoolArray:
    """Whether a is nowhere worse than b and somewhere better; last axis."""
    return np.logical_and((a <= b).all(axis=-1), (a < b).any(axis=-1))


def survivors(errors: FloatArray, size: int) -> IntArray:
    """Indices of the `size` members to keep, of errors (b, objectives)."""
    keep: list[IntArray] = []
    left = np.arange(len(errors))
    over = dominates(errors[:, None], errors)  # over[i, j]: i dominates j
    while len(left) and size > 0:
        front = left[~over[np.ix_(left, left)].any(axis=0)]
        if len(front) > size:
            front = _spread(errors, front, size)
        keep.append(front)
        size -= len(front)
        left = np.setdiff1d(left, front)
    return np.concatenate(keep)


def _spread(errors: FloatArray, front: IntArray, size: int) -> IntArray:
    """The part of a front left when the most crowded go one by one."""
    while len(front) > size:
        distance = crowding_distance(errors[front])
        front = np.delete(front, np.argmin(distance))
    return front


def crowding_distance(errors: FloatArray) -> FloatArray:
    """Room (b,) around each of errors (b, objectives); ends have no limit."""
    room = np.zeros(len(errors))
    for e in errors.T:
        order = np.argsort(e, kind="stable")
        along = np.minimum(e[order], np.finfo(np.float64).max)
        span = along[-1] - along[0]
        room[order[[0, -1]]] = np.inf
        if span > 0:
            room[order[1:-1]] += (along[2:] - along[:-2]) / span
    return room
