"""Hartigan and Wong's k-means ends where no single move helps."""

import numpy as np
import pytest
from mmmflow_native.choice.kmeans import kmeans


@pytest.fixture
def points() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    random = np.random.default_rng(0)
    middles = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    return np.concatenate(
        [middle + random.normal(0, 0.3, (20, 2)) for middle in middles]
    )


def test_clear_clusters_are_found(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    found = kmeans(points, points[[0, 1, 2]], 10)
    families = {tuple(found.cluster[i : i + 20]) for i in (0, 20, 40)}
    assert all(len(set(family)) == 1 for family in families)
    assert len(families) == 3


def test_no_point_is_better_off_in_another_cluster() -> None:
    random = np.random.default_rng(1)
    cloud = random.random((60, 4))
    k = 5
    found = kmeans(cloud, cloud[:k], 50)
    for i, own in enumerate(found.cluster):
        for other in set(range(k)) - {int(own)}:
            moved = found.cluster.copy()
            moved[i] = other
            assert _within(cloud, moved, k) >= found.within.sum() - 1e-12


def _within(
    cloud: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    cluster: np.ndarray[tuple[int], np.dtype[np.int64]],
    k: int,
) -> float:
    return sum(
        float(((own - own.mean(axis=0)) ** 2).sum())
        for own in (cloud[cluster == c] for c in range(k))
        if len(own)
    )


def test_sums_of_squares_are_about_the_means(
    points: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    found = kmeans(points, points[[0, 30]], 10)
    assert found.within.sum() == pytest.approx(
        _within(points, found.cluster, 2)
    )
