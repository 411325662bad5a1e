"""What a step does with an error depends on the error alone."""

import dagster as dg
import pytest

from sigma_dbt_sync import errors
from sigma_dbt_sync.orchestration import failures

DOWN = errors.Unavailable("dbt Cloud", "listing runs", status=503, fix="Look at its status page.")
TOLD = (dg.Failure, dg.RetryRequested, ZeroDivisionError)
REFUSED = errors.AccessDenied("dbt Cloud", "listing runs", status=401, fix="Set another token.")


def raised(error: Exception, attempts_before: int = 0) -> Exception:
    with pytest.raises(TOLD) as caught, failures.told_to_dagster(attempts_before):
        raise error
    return caught.value


def test_what_may_pass_is_tried_again_after_ever_longer_pauses():
    asked = [raised(DOWN, attempts_before=before) for before in range(3)]

    assert [request.seconds_to_wait for request in asked] == [10, 60, 240]


def test_the_last_attempt_fails_with_the_message():
    failure = raised(DOWN, attempts_before=3)

    assert isinstance(failure, dg.Failure)
    assert failure.description == str(DOWN)
    assert failure.metadata["a later sync may succeed"].value is True


def test_what_a_person_must_change_is_not_tried_again():
    failure = raised(REFUSED)

    assert isinstance(failure, dg.Failure)
    assert failure.allow_retries is False
    assert failure.description == str(REFUSED)
    assert failure.__cause__ is None


def test_a_bug_is_neither_retried_nor_reworded():
    assert isinstance(raised(ZeroDivisionError("a bug")), ZeroDivisionError)
