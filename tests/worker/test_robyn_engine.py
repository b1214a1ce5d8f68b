"""The Robyn engine's launcher, with a script in R's place."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from mmmflow_robyn import presence
from mmmflow_robyn.columns import TABLES
from mmmflow_robyn.tables import NotATableError, convert, read, write_csv
from mmmflow_worker import engine

SUMMARY = {"selected": {"model_id": "1_1_1"}}


@pytest.fixture
def rscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to be filled: what is called when Rscript is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "Rscript"
    script.write_text(f"#!{sys.executable}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return script


def says(script: Path, code: str) -> None:
    """Make R do this; `out` and `progress` are as it is told."""
    script.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, sys, time\n"
        "told = dict(zip(sys.argv[4::2], sys.argv[5::2]))\n"
        "out = pathlib.Path(told['--output'])\n"
        "out.mkdir()\n" + code
    )


def status(**fields: str) -> str:
    body = json.dumps({"schema_version": 1, **fields})
    return f"(out / 'status.json').write_text({body!r})\n"


def launched(folder: Path) -> "subprocess.Popen[bytes]":
    (folder / "in").mkdir(exist_ok=True)
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "mmmflow_robyn"),
            *("--input", str(folder / "in"), "--output", str(folder / "out")),
            *("--processes", "3"),
        ]
    )


def ended(folder: Path) -> tuple[int, dict[str, str]]:
    """The exit code and status.json of a run; {} without one."""
    code = launched(folder).wait(30)
    path = folder / "out" / "status.json"
    return code, json.loads(path.read_text()) if path.is_file() else {}


def test_the_supervisor_knows_the_engine() -> None:
    assert list(engine.COMMANDS["robyn"][1:]) == ["-m", "mmmflow_robyn"]


def test_r_is_told_its_folders_and_how_many_processes(
    rscript: Path, tmp_path: Path
) -> None:
    says(
        rscript,
        "(out.parent.parent.parent / 'told.json').write_text(json.dumps("
        "[told, os.environ['LC_ALL']]))\n"
        + status(status="skipped", reason="nothing was spent"),
    )
    code, said = ended(tmp_path)
    told, locale = json.loads((tmp_path / "told.json").read_text())
    assert told["--processes"] == "3"
    assert Path(told["--progress"]) == tmp_path / "out" / "progress.json"
    assert locale == "C.UTF-8"
    assert (code, said["reason"]) == (0, "nothing was spent")


def test_what_r_says_went_wrong_is_the_runs(
    rscript: Path, tmp_path: Path
) -> None:
    says(
        rscript,
        status(status="failed", step="search", error="no memory", hint="more")
        + "sys.exit(1)",
    )
    code, said = ended(tmp_path)
    assert code == 1
    assert (said["step"], said["error"]) == ("search", "no memory")


def test_where_r_dies_without_a_word_the_run_says_nothing(
    rscript: Path, tmp_path: Path
) -> None:
    """The supervisor takes that for a machine's failure, and retries it."""
    says(rscript, "os.kill(os.getpid(), 9)")
    assert ended(tmp_path) == (1, {})


def test_without_r_the_run_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, said = ended(tmp_path)
    assert code == 1
    assert said["error"] == "there is no Rscript on the PATH"
    assert presence.missing() is not None


def test_a_result_without_a_table_is_no_result(
    rscript: Path, tmp_path: Path
) -> None:
    says(
        rscript,
        "(out / 'results').mkdir()\n"
        f"(out / 'model_summary.json').write_text({json.dumps(SUMMARY)!r})\n"
        + status(status="succeeded"),
    )
    code, said = ended(tmp_path)
    assert code == 1
    assert said["step"] == "output"
    assert "R wrote no table" in said["error"]
    assert not (tmp_path / "out" / "results").exists()


def test_r_is_ended_with_the_run(rscript: Path, tmp_path: Path) -> None:
    says(
        rscript,
        "(out.parent.parent.parent / 'pid').write_text(str(os.getpid()))\n"
        "time.sleep(60)",
    )
    process = launched(tmp_path)
    pid = tmp_path / "pid"
    until = time.monotonic() + 20
    while not (pid.is_file() and pid.read_text()):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(4) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    said = json.loads((tmp_path / "out" / "status.json").read_text())
    assert said["error"] == "stopped"
    assert not (tmp_path / "out" / ".robyn").exists()


def test_parquet_becomes_csv_that_r_reads(tmp_path: Path) -> None:
    table = pa.table(
        {
            "day": [date(2024, 12, 30)],
            "stamp": [datetime(2024, 12, 30, tzinfo=UTC)],
            "flag": [True],
            "event": pa.array(["a, b"]).dictionary_encode(),
            "number": [0.1],
            "nothing": pa.array([None], pa.float64()),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    write_csv(tmp_path / "a.parquet", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        '"day","stamp","flag","event","number","nothing"',
        '"2024-12-30","2024-12-30",1,"a, b",0.1,',
    ]


def test_a_table_of_rs_gets_its_types(tmp_path: Path) -> None:
    header = ["model_id", "channel", *list(TABLES["response_curves"])[2:]]
    path = tmp_path / "response_curves.csv"
    path.write_text(
        ",".join(header)
        + "\n1_1_1,tv,tv_s,0.10000000000000001,,1,2,3,true,false\n"
    )
    found = read(path)
    assert found["spend"].tolist() == [0.1]
    assert np.isnan(found["response"]).all()
    assert found["current"].dtype == np.bool_
    assert found["channel"].tolist() == ["tv"]


def test_columns_that_a_table_does_not_have_are_refused(
    tmp_path: Path,
) -> None:
    for name in TABLES:
        (tmp_path / f"{name}.csv").write_text("wrong\n")
    with pytest.raises(NotATableError, match="other columns"):
        convert(tmp_path, tmp_path)
