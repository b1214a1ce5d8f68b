"""Robyn's Pareto fronts, error scores, convergence and clusters, again."""

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from mmmflow_native.choice.clusters import Clusters, clusters
from mmmflow_native.choice.convergence import convergence
from mmmflow_native.choice.pareto import Pareto, error_scores, pareto
from mmmflow_native.model.problem import FloatArray

SHAPING = ("thetas", "shapes", "scales", "alphas", "gammas", "penalty")


class Reference(Protocol):
    """What these tests ask of the `reference` fixture."""

    directory: Path
    solutions: Mapping[str, FloatArray]
    solution_ids: tuple[str, ...]
    run: Mapping[str, Any]


def _rows(path: Path) -> list[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as file:
        return list(csv.DictReader(file))


def _error(reference: Reference, *names: str) -> FloatArray:
    """The first of these errors that the run has; 0 without lift tests."""
    solutions = reference.solutions
    for name in names:
        if name in solutions:
            return solutions[name]
    return np.zeros(len(reference.solution_ids))


@pytest.fixture(scope="module")
def fronts(reference: Reference) -> Pareto:
    return pareto(
        _error(reference, "nrmse"),
        _error(reference, "decomp.rssd"),
        _error(reference, "mape"),
    )


@pytest.fixture(scope="module")
def kept_ids(reference: Reference, fronts: Pareto) -> list[str]:
    ids = np.array(reference.solution_ids)
    return [str(name) for name in ids[fronts.kept]]


@pytest.fixture(scope="module")
def families(reference: Reference, fronts: Pareto) -> Clusters:
    names = [
        name
        for kind in SHAPING
        for name in reference.solutions
        if name.endswith(f"_{kind}")
    ]
    found = clusters(
        np.column_stack([reference.solutions[n] for n in names])[fronts.kept],
        _error(reference, "nrmse_test", "nrmse")[fronts.kept],
        _error(reference, "decomp.rssd")[fronts.kept],
        _error(reference, "mape")[fronts.kept],
    )
    assert found is not None
    return found


def test_every_model_is_on_robyns_front(
    reference: Reference, fronts: Pareto
) -> None:
    rows = _rows(reference.directory / "run_all_solutions.csv.gz")
    theirs = [
        0 if row["robynPareto"] in ("", "NA") else int(row["robynPareto"])
        for row in rows
    ]
    assert fronts.front.tolist() == theirs


def test_as_many_fronts_are_kept(reference: Reference, fronts: Pareto) -> None:
    assert fronts.fronts == reference.run["pareto_fronts"]


def test_the_models_kept_are_robyns(
    reference: Reference, kept_ids: list[str]
) -> None:
    assert set(kept_ids) == set(reference.run["solutions"])


def test_error_scores_are_robyns(reference: Reference) -> None:
    ours = error_scores(
        _error(reference, "nrmse_test", "nrmse"),
        _error(reference, "decomp.rssd"),
        _error(reference, "mape"),
    )
    theirs = reference.solutions["error_score"]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_convergence_is_told_in_robyns_words(reference: Reference) -> None:
    found = convergence(
        reference.solutions["trial"].astype(np.int64),
        {
            "DECOMP.RSSD": _error(reference, "decomp.rssd"),
            "MAPE": _error(reference, "mape"),
            "NRMSE": _error(reference, "nrmse"),
        },
    )
    assert [c.message for c in found] == reference.run["convergence"]


def test_there_are_as_many_clusters(
    reference: Reference, families: Clusters
) -> None:
    assert families.k == reference.run["n_clusters"]


def test_every_model_is_in_robyns_cluster(
    reference: Reference, families: Clusters, kept_ids: list[str]
) -> None:
    theirs = {
        row["solID"]: int(row["cluster"])
        for row in _rows(reference.directory / "run_clusters.csv")
    }
    ours = dict(zip(kept_ids, families.cluster.tolist(), strict=True))
    assert ours == {name: theirs.get(name, 0) for name in kept_ids}


def test_the_best_of_every_cluster_is_robyns(
    reference: Reference, families: Clusters, kept_ids: list[str]
) -> None:
    theirs = _rows(reference.directory / "run_cluster_models.csv")
    ours = [kept_ids[i] for i in families.best]
    assert ours == [row["solID"] for row in theirs]
