"""How often and after how long something is tried again, and what every class of error asks for."""

import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import stamina
from msgspec import Struct

from sigma_dbt_sync.errors import RateLimited, Unavailable

T = TypeVar("T")


class Pauses(Struct, frozen=True, kw_only=True):
    """Seconds. Sigma says nowhere how long to wait; these are what its own scripts do."""

    attempts: int = 5
    unavailable: float = 0.5
    """After a cut line or a 5xx; doubled each time."""
    rate_limited: float = 4.0
    """After a 429 without Retry-After; doubled each time, and up to a quarter longer."""
    longest: float = 64.0
    """A Retry-After beyond this is left to the caller."""
    between_tokens: float = 1.0
    """Sigma gives out one token a second."""

    def after_429(self, response: httpx.Response, attempt: int) -> float:
        """Say how long to wait after this answer to the `attempt`th request, counted from 1."""
        told = _retry_after(response)
        if told is not None:
            return told
        spread = 1 + random.random() / 4  # noqa: S311 - keeps threads apart, not a secret
        return min(self.rate_limited * 2 ** (attempt - 1) * spread, self.longest)

    def retried(self, ask: Callable[[int], T], *, only_limits: bool = False) -> T:
        """Call `ask` with the number of the attempt until it answers, or it is of no use.

        With `only_limits`, what may have been done although no answer came is not asked for again.
        """
        number = 1

        def pause(error: Exception) -> bool | float:
            if isinstance(error, RateLimited):
                return error.wait_seconds if error.wait_seconds <= self.longest else False
            if isinstance(error, Unavailable) and not only_limits:
                return min(self.unavailable * 2 ** (number - 1), self.longest)
            return False

        for attempt in stamina.retry_context(on=pause, attempts=self.attempts, timeout=None):
            with attempt:
                number = attempt.num
                return ask(number)
        raise AssertionError  # stamina either returns or raises


def _retry_after(response: httpx.Response) -> float | None:
    """Read Retry-After, given in seconds or as a date."""
    told = response.headers.get("Retry-After", "").strip()
    try:
        if told.isdigit():
            return float(told)
        pause = parsedate_to_datetime(told) - parsedate_to_datetime(response.headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(pause.total_seconds(), 0.0)
