"""Hyperparameters of many candidates, as arrays the transformations read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmmflow_native.model.problem import (
    MEDIA_HYPERPARAMETERS,
    FloatArray,
    Problem,
)


@dataclass(frozen=True, eq=False)
class Candidates:
    """c candidates; media hyperparameters are (m, c), in media order."""

    alphas: FloatArray
    gammas: FloatArray
    decay: tuple[FloatArray, ...]  # (thetas,) or (shapes, scales)
    lambda_: FloatArray  # (c,), λ itself
    train_size: FloatArray  # (c,), 1 without a split
    penalty_factor: FloatArray  # (p, c)

    def __len__(self) -> int:
        return len(self.lambda_)

    def take(self, part: slice) -> "Candidates":
        """Return a run of the candidates."""
        return Candidates(
            self.alphas[:, part],
            self.gammas[:, part],
            tuple(d[:, part] for d in self.decay),
            self.lambda_[part],
            self.train_size[part],
            self.penalty_factor[:, part],
        )


def candidates(
    problem: Problem, values: Mapping[str, FloatArray | float]
) -> Candidates:
    """Candidates from one array (c,) or number per hyperparameter name.

    `train_size` may be missing (no split), and so may the penalties, which
    count only where the problem asks for penalty factors.

    Raises:
        KeyError: a hyperparameter is missing.
    """
    c = max(np.size(v) for v in values.values())

    def row(name: str, default: float | None = None) -> FloatArray:
        value = values[name] if default is None else values.get(name, default)
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (c,))

    def media(kind: str) -> FloatArray:
        rows = [row(f"{name}_{kind}") for name in problem.media_names]
        return np.array(rows).reshape(len(rows), c)

    kinds = MEDIA_HYPERPARAMETERS[problem.adstock]
    decay = ("thetas",) if "thetas" in kinds else ("shapes", "scales")
    penalty = np.ones((problem.p, c))
    if problem.add_penalty_factor:
        penalty = np.array([row(f"{name}_penalty") for name in problem.names])
    return Candidates(
        alphas=media("alphas"),
        gammas=media("gammas"),
        decay=tuple(media(kind) for kind in decay),
        lambda_=row("lambda"),
        train_size=row("train_size", 1.0),
        penalty_factor=penalty,
    )
