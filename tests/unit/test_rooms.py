"""Which room may know which: the rules of the layout, held by their imports."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import mmmflow
import pytest

PACKAGE = Path(mmmflow.__path__[0])
HEAVY = {"pandas", "numpy", "pyarrow", "duckdb", "sqlglot", "snowflake"}


def imports(path: Path, *, at_start: bool = False) -> Iterator[str]:
    """The modules that the file imports; `at_start`, only when imported."""
    tree = ast.parse(path.read_text())
    for node in tree.body if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def files(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


@pytest.mark.parametrize("path", files("domain"), ids=lambda p: p.stem)
def test_the_domain_knows_the_standard_library_and_itself(path: Path) -> None:
    for module in imports(path):
        root = module.partition(".")[0]
        assert (
            root in sys.stdlib_module_names
            or module.startswith("mmmflow.domain")
            or module == "mmmflow"
        ), f"{path.name} imports {module}"


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in PACKAGE.rglob("*.py")
        if {"local", "cli"}.isdisjoint(path.relative_to(PACKAGE).parts)
    ],
    ids=lambda p: p.stem,
)
def test_only_the_wiring_knows_where_the_functions_run(path: Path) -> None:
    if path.name == "wiring.py":
        return
    known = [m for m in imports(path) if m.startswith("mmmflow.local")]
    assert known == []


@pytest.mark.parametrize("path", files("steps"), ids=lambda p: p.stem)
def test_a_step_imports_nothing_heavy_until_it_is_used(path: Path) -> None:
    roots = {m.partition(".")[0] for m in imports(path, at_start=True)}
    assert roots.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "path", [*files("steps"), *files("upkeep")], ids=lambda p: p.stem
)
def test_steps_and_upkeep_know_the_ports_and_no_cloud(path: Path) -> None:
    known = [m for m in imports(path) if m.startswith("mmmflow.cloud")]
    assert known == []


@pytest.mark.parametrize("path", files("upkeep"), ids=lambda p: p.stem)
def test_upkeep_is_called_from_outside_and_by_the_timer(path: Path) -> None:
    for module in imports(path):
        assert not module.startswith(("mmmflow.api", "mmmflow.cli"))
