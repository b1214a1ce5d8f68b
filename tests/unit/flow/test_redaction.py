"""No secret stands in a log line."""

import pytest
from mmmflow.domain.redaction import REDACTED, redact, redact_text

PEM = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0\n"
    "-----END PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "PASSWORD",
        "private_key",
        "privateKey",
        "token",
        "access_token",
        "Authorization",
        "api_key",
        "client_secret",
    ],
)
def test_a_value_is_a_secret_by_its_name(name: str) -> None:
    assert redact({name: "hunter22", "country": "DE"}) == {
        name: REDACTED,
        "country": "DE",
    }


def test_what_lies_deeper_is_found_too() -> None:
    value = {"targets": [{"headers": {"authorization": "Bearer abc"}}]}
    assert redact(value) == {
        "targets": [{"headers": {"authorization": REDACTED}}]
    }


def test_numbers_and_nothing_stay_as_they_are() -> None:
    assert redact({"rows": 3, "end": None}) == {"rows": 3, "end": None}


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter22",
        "password: 'hunter22 and more'",
        '{"private_key": "hunter22"}',
        "{'password': 'hunter22'}",
        r"{\"password\": \"hunter22 and more\"}",
        "Authorization: Bearer hunter22",
        "sent with bearer hunter22hunter22",
        "https://me:hunter22@example.com/",
        "?token=hunter22&x=1",
    ],
)
def test_a_secret_in_a_text_is_blanked_out(text: str) -> None:
    assert "hunter22" not in redact_text(text)
    assert "and more" not in redact_text(text)
    assert REDACTED in redact_text(text)


def test_what_stands_around_a_secret_stays() -> None:
    text = "login of me: password=hunter22, retried"
    assert redact_text(text) == f"login of me: password={REDACTED}, retried"


def test_a_pem_block_is_blanked_out() -> None:
    assert redact_text(f"key {PEM} read") == f"key {REDACTED} read"


def test_a_pem_block_that_is_cut_off_is_blanked_out() -> None:
    assert redact_text(f"key {PEM[:40]}") == f"key {REDACTED}"


@pytest.mark.parametrize(
    "text",
    [
        "experiment 20261120T104512Z-1f3a9c0b77de is RUNNING, attempt 1",
        "https://example.com:8443/hook",
        "the basic idea",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact_text(text) == text
