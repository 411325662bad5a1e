"""Several runs at once, and how they stop together."""

from threading import Event

import pytest

from sigma_dbt_sync.errors import AccessDenied
from sigma_dbt_sync.sync.extract_batch import AT_ONCE, fetch_all
from sigma_dbt_sync.sync.extract_run import Stopped


class Refused:
    """A fetcher whose every request is refused."""

    def __init__(self):
        self.stop = Event()
        self.asked = 0

    def detail(self, _):
        if self.stop.is_set():
            raise Stopped
        self.asked += 1
        raise AccessDenied("dbt Cloud", "reading a run", status=403, fix="Ask somebody.")


def test_the_first_refusal_is_raised_and_nobody_begins_after_it():
    fetcher = Refused()

    with pytest.raises(AccessDenied):
        fetch_all(fetcher, range(500), dict, print, shares_manifests=True)

    assert 1 <= fetcher.asked <= AT_ONCE


def test_nothing_to_fetch_asks_nothing():
    fetcher = Refused()

    fetch_all(fetcher, [], dict, print, shares_manifests=True)

    assert fetcher.asked == 0
