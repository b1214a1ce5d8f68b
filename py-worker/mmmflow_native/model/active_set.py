"""Exact minimum of many small box-constrained quadratics at once.

Minimises ½ b'Ab − r'b subject to lower ≤ b ≤ upper for c candidates together,
A positive definite, by block principal pivoting (Júdice & Pires 1994, Kim &
Park 2011): guess which coefficients stand at a bound, solve for the others,
move all that contradict the guess, until none does. Where the number of
contradictions has not fallen in three rounds, only the last of them is moved,
a rule that ends for every positive definite A (Murty 1974).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmmflow_native.model.problem import BoolArray, FloatArray

StateArray = NDArray[np.int8]

FREE, LOWER, UPPER = np.int8(0), np.int8(-1), np.int8(1)
_PATIENCE = 3
# Of coefficients, which standardising makes of order 1, and of gradients as
# parts of their variable's curvature.
_TOLERANCE = 1e-13
# Rounds per column after which rounding alone keeps a coefficient moving.
_ROUNDS = 20
# A pivot this small says that the column is a combination of earlier ones.
_SINGULAR = 1e-11


@dataclass(frozen=True, eq=False)
class Quadratic:
    """½ b'Ab − r'b within limits, for c candidates; lower ≤ upper."""

    a: FloatArray  # (p, p, c)
    r: FloatArray  # (p, c)
    lower: FloatArray  # (p, c)
    upper: FloatArray  # (p, c)

    def take(self, candidates: BoolArray) -> "Quadratic":
        """Return the quadratics of some of the candidates."""
        return Quadratic(
            self.a[:, :, candidates],
            self.r[:, candidates],
            self.lower[:, candidates],
            self.upper[:, candidates],
        )


def minimise(
    quadratic: Quadratic, guess: StateArray | None = None
) -> tuple[FloatArray, StateArray]:
    """Coefficients (p, c) at the minimum, and which of them are at a bound.

    `guess` may hold the states of a similar problem; the minimum does not
    depend on it. A column that is a combination of earlier free ones gets 0.
    """
    q = quadratic
    state = np.zeros(q.r.shape, np.int8) if guess is None else guess.copy()
    state[q.lower == q.upper] = LOWER
    minimum, states = np.empty_like(q.r), np.empty_like(state)
    todo = np.arange(q.r.shape[1])
    fewest = np.full(len(todo), len(q.r) + 1)
    patience = np.full(len(todo), _PATIENCE)
    for rounds_left in reversed(range(_ROUNDS * len(q.r))):
        b = _solve_free(q, state)
        moves = _contradictions(q, state, b)
        count = np.count_nonzero(moves, axis=0)
        going = (count > 0) & (rounds_left > 0)
        settled = ~going
        minimum[:, todo[settled]] = np.clip(b, q.lower, q.upper)[:, settled]
        states[:, todo[settled]] = state[:, settled]
        fell = count < fewest
        fewest = np.where(fell, count, fewest)
        patience = np.where(fell, _PATIENCE, patience - 1)
        _keep_last(moves, patience < 0)
        bound = np.where(b < q.lower, LOWER, UPPER)
        moved = np.where(state == FREE, bound, FREE)
        state = np.where(moves, moved, state)[:, going]
        q = q.take(going)
        todo, fewest, patience = todo[going], fewest[going], patience[going]
        if not len(todo):
            break
    return minimum, states


def _solve_free(q: Quadratic, state: StateArray) -> FloatArray:
    """Minimum (p, c) over the free coefficients, the others at their bound.

    Those at a bound keep their place as equations b = bound, so that all
    candidates have one shape.
    """
    p, c = q.r.shape
    free = state == FREE
    fixed = np.where(free, 0.0, np.where(state == LOWER, q.lower, q.upper))
    system = np.empty((p, p + 1, c))
    np.multiply(q.a, free[:, None] & free, out=system[:, :p])
    diagonal = np.arange(p)
    system[diagonal, diagonal] += ~free
    system[:, p] = np.where(free, q.r, fixed)
    if fixed.any():
        pull = np.einsum("ijc,jc->ic", q.a, fixed)
        system[:, p] -= np.where(free, pull, 0.0)
    return _eliminate(system)


def _eliminate(system: FloatArray) -> FloatArray:
    """Solution (p, c) of positive definite systems (p, p + 1, c).

    Gaussian elimination, stable without pivoting for such matrices; the
    argument is overwritten.
    """
    p = len(system)
    pivots = system[np.arange(p), np.arange(p)]
    for j in range(p):
        pivot = system[j, j]
        pivot[pivot < _SINGULAR] = np.inf
        np.divide(1.0, pivot, out=pivots[j])
        rest = system[j + 1 :, j + 1 :]
        factor = system[j, j + 1 : p] * pivots[j]
        rest -= factor[:, None] * system[j, j + 1 :]
    b = system[:, p]
    b[p - 1] *= pivots[p - 1]
    for j in range(p - 2, -1, -1):
        b[j] -= np.einsum("kc,kc->c", system[j, j + 1 : p], b[j + 1 :])
        b[j] *= pivots[j]
    return b


def _contradictions(
    q: Quadratic, state: StateArray, b: FloatArray
) -> BoolArray:
    """Which coefficients (p, c) must change sides.

    A free one beyond a bound must go to it; one at a bound must leave it
    where the objective falls inwards.
    """
    free = state == FREE
    beyond = (b < q.lower - _TOLERANCE) | (b > q.upper + _TOLERANCE)
    moves: BoolArray = free & beyond
    held = ~free & (q.lower < q.upper)
    if held.any():
        gradient = np.einsum("ijc,jc->ic", q.a, b) - q.r
        inwards = np.where(state == LOWER, -gradient, gradient)
        curvature = np.einsum("iic->ic", q.a)
        moves |= held & (inwards > _TOLERANCE * curvature)
    return moves


def _keep_last(moves: BoolArray, single: BoolArray) -> None:
    """Leave only the last move of the candidates (c,) that are singled out."""
    if single.any():
        last = len(moves) - 1 - np.argmax(moves[::-1], axis=0)
        moves &= ~single | (np.arange(len(moves))[:, None] == last)
