"""The commands as a person types them, on a system of their own."""

import json
import logging
import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from mmmflow import wiring
from mmmflow.cli import failures
from mmmflow.cli.app import COMMANDS, main
from mmmflow.cli.session import Documented, leaves

Run = Callable[..., Result]
MAPPING = {
    "schema_version": 1,
    "date": "day",
    "country": "market",
    "goals": [{"column": "revenue", "type": "revenue"}],
    "columns": {"tv": {"category": "paid_spend", "channel": "tv"}},
}
DOCS = Path(__file__).resolve().parents[3] / "docs"
UNKNOWN = "20261120T104512Z-1f3a9c0b77de"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("MMMFLOW_HOME", str(home))
    monkeypatch.delenv("MMMFLOW_URL", raising=False)
    wiring.ports.cache_clear()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def typed(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=stdin, prog_name="mmmflow")

    yield typed
    wiring.ports.cache_clear()
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers = handlers
    root.setLevel(level)


EVERY = list(leaves(COMMANDS))


@pytest.mark.parametrize("words", [w for w, _ in EVERY], ids=" ".join)
def test_every_command_has_help_with_an_example(
    run: Run, words: tuple[str, ...]
) -> None:
    shown = run(*words, "--help")
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert f"mmmflow {' '.join(words)}" in shown.output


