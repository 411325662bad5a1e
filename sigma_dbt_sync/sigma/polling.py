"""Looks again and again, less and less often, until something is seen or time is up."""

import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

_SLOWER_BY = 1.6

T = TypeVar("T")


class Polling(Struct, frozen=True, kw_only=True):
    """Seconds between two looks."""

    first: float = 0.25
    longest: float = 5.0

    def until(self, deadline: float, look: Callable[[], T], is_enough: Callable[[T], bool]) -> T:
        """Look until it is enough or the monotonic clock passes `deadline`; at least once.

        Returns what was seen last.
        """
        pause = self.first
        while True:
            seen = look()
            left = deadline - time.monotonic()
            if is_enough(seen) or left <= 0:
                return seen
            time.sleep(min(pause, left))
            pause = min(pause * _SLOWER_BY, self.longest)
