"""What every keeper of secrets does: versions in, the newest out, none told."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from mmmflow.ports import NotFoundError, Secrets

NAME = "snowflake-key"
ACTOR = "ana@example.com"


def test_a_secret_that_nobody_saved_is_not_found(secrets: Secrets) -> None:
    with pytest.raises(NotFoundError, match=NAME):
        secrets.get(NAME)
    assert secrets.state(NAME) is None


def test_what_was_saved_is_read(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    assert secrets.get(NAME) == "first"


def test_a_value_of_many_lines_is_kept(secrets: Secrets) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nä+/=\n-----END PRIVATE KEY-----"
    secrets.save(NAME, key, ACTOR)
    assert secrets.get(NAME) == key


def test_the_newest_version_is_read(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    secrets.save(NAME, "second", ACTOR)
    assert secrets.get(NAME) == "second"


def test_rotated_to_a_new_value(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    secrets.rotate(NAME, "second", ACTOR)
    assert secrets.get(NAME) == "second"


def test_a_secret_may_begin_with_a_rotation(secrets: Secrets) -> None:
    secrets.rotate(NAME, "first", ACTOR)
    assert secrets.get(NAME) == "first"


def test_cleared_it_is_gone(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    secrets.save(NAME, "second", ACTOR)
    secrets.clear(NAME)
    with pytest.raises(NotFoundError):
        secrets.get(NAME)
    assert secrets.state(NAME) is None


def test_clearing_what_is_not_there_is_nothing(secrets: Secrets) -> None:
    secrets.clear(NAME)
    secrets.save(NAME, "first", ACTOR)
    secrets.clear(NAME)
    secrets.clear(NAME)


def test_after_clearing_it_can_be_saved_again(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    secrets.clear(NAME)
    secrets.save(NAME, "second", ACTOR)
    assert secrets.get(NAME) == "second"


def test_its_state_says_when_and_by_whom_but_not_what(
    secrets: Secrets,
) -> None:
    secrets.save(NAME, "the value", "bea@example.com")
    secrets.save(NAME, "the value", ACTOR)
    state = secrets.state(NAME)
    assert state is not None
    assert state.created_by == ACTOR
    age = datetime.now(UTC) - state.created_at
    assert abs(age) < timedelta(minutes=1)
    assert "the value" not in repr(state)


def test_one_secret_is_not_another(secrets: Secrets) -> None:
    secrets.save(NAME, "first", ACTOR)
    secrets.save("webhook", "second", ACTOR)
    secrets.clear("webhook")
    assert secrets.get(NAME) == "first"


@pytest.mark.parametrize(
    "name", ["", "../state.db", "a/b", ".hidden", "1st", "ä", "a" * 81]
)
def test_a_name_that_can_not_be_one_is_refused(
    secrets: Secrets, name: str
) -> None:
    with pytest.raises(ValueError, match="no name of a secret"):
        secrets.save(name, "value", ACTOR)
    with pytest.raises(NotFoundError):
        secrets.get(name)
    assert secrets.state(name) is None
    secrets.clear(name)


@pytest.mark.parametrize("value", ["", " \n", "x" * (64 * 1024 + 1)])
def test_a_value_that_can_not_be_one_is_refused(
    secrets: Secrets, value: str
) -> None:
    with pytest.raises(ValueError, match=f"^secret {NAME}: "):
        secrets.save(NAME, value, ACTOR)


def test_no_value_is_ever_logged(
    secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets.save(NAME, "hunter2hunter2", ACTOR)
    secrets.rotate(NAME, "hunter3hunter3", ACTOR)
    secrets.get(NAME)
    secrets.state(NAME)
    secrets.clear(NAME)
    assert "hunter" not in caplog.text
