"""Brings the warehouse up to date with the archive. Needs nothing else: no dbt Cloud, no token.

What is loaded is told by the warehouse itself: a run is loaded when its row in dbt_runs names the
run's present archive entry. So dropping the database, or pointing at another, loads everything
there is. Only to spare the connection when nothing is new, a note beside the archive says up to
which state of the archive a target was loaded.
"""

import gc
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, partial

from msgspec import structs

from sigma_dbt_sync import __version__
from sigma_dbt_sync.archive import Archive, EntryRef
from sigma_dbt_sync.artifacts.manifest import Manifest
from sigma_dbt_sync.artifacts.run_entry import RunEntry
from sigma_dbt_sync.errors import ArchiveError, WarehouseBusy, WarehouseError
from sigma_dbt_sync.normalize.keys import digest, to_json
from sigma_dbt_sync.normalize.run_context import run_context
from sigma_dbt_sync.normalize.run_facts import RunFacts, run_facts
from sigma_dbt_sync.sync.archived import Archived
from sigma_dbt_sync.sync.batch import plan_changes
from sigma_dbt_sync.sync.docs import SigmaReach
from sigma_dbt_sync.sync.docs_seen import plan_seen_docs
from sigma_dbt_sync.sync.extract import ExtractReport
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.sync.publishing import Plan, publish
from sigma_dbt_sync.sync.reports import LoadReport, Progress, silent
from sigma_dbt_sync.sync.upgrade import upgrade_plans
from sigma_dbt_sync.tables.delivery import DBT_DOC_BASELINES, DBT_DOC_CHANGES, SIGMA_TABLE_SYNCS
from sigma_dbt_sync.tables.ledger import SYNC_LOADS, LoadRow
from sigma_dbt_sync.tables.runs import DBT_RUNS
from sigma_dbt_sync.warehouse.base import Change, Warehouse

RUNS_PER_BATCH = 25
KEPT = frozenset(table.name for table in (DBT_DOC_CHANGES, DBT_DOC_BASELINES, SIGMA_TABLE_SYNCS))
"""Tables that a rebuild keeps: no archive tells what Sigma was sent."""

_MANIFESTS_HELD = 2
_LOADED_ONCE = "loaded-once"
"""Note that the archive has been loaded into some warehouse: another one is a copy, and what Sigma
was told from the first is not told again."""

Clock = Callable[[], datetime]


def load(  # noqa: PLR0913 - each is a choice of its own, and all but four have a default
    archive: Archive,
    warehouse: Warehouse,
    *,
    sync_id: str,
    clock: Clock,
    extracted: ExtractReport | None = None,
    rebuild: bool = False,
    sigma_environment_ids: Collection[int] = (),
    runs_per_batch: int = RUNS_PER_BATCH,
    progress: Progress = silent,
) -> LoadReport:
    """Load every run whose archive entry the warehouse does not hold yet, in batches.

    `rebuild` drops what is there, except for what was sent to Sigma, and makes it again. Changed
    descriptions of `sigma_environment_ids` (none: the production ones) are followed to Sigma. Each
    batch is one transaction; a crash loses at most the batch in flight, and the next load continues
    after the last one published.

    Raises:
        ArchiveError: a rebuild would lose runs that are no longer archived.
        WarehouseBusy: somebody else holds the warehouse; a rerun helps.
        WarehouseError: the warehouse refused; nothing of the batch in flight was kept.
    """
    started_at = clock()
    report = LoadReport(target=warehouse.target)
    entries = archive.entries()
    objects = archive.read_account_objects()
    state = digest([__version__, sorted(ref.sha256 for ref in entries.values()), str(objects)])
    noted = loaded_state(archive, warehouse.target)
    if not rebuild and not warehouse.is_absent() and noted == state:
        return report
    report.connected = True
    forget_load(archive, warehouse)  # should this load be cut off, the next one has to go on
    present = Present(warehouse, archive.account_id)
    if rebuild:
        _refuse_to_lose(present, warehouse, entries.keys())
        dropped = warehouse.drop(keep=KEPT)
        report.migrated += dropped
        if DBT_RUNS.name in dropped:
            archive.write_note(_LOADED_ONCE, b"")
    done = warehouse.migrate()
    report.migrated += done
    loaded = present.loaded_runs()
    missing = [ref for run_id, ref in entries.items() if loaded.get(run_id) != ref.sha256]
    batches = list(_batches(archive, missing, runs_per_batch)) or [[]]
    was_loaded = archive.read_note(_LOADED_ONCE) is not None
    is_copy = was_loaded and not loaded
    reach = SigmaReach(
        chosen=sigma_environment_ids,
        copied_until=_newest_runs(batches) if is_copy else {},
    )

    @lru_cache(maxsize=_MANIFESTS_HELD)
    def read_manifest(sha256: str) -> Manifest:
        return Manifest(archive.read_blob(sha256))

    archived = Archived(archive.read_blob, read_manifest, entries.keys())

    def put(plan: Plan) -> None:
        report.add(publish(warehouse, sync_id, plan))

    upgrade = upgrade_plans(present, warehouse, done, archived, sync_id=sync_id, now=started_at)
    for plan in upgrade if loaded else ():
        put(plan)
    for batch, to_come in zip(batches, _environments_to_come(batches), strict=True):
        reach = structs.replace(reach, to_come=to_come)
        with _uncollected():
            facts = [
                run_facts(entry, ref.sha256, archive.read_blob, read_manifest)
                for ref, entry in batch
            ]
            put(partial(plan_changes, facts, objects, present, archived, reach))
        report.runs_loaded += len(batch)
        _note_damage(facts, report)
        progress("loading runs", report.runs_loaded, len(missing))
    put(partial(plan_seen_docs, present, warehouse, clock()))
    if report.total.written:
        row = _load_row(archive.account_id, sync_id, started_at, clock(), report, extracted)
        put(lambda: ([Change(SYNC_LOADS, [row])], []))
    report.statements = warehouse.statements
    archive.write_note(_note_name(warehouse.target), state.encode())
    if not was_loaded:
        archive.write_note(_LOADED_ONCE, b"")
    return report


