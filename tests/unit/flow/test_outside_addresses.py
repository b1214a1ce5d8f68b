"""Where a person may have us post to: nothing that only we can reach."""

import pytest
from mmmflow.domain.addresses import refusal


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/services/T1/B1",
        "https://example.com:8443/x?y=z",
        "https://8.8.8.8/",
        "https://[2001:4860:4860::8888]/",
    ],
)
def test_public_https_is_allowed(url: str) -> None:
    assert refusal(url, private=False) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "example.com",
        "https://",
        "https://user:word@example.com/",
        "https://example.com:99999/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/computeMetadata/v1/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[2002:0a00:0001::]/",
        "https://[64:ff9b::a00:1]/",
    ],
)
def test_all_else_is_refused_with_the_reason(url: str) -> None:
    assert refusal(url, private=False) != ""


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/", "http://box.local/"])
def test_one_machine_may_allow_its_own_network(url: str) -> None:
    assert refusal(url, private=True) == ""


def test_even_then_a_password_is_not_for_the_url() -> None:
    assert refusal("http://me:word@127.0.0.1/", private=True) != ""
