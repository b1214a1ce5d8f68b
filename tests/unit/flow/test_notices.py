"""What people are told, in plain words."""

from typing import Any

import pytest
from mmmflow.domain import notices
from mmmflow.domain.notices import Notice

ID = "20261120T104512Z-1f3a9c0b77de"
CHAMPION = {
    "country": "DE",
    "goal": "revenue",
    "experiment_id": ID,
    "score": 0.08123,
    "headline": "NRMSE out of sample 0.100 → 0.081 (good)",
}
CHANGED = {
    "experiment_id": ID,
    "country": "DE",
    "state": "FAILED",
    "attempt": 2,
}
FAILED = {
    "state": "FAILED",
    "goal": "revenue",
    "error": {"step": "search", "error": "no memory", "hint": "ask for more"},
    "result": None,
}


def target(**fields: Any) -> dict[str, Any]:
    return {
        "id": "team",
        "kind": "webhook",
        "events": ["champion.changed", "experiment.failed"],
        "enabled": True,
        "url": "https://example.com/hook",
        **fields,
    }


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("FAILED", "experiment.failed"),
        ("SUCCEEDED", "experiment.succeeded"),
        ("RUNNING", None),
        ("DELETED", None),
    ],
)
def test_only_an_experiments_end_is_worth_telling(
    state: str, event: str | None
) -> None:
    found = notices.event_of("experiment.changed", {"state": state})
    assert found == event


def test_a_target_is_told_what_it_asked_for() -> None:
    assert notices.wants(target(), "champion.changed", CHAMPION)
    assert not notices.wants(target(), "batch.changed", {})


def test_a_disabled_target_is_told_nothing() -> None:
    asked = target(enabled=False)
    assert not notices.wants(asked, "champion.changed", CHAMPION)


def test_a_target_may_ask_for_some_countries_only() -> None:
    german, french = target(countries=["DE"]), target(countries=["FR"])
    assert notices.wants(german, "champion.changed", CHAMPION)
    assert not notices.wants(french, "champion.changed", CHAMPION)


def test_a_batch_is_told_whatever_the_countries() -> None:
    asked = target(countries=["FR"], events=["batch.changed"])
    assert notices.wants(asked, "batch.changed", {"total": 3})


def test_a_champion_is_told_with_its_headline() -> None:
    told = notices.notice("champion.changed", CHAMPION, None)
    assert told.title == "New champion: DE, revenue"
    assert told.text.splitlines() == [
        "NRMSE out of sample 0.100 → 0.081 (good)",
        f"Experiment {ID}, score 0.08123.",
    ]


def test_a_failure_is_told_with_what_to_do() -> None:
    told = notices.notice("experiment.failed", CHANGED, FAILED)
    assert told.title == "A run failed: DE, revenue"
    assert told.text.splitlines() == [
        "In search: no memory",
        f"Experiment {ID}, attempt 2.",
        "What to do: ask for more",
    ]


def test_what_has_moved_on_since_is_told_without_details() -> None:
    retried = {**FAILED, "state": "QUEUED", "error": None}
    told = notices.notice("experiment.failed", CHANGED, retried)
    assert told.text == f"Experiment {ID}, attempt 2."


def test_a_deleted_experiment_is_told_without_details() -> None:
    told = notices.notice("experiment.failed", CHANGED, None)
    assert told.title == "A run failed: DE"


def test_a_success_is_told_with_its_quality() -> None:
    done = {
        "state": "SUCCEEDED",
        "goal": "revenue",
        "error": None,
        "result": {"score": 0.0812, "quality": {"word": "good"}},
    }
    body = {**CHANGED, "state": "SUCCEEDED"}
    told = notices.notice("experiment.succeeded", body, done)
    assert told.text.startswith("Error 0.0812, good.")


def test_a_batch_is_told_by_its_ends() -> None:
    counts = {"succeeded": 8, "failed": 1, "skipped": 1, "cancelled": 0}
    body = {"batch_id": ID, "total": 10, "counts": counts}
    told = notices.notice("batch.changed", body, None)
    assert told.title == "Batch done: 8 of 10 succeeded"
    assert told.text.startswith("The rest: 1 failed, 1 skipped.")


def test_a_very_long_error_is_cut() -> None:
    error = {**FAILED["error"], "error": "x" * 9000}  # type: ignore[dict-item]
    told = notices.notice(
        "experiment.failed", CHANGED, {**FAILED, "error": error}
    )
    assert len(told.text) == 2000


def test_no_secret_of_an_error_is_told() -> None:
    error = {"step": "fetch", "error": "login password=hunter22", "hint": ""}
    told = notices.notice(
        "experiment.failed", CHANGED, {**FAILED, "error": error}
    )
    assert "hunter22" not in told.text


TOLD = Notice("experiment.failed", "A run failed", "In <!channel>: it broke")


def test_a_webhook_gets_the_event_itself() -> None:
    content = notices.payload(target(), TOLD, "key", CHANGED)
    assert content["id"] == "key"
    assert content["event"] == "experiment.failed"
    assert content["data"] == CHANGED


def test_a_chat_gets_a_text_that_calls_nobody() -> None:
    content = notices.payload(target(kind="chat"), TOLD, "key", CHANGED)
    assert content == {"text": "A run failed\nIn ‹!channel›: it broke"}


def test_a_mail_has_sender_readers_and_subject() -> None:
    mail = target(kind="mail", sender="mmm@a.com", address=["me@a.com"])
    content = notices.payload(mail, TOLD, "key", CHANGED)
    assert content == {
        "from": "mmm@a.com",
        "to": ["me@a.com"],
        "subject": "A run failed",
        "text": "In <!channel>: it broke",
    }


def test_a_target_has_one_address() -> None:
    none = {k: v for k, v in target().items() if k != "url"}
    both = target(url_secret="chat-url")
    assert [p.where for p in notices.problems(none)] == ["url"]
    assert [p.where for p in notices.problems(both)] == ["url"]
    assert notices.problems(target()) == []


def test_a_mail_needs_sender_and_readers() -> None:
    found = notices.problems(target(kind="mail"))
    assert [p.where for p in found] == ["sender", "address"]