def _refuse_to_lose(present: Present, warehouse: Warehouse, entries: AbstractSet[int]) -> None:
    """Stop a rebuild that could not bring back every run."""
    try:
        loaded = {} if warehouse.is_absent() else present.loaded_runs()
    except WarehouseBusy:
        raise
    except WarehouseError:  # no tables yet, or what is left of them after a rebuild broke down
        return
    if lost := loaded.keys() - entries:
        raise ArchiveError(
            f"{warehouse.target} holds {len(lost)} runs that the archive has forgotten "
            "(ARCHIVE_KEEP_DAYS); a rebuild would lose them. To keep them, load into another "
            "DUCKDB_PATH or SNOWFLAKE_SCHEMA. To give them up, run `sigma-dbt-sync remove`, then "
            "`sigma-dbt-sync sync`."
        )


@contextmanager
def _uncollected() -> Generator[None]:
    """Spare the garbage collector from walking half a million rows that hold no cycle."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def loaded_state(archive: Archive, target: str) -> str | None:
    """Name the state of the archive that was loaded into a target last."""
    note = archive.read_note(_note_name(target))
    return note.decode() if note else None


def forget_load(archive: Archive, warehouse: Warehouse) -> None:
    """Make the next load look into the warehouse: its tables are about to be dropped."""
    archive.write_note(_note_name(warehouse.target), b"")


def _newest_runs(batches: Iterable[Sequence[tuple[EntryRef, RunEntry]]]) -> dict[int, datetime]:
    """When the newest run of each environment started, of those that feed its state."""
    newest: dict[int, datetime] = {}
    for _, entry in (pair for batch in batches for pair in batch):
        context = run_context(entry)
        if context.feeds_state:
            known = newest.get(context.environment_id, context.started_at)
            newest[context.environment_id] = max(known, context.started_at)
    return newest


def _environments_to_come(batches: Sequence[Sequence[tuple[EntryRef, RunEntry]]]) -> list[set[int]]:
    """Of each batch, the environments of which a later one brings runs that feed their state."""
    contexts = [[run_context(entry) for _, entry in batch] for batch in batches]
    found = [{one.environment_id for one in batch if one.feeds_state} for batch in contexts]
    return [set[int]().union(*found[index + 1 :]) for index in range(len(found))]


def _note_damage(facts: Sequence[RunFacts], report: LoadReport) -> None:
    """Tell a person about artifacts that could not be read."""
    damaged = [row for run in facts for row in run.artifacts if row.state == "unreadable"]
    report.artifacts_unreadable += len(damaged)
    report.warnings += [
        f"Run {row.run_id}, step {row.step_index}: {row.artifact} is unreadable: {row.reason}"
        for row in damaged
    ]


def _batches(
    archive: Archive, refs: Sequence[EntryRef], size: int
) -> Iterator[list[tuple[EntryRef, RunEntry]]]:
    """Read entries and cut them into batches, oldest runs first."""

    def order(pair: tuple[EntryRef, RunEntry]) -> tuple[datetime, int]:
        context = run_context(pair[1])
        return context.started_at, context.run_id

    entries = sorted(((ref, archive.read_entry(ref)) for ref in refs), key=order)
    for start in range(0, len(entries), size):
        yield entries[start : start + size]


def _load_row(
    account_id: int,
    sync_id: str,
    started_at: datetime,
    finished_at: datetime,
    report: LoadReport,
    extracted: ExtractReport | None,
) -> LoadRow:
    total = report.total
    return LoadRow(
        account_id=account_id,
        load_id=sync_id,
        started_at=started_at,
        finished_at=finished_at,
        package_version=__version__,
        runs_loaded=report.runs_loaded,
        rows_inserted=total.inserted,
        rows_updated=total.updated,
        rows_deleted=total.deleted,
        artifacts_found=extracted.artifacts_found if extracted else 0,
        artifacts_unreadable=report.artifacts_unreadable,
        artifact_bytes=extracted.bytes if extracted else 0,
        api_calls=extracted.requests if extracted else 0,
        api_rate_limited=extracted.rate_limited if extracted else 0,
        warnings=to_json([*(extracted.warnings if extracted else []), *report.warnings]),
    )


def _note_name(target: str) -> str:
    return f"loaded-{digest(target)}"