@pytest.mark.parametrize(
    ("words", "command"),
    EVERY,
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_every_example_is_a_call_that_the_program_understands(
    words: tuple[str, ...], command: Documented
) -> None:
    for example in command.examples:
        called = example.rpartition("| ")[2].partition(" > ")[0]
        typed = shlex.split(called)
        given = typed[typed.index(words[0]) + len(words) :]
        command.make_context(" ".join(words), given)


@pytest.mark.parametrize(
    "page",
    [*DOCS.glob("*.md"), DOCS.parent / "README.md"],
    ids=lambda p: p.stem,
)
def test_every_command_that_the_docs_name_is_there(page: Path) -> None:
    code = "".join(re.findall(r"(?s)```.*?```|`[^`]+`", page.read_text()))
    named = re.findall(r"(?m)(?:^|`|\$ )mmmflow ([a-z][a-z-]+)", code)
    assert set(named) <= set(main.commands)


def test_nothing_is_there_at_first(run: Run) -> None:
    assert run("ls").output == "None.\n"
    assert json.loads(run("ls", "--json").output) == []


def test_what_was_submitted_is_listed_shown_and_cancelled(run: Run) -> None:
    made = run("submit", "--country", "DE", "--label", "team=x", "--json")
    assert made.exit_code == 0, made.output
    id = json.loads(made.stdout)["experiments"][0]["id"]
    listed = run("ls", "--label", "team=x", "--json")
    assert [one["id"] for one in json.loads(listed.stdout)] == [id]
    assert "team=x" in run("show", "last").output
    cancelled = run("cancel", id, "--why", "a mistake")
    assert "CANCELLED" in cancelled.output


def test_the_same_request_twice_makes_nothing_twice(run: Run) -> None:
    for _ in range(2):
        assert run("submit", "--country", "DE").exit_code == 0
    assert len(json.loads(run("ls", "--json").stdout)) == 1


def test_a_sweep_makes_every_combination(run: Run) -> None:
    made = run(
        "sweep",
        "--over",
        "country=DE,FR",
        "--over",
        "seed=1,2,3",
        "--dry-run",
        "--json",
    )
    assert json.loads(made.stdout)["experiments"] == 6


def test_a_batch_is_refused_whole_with_every_wrong_row(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "batch.csv"
    file.write_text("country;preset\nDE;test\nFR;huge\n")
    refused = run("batch", str(file))
    assert refused.exit_code == failures.SAYS_NO
    assert "row" in refused.stderr
    assert json.loads(run("ls", "--json").stdout) == []
    assert run("batch", str(file), "--partial").exit_code == 0


def test_a_mapping_is_validated_pushed_listed_and_compared(
    run: Run, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    first.write_text(json.dumps(MAPPING))
    second.write_text(json.dumps({**MAPPING, "country": None}))
    assert run("mapping", "validate", str(first)).exit_code == 0
    pushed = run("mapping", "push", str(first), "--version", "v1")
    assert pushed.exit_code == 0, pushed.output
    assert run("mapping", "push", str(first), "--version", "v1").exit_code == 0
    taken = run("mapping", "push", str(second), "--version", "v1")
    assert taken.exit_code == failures.SAYS_NO
    compared = run("mapping", "diff", str(first), str(second))
    assert compared.output == "country: market → none\n"


def test_a_mapping_that_is_none_fails_its_validation(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"schema_version": 1}')
    assert run("mapping", "validate", str(file)).exit_code == failures.SAYS_NO
    file.write_text("{")
    assert run("mapping", "validate", str(file)).exit_code == failures.USAGE


def test_a_secret_comes_from_a_file_or_standard_input_and_is_never_shown(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("hunter2\n")
    said = [
        run("secrets", "save", "chat-url", "--file", str(file)),
        run("secrets", "rotate", "chat-url", stdin="hunter2\n"),
        run("secrets", "show", "chat-url"),
        run("secrets", "clear", "chat-url", "--yes"),
    ]
    assert [one.exit_code for one in said] == [0, 0, 0, 0]
    assert not any("hunter2" in one.output for one in said)
    refused = run("secrets", "save", "chat-url", "hunter2")
    assert refused.exit_code == failures.USAGE


def test_a_queue_is_set_paused_and_resumed(run: Run) -> None:
    assert run("queue", "parallelism", "night", "7").exit_code == 0
    assert run("queue", "caps", "night", "--runs", "5").exit_code == 0
    assert run("queue", "pause", "night").exit_code == 0
    shown = json.loads(run("queue", "show", "night", "--json").stdout)
    assert (shown["parallelism"], shown["daily_runs"]) == (7, 5)
    assert shown["paused"] is True
    assert run("queue", "resume", "night").exit_code == 0
    assert run("queue", "pause", "--all", "--why", "a check").exit_code == 0
    assert "a check" in run("doctor").output


def test_a_standing_experiment_is_made_switched_off_and_deleted(
    run: Run,
) -> None:
    made = run(
        "standing",
        "add",
        *("--country", "DE", "--preset", "test", "--every-hours", "24"),
        "--json",
    )
    assert made.exit_code == 0, made.output
    id = json.loads(made.stdout)["id"]
    assert run("standing", "disable", id).exit_code == 0
    listed = json.loads(run("standing", "list", "--json").stdout)
    assert [(one["id"], one["enabled"]) for one in listed] == [(id, False)]
    assert run("standing", "delete", id, "--yes").exit_code == 0


def test_costs_are_a_table_csv_and_json(run: Run) -> None:
    ports = wiring.ports()
    from mmmflow.ports import Create

    day = {
        "schema_version": 1,
        "day": "2026-11-02",
        "currency": "USD",
        "total": 1.5,
        "services": {"Cloud Run": 1.5},
        "categories": {"compute": 1.5},
        "updated_at": "2026-11-03T00:00:00+00:00",
    }
    ports.documents.commit([Create("costs", "2026-11-02", day)])
    since = ("--since", "2026-11-01", "--until", "2026-11-30")
    assert "compute" in run("costs", *since).output
    as_csv = run("costs", *since, "--csv").stdout.splitlines()
    assert as_csv == [
        "day,service,cost,currency",
        "2026-11-02,Cloud Run,1.5,USD",
    ]
    assert json.loads(run("costs", *since, "--json").stdout)["total"] == 1.5


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ls", "--state", "GONE"), failures.USAGE),
        (("nothing",), failures.USAGE),
        (("show", "5"), failures.USAGE),
        (("show", UNKNOWN), failures.SAYS_NO),
        (("results", "last"), failures.SAYS_NO),
        (("ls", "--url", "http://127.0.0.1:9"), failures.NOT_REACHABLE),
        (("ls", "--url", "http://example.com"), failures.USAGE),
        (("upload", "DE", "nowhere.csv"), failures.USAGE),
        (("submit", "--set", "country"), failures.USAGE),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else "",
)
def test_an_error_is_one_line_with_its_exit_code(
    run: Run, words: tuple[str, ...], code: int
) -> None:
    ended = run(*words)
    assert ended.exit_code == code
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1


def test_a_script_gets_the_error_as_json(run: Run) -> None:
    ended = run("show", UNKNOWN, "--json")
    problem = json.loads(ended.stderr)["error"]
    assert problem["exit_code"] == failures.SAYS_NO
    assert problem["problems"][0]["what"]


def test_doctor_says_of_each_thing_how_it_stands(run: Run) -> None:
    ended = run("doctor", "--json")
    found = {one["name"]: one for one in json.loads(ended.stdout)}
    assert found["api"]["state"] == "ok"
    assert found["home"]["state"] == "ok"
    assert found["data"]["mend"] == "mmmflow extract, or mmmflow upload"


def test_doctor_ends_with_the_code_of_what_is_wrong(run: Run) -> None:
    ended = run("doctor", "--url", "http://127.0.0.1:9")
    assert ended.exit_code == failures.NOT_REACHABLE
    assert "✗ api" in ended.output


def test_the_program_is_imported_without_what_is_heavy() -> None:
    import subprocess
    import sys

    heavy = "{'flask', 'pandas', 'rich', 'jsonschema', 'requests', 'duckdb'}"
    program = (
        "import sys; import mmmflow.cli.app;"
        f" print(sorted({heavy} & set(sys.modules)))"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]", time.monotonic() - began
