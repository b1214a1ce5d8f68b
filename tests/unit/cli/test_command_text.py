"""What the command line prints cannot harm, and can be read."""

import json
from datetime import UTC, datetime

import pytest
from mmmflow.cli import text, wording


def test_a_name_from_elsewhere_does_not_steer_the_terminal() -> None:
    assert text.harmless("a\x1b[2Jb\x9bc\r") == "a�[2Jb�c�"
    assert text.harmless("a\tb\n") == "a\tb\n"


def test_json_holds_no_control_character_and_reads_back_the_same() -> None:
    content = {"name": "a\x1b\x9bé"}
    written = text.as_json(content)
    assert "\x1b" not in written
    assert "\x9b" not in written
    assert json.loads(written) == content


def test_a_table_cuts_nothing_off_and_aligns_figures_to_the_right() -> None:
    shown = text.table(
        ("channel", "spend"), [("tv", "5"), ("a" * 90, "1,000")], ("spend",)
    )
    lines = shown.splitlines()
    assert "a" * 90 in shown
    assert len({len(line) for line in lines}) == 1


def test_a_cell_stays_on_one_line() -> None:
    assert text.cell("two\n lines") == "two lines"
    assert text.cell(None) == "–"
    assert text.cell(True) == "yes"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (1234567.8, "1,234,568"),
        (0.5, "0.5"),
        (3, "3"),
        (0.05512, "0.0551"),
    ],
)
def test_numbers_are_readable(value: float | None, shown: str) -> None:
    assert text.number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.2, "0 s"), (61, "1 min 1 s"), (3600, "1 h"), (90061, "1 d 1 h")],
)
def test_a_span_has_its_two_largest_units(seconds: float, shown: str) -> None:
    assert text.span(seconds) == shown


def test_an_age_has_one_unit() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert text.age("2026-11-20T10:30:00+00:00", now) == "1 h ago"


def running(**progress: object) -> dict[str, object]:
    return {
        "started_at": "2026-11-20T10:00:00+00:00",
        "progress": {
            "step": "search",
            "updated_at": "2026-11-20T10:01:00+00:00",
            **progress,
        },
    }


def test_the_time_left_follows_from_the_speed_so_far() -> None:
    half = running(iteration=500, iterations=1000)
    assert wording.time_left(half) == 60.0


def test_trials_that_follow_each_other_count_as_one_search() -> None:
    second = running(iteration=500, iterations=1000, trial=2, trials=2)
    assert wording.time_left(second) == 20.0


def test_no_time_is_told_before_the_speed_is_known() -> None:
    assert wording.time_left(running(iteration=1, iterations=1000)) is None
    assert wording.time_left({"progress": None}) is None
