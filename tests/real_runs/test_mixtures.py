"""Runs mixed at random: however they arrive, the rows are those of loading them all at once.

`pytest tests/real_runs/test_mixtures.py --mixtures 100` mixes as often. A run may be of any variant
and up to 70 days old, overlap another, be cancelled, come after newer ones, or come first without
some of its artifacts and again with them.
"""

import random

from msgspec import structs

from sigma_dbt_sync.sync import extract, load, open_archive
from sigma_dbt_sync.warehouse.duckdb import DuckDB
from tests.end_to_end.conftest import NOW
from tests.real_runs.conftest import STORY

DECISIVE = ("for_librarians", "weeded_for_librarians", "first", "readers_only", "weeded")
"""Runs that let variants take nodes over, lose them and come back."""

CANCELLED = 30


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("mixtures")))


class Arrivals:
    """The archive, as far as entries have arrived in it."""

    def __init__(self, archive):
        self._archive = archive
        self._arrived = {}

    def arrive(self, ref, entry):
        self._arrived[ref.run_id] = ref, entry

    def entries(self):
        return {run_id: ref for run_id, (ref, _) in sorted(self._arrived.items())}

    def read_entry(self, ref):
        return self._arrived[ref.run_id][1]

    def __getattr__(self, name):
        return getattr(self._archive, name)


def live(library, chance):
    """Let some runs happen; return the archive that has them all."""
    days = chance.choice([3, 20, 45, 70])
    for ago in sorted(
        (chance.uniform(0.1, days) for _ in range(chance.randint(3, 9))), reverse=True
    ):
        name = chance.choice([*STORY, *DECISIVE, *DECISIVE])
        status = CANCELLED if chance.random() < 0.1 else None
        library.happen(name, status=status, days=ago)
    if chance.random() < 0.3:
        library.happen_together("old_code", "new_code", days=chance.uniform(0.1, days))
    settings = library.settings(dbt_cloud_history_days=90)
    with open_archive(settings) as (client, archive):
        extract(client, archive, settings, now=NOW)
    return archive


def without_some(entry, chance):
    """The entry while dbt Cloud has not delivered everything yet."""
    still_open = {"state": "open", "sha256": None, "size": None, "from_run_id": None}
    artifacts = tuple(
        structs.replace(one, **still_open) if one.sha256 and chance.random() < 0.5 else one
        for one in entry.artifacts
    )
    return structs.replace(entry, artifacts=artifacts, is_final=False)


def arrivals(archive, chance):
    """Every entry at a random time, some of them incomplete before."""
    at = []
    for ref in archive.entries().values():
        entry = archive.read_entry(ref)
        at.append((chance.uniform(0, 2), ref, entry))
        first = without_some(entry, chance)
        if first != entry and chance.random() < 0.7:
            earlier = structs.replace(ref, revision=0, sha256=f"{ref.run_id:064}")
            at.append((chance.uniform(0, at[-1][0]), earlier, first))
    return [(ref, entry) for _, ref, entry in sorted(at, key=lambda one: one[0])]


def test_the_rows_are_those_of_loading_all_runs_at_once(library, tmp_path, seed):
    chance = random.Random(seed)
    archive = live(library, chance)

    def loaded(name, pieces):
        arrived, warehouse = Arrivals(archive), DuckDB(tmp_path / name)
        for piece, size in pieces:
            for ref, entry in piece:
                arrived.arrive(ref, entry)
            load(arrived, warehouse, sync_id="test", clock=lambda: NOW, runs_per_batch=size)
        warehouse.close()
        return library.facts(path=tmp_path / name)

    whole = [(ref, archive.read_entry(ref)) for ref in archive.entries().values()]
    waiting, pieces = arrivals(archive, chance), []
    while waiting:
        count = chance.randint(1, 3)
        pieces.append((waiting[:count], chance.choice([1, 2, 25])))
        waiting = waiting[count:]

    assert loaded("in pieces", pieces) == loaded("at once", [(whole, 1000)])
