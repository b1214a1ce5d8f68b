"""What each failure of a service means, in words a person can act on."""

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from mmmflow.cloud import failures
from mmmflow.ports import DeniedError, RefusedError, UnreachableError

TOPIC = "projects/p/topics/mmmflow-dev.queue.changed"
ROLE = "roles/pubsub.publisher"


def told(error: Exception) -> Exception:
    return failures.tell(error, TOPIC, ROLE)


@pytest.mark.parametrize(
    "error", [api.PermissionDenied("IAM says no"), api.Forbidden("403")]
)
def test_permission_denied_names_the_resource_and_the_role(
    error: Exception,
) -> None:
    denied = told(error)
    assert isinstance(denied, DeniedError)
    assert TOPIC in str(denied)
    assert ROLE in str(denied)


def test_not_found_names_the_resource() -> None:
    denied = told(api.NotFound("Resource not found"))
    assert isinstance(denied, DeniedError)
    assert f"there is no {TOPIC}" in str(denied)


@pytest.mark.parametrize(
    "error", [api.Unauthenticated("x"), auth.DefaultCredentialsError("none")]
)
def test_no_credentials_says_as_what_to_run(error: Exception) -> None:
    denied = told(error)
    assert isinstance(denied, DeniedError)
    assert ROLE in str(denied)


def test_what_can_never_be_done_is_not_tried_again() -> None:
    error = api.InvalidArgument("bad")
    assert isinstance(told(error), DeniedError)
    assert not failures.may_pass(error)


@pytest.mark.parametrize(
    "error", [api.ResourceExhausted("quota"), api.TooManyRequests("429")]
)
def test_a_quota_is_refused_for_now_only(error: Exception) -> None:
    assert type(told(error)) is RefusedError
    assert failures.may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        api.ServiceUnavailable("503"),
        api.DeadlineExceeded("504"),
        api.InternalServerError("500"),
        api.Aborted("contention"),
        auth.TransportError("metadata server"),
        ConnectionResetError("reset by peer"),
    ],
)
def test_what_may_have_been_done_is_never_told_as_refused(
    error: Exception,
) -> None:
    assert isinstance(told(error), UnreachableError)
    assert failures.may_pass(error)


def test_a_call_is_made_again_where_that_can_help() -> None:
    answers = iter([api.ServiceUnavailable("1"), api.ServiceUnavailable("2")])

    def call() -> str:
        for error in answers:
            raise error
        return "done"

    assert failures.RETRY.with_delay(0.001, 0.001)(call)() == "done"


def test_a_call_is_made_once_where_it_cannot() -> None:
    made = []

    def call() -> None:
        made.append(1)
        raise api.PermissionDenied("no")

    with pytest.raises(DeniedError), failures.told(TOPIC, ROLE):
        failures.RETRY(call)()
    assert len(made) == 1


def test_a_call_that_never_gets_through_ends_as_unreachable() -> None:
    def call() -> None:
        raise api.ServiceUnavailable("still")

    brief = failures.RETRY.with_delay(0.001, 0.001).with_timeout(0.01)
    with pytest.raises(UnreachableError), failures.told(TOPIC, ROLE):
        brief(call)()


def test_a_quota_that_stays_used_up_ends_as_refused() -> None:
    def call() -> None:
        raise api.ResourceExhausted("quota")

    brief = failures.RETRY.with_delay(0.001, 0.001).with_timeout(0.01)
    with pytest.raises(RefusedError), failures.told(TOPIC, ROLE):
        brief(call)()


def test_other_errors_pass_as_they_are() -> None:
    with pytest.raises(ZeroDivisionError), failures.told(TOPIC, ROLE):
        raise ZeroDivisionError
