"""Where nodes with changed descriptions stand: their builds, and what a catalog shows of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sigma_dbt_sync.artifacts.catalog import Catalog, CatalogTable, read_catalog
from sigma_dbt_sync.docs_diff.advance import Build, Facts
from sigma_dbt_sync.docs_diff.comments import CATALOG, Evidence, TableComments
from sigma_dbt_sync.normalize.node_status import is_good
from sigma_dbt_sync.normalize.run_context import NEVER
from sigma_dbt_sync.normalize.run_facts import ReadBytes
from sigma_dbt_sync.sync.docs_work import EnvironmentNews, Work
from sigma_dbt_sync.sync.present import Present
from sigma_dbt_sync.tables.results import NodeExecutionRow
from sigma_dbt_sync.tables.runs import DBT_RUNS


class FactsOf:
    """Tells where a node stands, for the nodes of one `Work`."""

    def __init__(
        self,
        news: EnvironmentNews,
        work: Work,
        present: Present,
        read: ReadBytes,
        *,
        baseline_at: datetime,
        is_complete: bool,
    ) -> None:
        """Read the builds; a catalog is read when a node first asks for it."""
        self._news = news
        self._work = work
        self._baseline_at = baseline_at
        self._is_complete = is_complete
        self._builds = _builds(news, work, present)
        self._starts = _starts(news, work, present)
        self._catalogs = {
            row.variant: row for row in news.catalogs if row.sha256 and row.generated_at
        }
        self._read = read
        self._decoded: dict[str, _ReadCatalog] = {}

    def of(self, unique_id: str) -> Facts:
        """Tell where one node stands."""
        rows = [*self._work.derived.get(unique_id, ()), *self._work.stored.get(unique_id, ())]
        newest = max(rows, key=lambda row: (row.changed_at, row.run_id))
        return Facts(
            baseline_at=self._baseline_at,
            docs=self._work.docs[unique_id],
            last_build=self._last_build(unique_id),
            builds=self._builds.get(unique_id, ()),
            evidence=self._evidence(unique_id, newest.variant, newest.changed_at),
            is_complete=self._is_complete,
        )

    def _last_build(self, unique_id: str) -> Build | None:
        status = self._news.status.get(unique_id)
        if status is None or status.ok_at is None or status.ok_run_id is None:
            return None
        return Build(
            completed_at=status.ok_at,
            run_id=status.ok_run_id,
            run_started_at=self._starts.get(status.ok_run_id, NEVER),
            variant=status.ok_variant or "",
        )

    def _evidence(self, unique_id: str, variant: str, since: datetime) -> Evidence | None:
        """What the newest catalog of the variant shows; one older than every change says nothing.

        A catalog of another variant may show another relation under the same unique_id.
        """
        row = self._catalogs.get(variant)
        if row is None or row.generated_at is None or row.generated_at <= since:
            return None
        if variant not in self._decoded:
            self._decoded[variant] = _ReadCatalog(read_catalog(self._read(row.sha256 or "")))
        return self._decoded[variant].evidence(unique_id, row.generated_at)


class _ReadCatalog:
    """A catalog, and whether it carries comments at all: those of some adapters never do."""

    def __init__(self, catalog: Catalog) -> None:
        self._tables: Mapping[str, CatalogTable] = catalog.relations()
        tables = self._tables.values()
        self._tells_relations = any(table.metadata.comment for table in tables)
        self._tells_columns = any(
            column.comment for table in tables for column in table.columns.values()
        )

    def evidence(self, unique_id: str, seen_at: datetime) -> Evidence:
        table = self._tables.get(unique_id)
        return Evidence(
            seen_at=seen_at,
            by=CATALOG,
            table=table
            and TableComments(
                table.metadata.comment,
                {column.name: column.comment for column in table.columns.values()},
            ),
            tells_relations=self._tells_relations,
            tells_columns=self._tells_columns,
        )


def _starts(news: EnvironmentNews, work: Work, present: Present) -> dict[int, datetime]:
    """When the runs started that built these nodes last."""
    starts = {run.context.run_id: run.context.started_at for run in news.facts}
    status = (news.status.get(unique_id) for unique_id in work.unique_ids)
    run_ids = {row.ok_run_id for row in status if row and row.ok_run_id is not None}
    return starts | _stored_starts(run_ids - starts.keys(), news.environment_id, present)


def _stored_starts(
    run_ids: Iterable[int], environment_id: int, present: Present
) -> dict[int, datetime]:
    runs = present.nodes(DBT_RUNS, "run_id", environment_id, sorted(run_ids))
    return {run.run_id: run.started_at or run.created_at or NEVER for run in runs}


def _builds(news: EnvironmentNews, work: Work, present: Present) -> dict[str, list[Build]]:
    """The good builds that the batch brings; all there are, when the nodes' past looks different.

    A text's first build counts, and a change may turn out to be older than builds loaded before.
    """
    contexts = {run.context.run_id: run.context for run in news.facts}
    variants = {run_id: context.variant for run_id, context in contexts.items()}
    starts = {run_id: context.started_at for run_id, context in contexts.items()}
    wanted = {
        uid for uid in work.unique_ids if any(r.is_persisted for r in work.derived.get(uid, ()))
    }
    found: list[NodeExecutionRow] = [
        row for run in news.facts for row in run.executions if row.feeds_state
    ]
    if work.is_history_new and news.manifests_before and wanted:
        for row, variant in present.history(news.environment_id, sorted(wanted)):
            if row.run_id not in contexts:
                found.append(row)
                variants[row.run_id] = variant
        run_ids = {row.run_id for row in found} - starts.keys()
        starts |= _stored_starts(run_ids, news.environment_id, present)
    builds: defaultdict[str, list[Build]] = defaultdict(list)
    for row in found:
        if row.unique_id in wanted and is_good(row):
            builds[row.unique_id].append(
                Build(
                    completed_at=row.completed_at,
                    run_id=row.run_id,
                    run_started_at=starts.get(row.run_id, NEVER),
                    variant=variants[row.run_id],
                )
            )
    return dict(builds)
