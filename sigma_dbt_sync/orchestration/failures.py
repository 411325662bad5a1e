"""Our errors as Dagster's: what is tried again, and what a failed step says.

Retrying is decided by the error alone (`SyncError.retryable`), which is why no step has a
RetryPolicy: a policy would also repeat bugs, wrong tokens and runs that somebody terminated.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from sigma_dbt_sync.errors import SyncError

RETRY_AFTER_SECONDS: tuple[float, ...] = (10, 60, 240)
"""Pauses between attempts of one step. The clients have retried for a while before an error comes
here, and the next tick of the schedule is another attempt."""

NEVER_RETRIED_BY_THE_DAEMON = {"dagster/retry_on_asset_or_op_failure": "false"}
"""Run tag: a failed step has decided that repeating it does not help. Without the tag an instance
that retries failed runs would repeat a wrong token to its limit; crashed runs are still retried."""


@contextmanager
def told_to_dagster(attempts_before: int) -> Iterator[None]:
    """Turn our errors into a retry when that can help, else into a failure with a plain message.

    `attempts_before` is how often the step was retried already (`context.retry_number`).
    """
    try:
        yield
    except SyncError as error:
        if error.retryable and attempts_before < len(RETRY_AFTER_SECONDS):
            raise dg.RetryRequested(
                max_retries=len(RETRY_AFTER_SECONDS),
                seconds_to_wait=RETRY_AFTER_SECONDS[attempts_before],
            ) from error
        raise dg.Failure(str(error), metadata=_facts(error), allow_retries=False) from None


def _facts(error: SyncError) -> dict[str, str | bool]:
    return {"error": type(error).__name__, "a later sync may succeed": error.retryable}
