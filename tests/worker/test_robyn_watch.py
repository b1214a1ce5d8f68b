"""What lets a trial of Robyn tell how far it is: r-worker/watch.py."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nevergrad
import pytest

PATH = Path(__file__).parents[2] / "r-worker" / "watch.py"
ALGORITHM = "TwoPointsDE"
ITERATIONS = 80


@pytest.fixture
def watch() -> Iterator[ModuleType]:
    """The module; nevergrad's registry is put back afterwards."""
    registry = nevergrad.optimizers.registry
    before = registry[ALGORITHM]
    spec = importlib.util.spec_from_file_location("watch", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    registry.unregister(ALGORITHM)
    registry.register_name(ALGORITHM, before)


def searched() -> list[list[float]]:
    """What a search with two objectives asks for, as Robyn drives it."""
    space = nevergrad.p.Array(shape=(3,), lower=0, upper=1)
    space.random_state.seed(5)
    optimizer: Any = nevergrad.optimizers.registry[ALGORITHM](
        space, budget=ITERATIONS, num_workers=1
    )
    optimizer.tell(nevergrad.p.MultiobjectiveReference(), (1.0, 1.0))
    asked = []
    for _ in range(ITERATIONS):
        candidate = optimizer.ask()
        asked.append(candidate.value.tolist())
        first, second, third = candidate.value
        optimizer.tell(candidate, (first, (second - third) ** 2))
    return asked


def test_a_search_that_is_watched_is_the_same_search(
    watch: ModuleType, tmp_path: Path
) -> None:
    before = searched()
    watch.watch(ALGORITHM, str(tmp_path / "progress.json"))
    assert searched() == before


def test_it_tells_the_iteration_and_the_errors_nearest_to_none(
    watch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SECONDS_BETWEEN", 0.0)
    path = tmp_path / "progress.json"
    watch.watch(ALGORITHM, str(path))
    asked = searched()
    errors = [(a, (b - c) ** 2) for a, b, c in asked]
    nrmse, rssd = min(errors, key=lambda e: e[0] ** 2 + e[1] ** 2)
    assert json.loads(path.read_text()) == {
        "iteration": ITERATIONS,
        "best": {"nrmse": nrmse, "decomp_rssd": rssd},
    }


def test_a_trial_whose_parent_has_died_ends(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(PATH.parent)!r})\n"
        "import watch\n"
        "report = watch._Report(sys.argv[1])\n"
        "report._parent = -1\n"
        "report(None, None, None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "progress.json")],
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
