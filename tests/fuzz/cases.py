"""Generated cases of the API's contract, each answered and checked."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import functions_framework
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from mmmflow import wiring
from mmmflow.domain import paths
from mmmflow.local.runner import SOURCE
from mmmflow.steps.collect import collect
from mmmflow.steps.launch import launch
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from tests.steps.world import World

CONTRACT = resources.files("mmmflow").joinpath("schemas", "openapi.yaml")
# What the contract can't say: that a SELECT parses, that a column exists.
# Requests that keep to it may be refused with 400 all the same.
EXCLUDED = ("positive_data_acceptance",)
# An archive's beginning, and then anything.
schemathesis.openapi.media_type(
    "application/zip", st.binary(max_size=2000).map(b"PK\x03\x04".__add__)
)
# The framework answers paths of several lines itself, with its own 404.
_LINE_END = "\n"


@dataclass(frozen=True)
class Finding:
    operation: str
    what: str
    curl: str


@dataclass
class Run:
    operations: int = 0
    cases: int = 0
    findings: list[Finding] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


def fuzz(cases: int, first_seed: int) -> Run:
    """About that many cases, spread over all operations."""
    run = Run()
    schema = schemathesis.openapi.from_path(str(CONTRACT))
    operations = [
        found.ok()
        for found in schema.get_all_operations()
        if isinstance(found, Ok)
    ]
    run.operations = len(operations)
    with tempfile.TemporaryDirectory() as folder:
        furnished = _furnished(Path(folder) / "furnished")
        for index, operation in enumerate(operations):
            world = furnished.copy(Path(folder) / str(index))
            until = cases * (index + 1) // len(operations)
            with _served(world) as app:
                asked = _Asked(run, operation, app, world, first_seed)
                asked.answered(
                    GenerationMode.NEGATIVE, (until - run.cases) // 2
                )
                asked.answered(GenerationMode.POSITIVE, until - run.cases)
    return run


@dataclass
class _Asked:
    """One operation, asked in a world."""

    run: Run
    operation: Any
    app: Any
    world: World
    seed: int

    def answered(self, mode: GenerationMode, most: int) -> None:
        """Up to that many cases; fewer where there are no more."""
        if most < 1:
            return
        known = _known(self.world) if mode is GenerationMode.POSITIVE else {}

        @seed(self.seed)
        @settings(
            max_examples=most,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=self.operation.as_strategy(generation_mode=mode),
            real=st.fixed_dictionaries(
                {
                    name: st.sampled_from(values)
                    for name, values in known.items()
                }
            ),
            is_real=st.booleans(),
        )
        def answer(
            case: Case[Any], real: dict[str, str], is_real: bool
        ) -> None:
            for name in set(case.path_parameters) & set(real):
                if is_real:
                    case.path_parameters[name] = real[name]
            if _LINE_END not in unquote(case.formatted_path):
                self._answer(case)

        # Some operations take any request: none can break the contract.
        with suppress(Unsatisfiable):
            answer()

    def _answer(self, case: Case[Any]) -> None:
        self.run.cases += 1
        response = case.call(app=self.app)
        self.run.statuses[str(response.status_code)] += 1
        try:
            case.validate_response(response, checks=_checks())
        except FailureGroup as failed:
            what = "\n".join(str(one) for one in failed.exceptions)
            found = Finding(self.operation.label, what, case.as_curl_command())
            self.run.findings.append(found)


def _checks() -> list[Any]:
    return [
        CHECKS.get_one(name)
        for name in CHECKS.get_all_names()
        if name not in EXCLUDED
    ]


def _furnished(home: Path) -> World:
    """A world with something of everything, for requests to find."""
    world = World(home)
    world.prepared()
    done, queued = world.queued(2)
    body = {"message_id": "m", "correlation_id": "c", "queue": "default"}
    launch(world.message("queue.changed", **body), world.ports)
    folder = paths.attempt_folder(world.run(done), 1)
    table = b"model_id,nrmse,selected\n1_2_1,0.1,True\n1_3_1,NA,False\n"
    world.put(f"{folder}/results/models.csv", table)
    world.put(f"{folder}/results/onepager.png", b"a picture")
    world.put(f"{folder}/robyn_console.log", "made – in DE\n".encode())
    collect(world.succeeded(done), world.ports)
    del queued
    return world


def _known(world: World) -> dict[str, list[str]]:
    """Parts of paths that lead to something, by their name."""
    ids = [e["id"] for e in world.all("experiments")]
    ids += [d["id"] for d in world.all("datasets")]
    return {
        "id": ids,
        "country": ["DE"],
        "goal": ["revenue"],
        "scope": ["universal", "DE"],
        "version": ["v1"],
        "name": [
            "default",
            "models",
            "results/models.csv",
            "experiment.json",
            "app.js",
        ],
    }


@contextmanager
def _served(world: World) -> Iterator[Any]:
    with patch.object(wiring, "ports", lambda: world.ports):
        yield functions_framework.create_app("api", str(SOURCE))
