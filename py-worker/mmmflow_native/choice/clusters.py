"""Families of Pareto models: k-means on their hyperparameters.

As Robyn's clusters.R, with R's own random numbers, so that the same models
fall into the same clusters. Also its bootstrapped intervals of a cluster's
mean ROAS: they say how much models of a cluster differ, and are no
confidence intervals of the channel's effect.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from mmmflow_native.choice.kmeans import Clustering, kmeans
from mmmflow_native.choice.pareto import error_scores
from mmmflow_native.choice.r_random import RRandom
from mmmflow_native.model.problem import FloatArray, IntArray

FEWEST, MOST = 3, 10
MOST_TRIED = 30
WSS_SHARE = 0.06  # of the total: what the largest k must still explain
TRIED_ITERATIONS = 10  # R's default
SEED, BOOTSTRAP_SEED = 123, 1  # Robyn's
RESAMPLES = 1000
LEAST_MODELS = 3  # for an interval
NO_CLUSTER = 0


@dataclass(frozen=True, eq=False)
class Clusters:
    """Families of N models.

    `cluster` (N,) counts from 1, `NO_CLUSTER` for a model that repeats
    another's hyperparameters. `best` holds the index of the model with the
    lowest error score of each cluster, in the clusters' order; `score` (N,)
    that score, over the models at hand.
    """

    cluster: IntArray
    k: int
    best: tuple[int, ...]
    score: FloatArray


@dataclass(frozen=True)
class Interval:
    """Mean and 95 % interval of a cluster's models, for one channel."""

    cluster: int
    column: int
    models: int
    mean: float
    standard_error: float
    low: float
    high: float


def clusters(
    hyperparameters: FloatArray,
    nrmse: FloatArray,
    decomp_rssd: FloatArray,
    mape: FloatArray,
) -> Clusters | None:
    """Cluster N models by their hyperparameters (N, d), errors (N,).

    λ and the training share are no part of `hyperparameters`. None where
    there are too few different models.
    """
    if not hyperparameters.shape[1]:
        return None
    _, firsts = np.unique(hyperparameters, axis=0, return_index=True)
    kept = np.sort(firsts)
    if len(kept) <= FEWEST:
        return None
    points = _scaled(hyperparameters)[kept]
    found = _clustering(points)
    cluster = np.full(len(nrmse), NO_CLUSTER, dtype=np.int64)
    cluster[kept] = found.cluster + 1
    score = np.full(len(nrmse), np.nan)
    score[kept] = error_scores(nrmse[kept], decomp_rssd[kept], mape[kept])
    best = tuple(
        int(kept[members][np.argmin(score[kept][members])])
        for members in (found.cluster == c for c in range(len(found.within)))
    )
    return Clusters(cluster, len(best), best, score)


def intervals(found: Clusters, ratios: FloatArray) -> list[Interval]:
    """Bootstrapped intervals of ratios (N, k): ROAS or CPA per channel.

    For clusters of at least three models; ratios that are not finite are
    left out. The interval is Robyn's: mean ± t · standard error · √n.
    """
    result = []
    for cluster in range(1, found.k + 1):
        members = ratios[found.cluster == cluster]
        if len(members) < LEAST_MODELS:
            continue
        for column in range(ratios.shape[1]):
            sample = members[:, column][np.isfinite(members[:, column])]
            if len(sample) > 1:
                result.append(_interval(cluster, column, sample))
    return result


def _interval(cluster: int, column: int, sample: FloatArray) -> Interval:
    n = len(sample)
    drawn = RRandom(BOOTSTRAP_SEED).resample(n, n * RESAMPLES)
    means = sample[drawn].reshape(n, RESAMPLES).mean(axis=0)
    error = float(means.std(ddof=1))
    reach = float(stdtrit(n - 1, 0.975)) * error * np.sqrt(n)
    return Interval(
        cluster=cluster,
        column=column,
        models=n,
        mean=float(means.mean()),
        standard_error=error,
        low=max(0.0, float(sample.mean() - reach)),
        high=float(sample.mean() + reach),
    )


def _clustering(points: FloatArray) -> Clustering:
    """k-means with Robyn's k: the last whose share of the WSS counts."""
    random = RRandom(SEED)
    n = len(points)
    limit = min(n - 1, MOST_TRIED)
    wss = [float(points.var(axis=0, ddof=1).sum() * (n - 1))]
    for k in range(2, limit + 1):
        centres = points[random.sample(n, k)]
        tried = kmeans(points, centres, TRIED_ITERATIONS)
        wss.append(float(tried.within.sum()))
    drop = -np.diff(np.array(wss) / wss[0])
    counts = np.flatnonzero(drop > WSS_SHARE) + 2
    k = int(np.clip(counts.max(initial=FEWEST), FEWEST, min(MOST, limit)))
    return kmeans(points, points[random.sample(n, k)], limit)


def _scaled(hyperparameters: FloatArray) -> FloatArray:
    """To [0, 1] over the models at hand; 1 where all are the same."""
    low, high = hyperparameters.min(axis=0), hyperparameters.max(axis=0)
    spread = np.where(high > low, high - low, 1.0)
    return np.where(high > low, (hyperparameters - low) / spread, 1.0)
