"""What is deployed as functions: the archive, and that it starts by itself."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from mmmflow.messaging import topology

from infra import package

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-functions.lock"
FUNCTIONS = (*topology.SUBSCRIPTIONS, "api")
DEPLOYED = {
    "MMMFLOW_PROJECT": "mmm-dev",
    "MMMFLOW_REGION": "europe-west3",
    "MMMFLOW_PREFIX": "mmmflow-dev",
    "MMMFLOW_UPLOADS_BUCKET": "mmm-dev-uploads",
    "MMMFLOW_DATA_BUCKET": "mmm-dev-data",
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package.write(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def unpacked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    with zipfile.ZipFile(archive) as staged:
        staged.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def python() -> Path:
    """An interpreter that has what is deployed and nothing else.

    Kept for as long as the lock is the same.
    """
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / f"functions-venv-{key}"
    whole = folder / "whole"
    found = folder / "bin" / "python"
    if whole.exists():
        return found
    uv = [sys.executable, "-m", "uv", "--quiet"]
    venv = [*uv, "venv", "--clear", "--python", sys.executable, str(folder)]
    subprocess.run(venv, check=True)
    install = ["pip", "install", "--python", str(found), "--require-hashes"]
    subprocess.run([*uv, *install, "-r", str(LOCK)], check=True)
    whole.touch()
    return found


def test_the_same_source_gives_the_same_bytes() -> None:
    assert package.archive() == package.archive()


def test_the_archive_is_named_by_its_checksum(archive: Path) -> None:
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert archive.name == f"mmmflow-{checksum}.zip"


def test_an_earlier_archive_does_not_stay_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mmmflow-0.zip").touch()
    path = package.write(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_it_holds_the_source_with_schemas_and_page_and_no_more(
    unpacked: Path,
) -> None:
    assert sorted(p.name for p in unpacked.iterdir()) == [
        "main.py",
        "mmmflow",
        "requirements.txt",
    ]
    schemas = unpacked / "mmmflow" / "schemas"
    assert {p.name for p in schemas.iterdir()} == {
        p.name for p in (ROOT / "schemas").iterdir()
    }
    assert not schemas.is_symlink()
    assert (unpacked / "mmmflow" / "page" / "index.html").is_file()
    assert not (unpacked / "mmmflow" / "local").exists()
    assert not list(unpacked.rglob("__pycache__"))
    assert not list(unpacked.rglob("test*"))


def test_every_requirement_is_pinned_by_a_hash(unpacked: Path) -> None:
    text = (unpacked / "requirements.txt").read_text()
    wanted = [line for line in text.splitlines() if line and line[0].isalnum()]
    assert any(line.startswith("functions-framework==") for line in wanted)
    assert all("==" in line for line in wanted)
    assert text.count("--hash=sha256:") >= len(wanted)
    assert "pytest" not in text


def _run(python: Path, folder: Path, program: str) -> str:
    env = {"PATH": os.environ["PATH"], **DEPLOYED}
    ended = subprocess.run(
        [python, "-W", "error::ImportWarning", "-c", program],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_entry_point_starts_from_the_archive(
    unpacked: Path, python: Path, function: str
) -> None:
    """It starts, and refuses what is no event, or who is nobody."""
    program = (
        "import functions_framework as framework\n"
        f"app = framework.create_app({function!r}, 'main.py')\n"
        "answer = app.test_client().post('/', json={})\n"
        "print('answered', answer.status_code)\n"
    )
    status = "401" if function == "api" else "400"
    assert f"answered {status}" in _run(python, unpacked, program)


def test_everything_that_is_deployed_can_be_imported(
    unpacked: Path, python: Path
) -> None:
    program = (
        "import importlib, pkgutil, mmmflow\n"
        "found = pkgutil.walk_packages(mmmflow.__path__, 'mmmflow.')\n"
        "print(len([importlib.import_module(m.name) for m in found]))\n"
    )
    assert int(_run(python, unpacked, program)) > 100
