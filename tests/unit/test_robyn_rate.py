"""Robyn's rate is measured where it is installed, else the reason is told."""

import os
from pathlib import Path

import pytest

from tests.bench.robyn_rate import NoRobynError, robyn_rate, robynpy_rate

LOADS = 'if [ "$1" = -e ]; then exit 0; fi\n'


def install(folder: Path, script: str, patch: pytest.MonkeyPatch) -> None:
    """Put an Rscript on the PATH that does what the shell's lines say."""
    rscript = folder / "Rscript"
    rscript.write_text(f"#!/bin/sh\n{script}\n")
    rscript.chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def reason(reference: Path, timeout_seconds: float = 10.0) -> str:
    with pytest.raises(NoRobynError) as caught:
        robyn_rate(reference, timeout_seconds=timeout_seconds)
    return str(caught.value)


def test_the_rate_is_evaluations_by_seconds_of_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = '{"evaluations": 30, "seconds": 2.5}'
    script = f"{LOADS}echo '  Running trial 1'; echo '{figures}'"
    install(tmp_path, script, monkeypatch)
    assert robyn_rate(tmp_path) == 12.0


def test_r_is_given_its_script_the_reference_and_the_iterations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given"
    script = f'{LOADS}echo "$(basename "$1") $2 $3" > {given}; exit 1'
    install(tmp_path, script, monkeypatch)
    with pytest.raises(NoRobynError):
        robyn_rate(tmp_path / "weekly", iterations=40)
    assert given.read_text() == f"robyn_rate.R {tmp_path}/weekly 40\n"


def test_r_works_in_the_collation_of_c_on_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(
        tmp_path, 'echo "$LC_ALL $OMP_NUM_THREADS" >&2; exit 1', monkeypatch
    )
    assert reason(tmp_path) == "C.UTF-8 1"


def test_without_rscript_the_reason_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason(tmp_path) == "no Rscript on the PATH"


def test_without_the_package_the_reason_is_rs_error_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
    echo 'Warning: no time zone' >&2
    echo 'Error in library(Robyn) :' >&2
    echo '  there is no package called Robyn' >&2
    echo 'Execution halted' >&2
    exit 1"""
    install(tmp_path, script, monkeypatch)
    assert reason(tmp_path) == (
        "Error in library(Robyn) : there is no package called Robyn"
    )


def test_a_search_that_fails_is_a_reason_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"{LOADS}echo 'Error: you must have nevergrad' >&2; exit 1"
    install(tmp_path, script, monkeypatch)
    assert reason(tmp_path) == "Error: you must have nevergrad"


def test_r_is_stopped_when_it_takes_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "exec sleep 20", monkeypatch)
    assert reason(tmp_path, 0.1) == "Rscript took more than 0.1 seconds"


@pytest.mark.parametrize("printed", ["", "done", '{"seconds": 3}', "[]"])
def test_without_figures_there_is_no_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    install(tmp_path, f"{LOADS}echo '{printed}'", monkeypatch)
    assert reason(tmp_path) == "robyn_rate.R printed no figures"


def python_that(folder: Path, script: str, patch: pytest.MonkeyPatch) -> None:
    """An interpreter for robynpy that does what the shell's lines say."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    patch.setenv("ROBYNPY_PYTHON", str(python))


def test_robynpy_is_measured_by_the_interpreter_that_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = '{"evaluations": 30, "seconds": 1.5}'
    script = f"""
    if [ "$1" = -c ]; then exit 0; fi
    test "$(basename "$1") $2 $3" = "robynpy_rate.py {tmp_path} 40" || exit 1
    echo '{figures}'"""
    python_that(tmp_path, script, monkeypatch)
    assert robynpy_rate(tmp_path, iterations=40) == 20.0


def test_without_robynpy_the_reason_is_pythons_error_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = "ModuleNotFoundError: No module named 'robyn'"
    script = f'echo Traceback: >&2; echo "{error}" >&2; exit 1'
    python_that(tmp_path, script, monkeypatch)
    with pytest.raises(NoRobynError) as caught:
        robynpy_rate(tmp_path)
    assert str(caught.value) == error


def test_an_interpreter_that_is_not_there_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROBYNPY_PYTHON", "/nowhere/python")
    with pytest.raises(NoRobynError, match="there is no /nowhere/python"):
        robynpy_rate(tmp_path)
