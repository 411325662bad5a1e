"""Reads back what a warehouse holds, as far as planning the next batch needs it."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sigma_dbt_sync.normalize.definitions import RELATION_TABLES
from sigma_dbt_sync.tables.account import DBT_ENVIRONMENTS, EnvironmentRow
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.tables.delivery import (
    DBT_DOC_BASELINES,
    DBT_DOC_CHANGES,
    DocBaselineRow,
    DocChangeRow,
)
from sigma_dbt_sync.tables.health import DBT_HEALTH_INPUTS, HealthInputRow
from sigma_dbt_sync.tables.ledger import SYNC_ARTIFACTS, ArtifactRow
from sigma_dbt_sync.tables.node_status import DBT_NODE_STATUS, NodeStatusRow
from sigma_dbt_sync.tables.results import DBT_NODE_EXECUTIONS, NodeExecutionRow
from sigma_dbt_sync.tables.runs import DBT_RUNS, RunRow
from sigma_dbt_sync.tables.spec import Row, Table
from sigma_dbt_sync.tables.versions import (
    DBT_COLUMN_VERSIONS,
    DBT_NODE_VERSIONS,
    ColumnVersionRow,
    NodeVersionRow,
)
from sigma_dbt_sync.warehouse.base import Warehouse

R = TypeVar("R", bound=Row)
_IDS_PER_QUERY = 1000
_RUNS_PER_STATUS = 30


class Present:
    """One account's rows in one warehouse."""

    def __init__(self, warehouse: Warehouse, account_id: int) -> None:
        """Read nothing yet."""
        self._warehouse = warehouse
        self.account_id = account_id

    def loaded_runs(self) -> dict[int, str]:
        """Which archive entry each run was loaded from, by run id."""
        found = self._warehouse.query(
            "SELECT run_id, archive_entry_sha256 FROM dbt_runs WHERE account_id = ?",
            (self.account_id,),
        )
        pairs: list[dict[str, Any]] = found.to_pylist()
        return {pair["run_id"]: pair["archive_entry_sha256"] for pair in pairs}

    def written_by(self) -> str | None:
        """Version of this package that wrote here last."""
        found = self._warehouse.query(
            "SELECT package_version FROM sync_loads WHERE account_id = ? "
            "ORDER BY started_at DESC LIMIT 1",
            (self.account_id,),
        )
        return next(iter(found.column(0).to_pylist()), None)

    def environments(self) -> dict[int, EnvironmentRow]:
        """Environments by id."""
        return {row.environment_id: row for row in self._rows(DBT_ENVIRONMENTS, "TRUE")}

    def node_status(self, environment_id: int) -> dict[str, NodeStatusRow]:
        """Where the nodes of an environment stand, by unique_id."""
        rows = self._rows(DBT_NODE_STATUS, "environment_id = ?", (environment_id,))
        return {row.unique_id: row for row in rows}

    def artifacts(self, environment_id: int) -> list[ArtifactRow]:
        """Every usable manifest, and the newest usable catalog per variant, that feeds state."""
        return self._rows(
            SYNC_ARTIFACTS,
            "environment_id = ? AND artifact IN ('manifest', 'catalog') AND feeds_state "
            "AND state IN ('found', 'shared') QUALIFY artifact = 'manifest' OR row_number() "
            "OVER (PARTITION BY artifact, variant "
            "ORDER BY run_started_at DESC, run_id DESC, step_index DESC) = 1",
            (environment_id,),
        )

    def newest_versions(
        self, environment_id: int
    ) -> tuple[list[NodeVersionRow], list[ColumnVersionRow]]:
        """The newest version of every relation, and of every column, removed ones included."""
        newest = (
            "environment_id = ? QUALIFY row_number() "
            "OVER (PARTITION BY {} ORDER BY valid_from DESC) = 1"
        )
        where = (environment_id,)
        return (
            self._rows(DBT_NODE_VERSIONS, newest.format("unique_id"), where),
            self._rows(DBT_COLUMN_VERSIONS, newest.format("unique_id, column_key"), where),
        )

    def newest_health_inputs(self, environment_id: int) -> list[HealthInputRow]:
        """What decides about every relation in every variant, removed inputs included."""
        return self._rows(
            DBT_HEALTH_INPUTS,
            "environment_id = ? QUALIFY row_number() "
            "OVER (PARTITION BY variant, unique_id, input_unique_id "
            "ORDER BY valid_from DESC, run_id DESC) = 1",
            (environment_id,),
        )

    def recent_runs(self, job_ids: Sequence[int]) -> list[RunRow]:
        """The newest runs of some jobs: 30 of each status, enough to judge the job."""
        return list(
            self._rows_in(
                DBT_RUNS,
                "job_id",
                job_ids,
                f" QUALIFY row_number() OVER (PARTITION BY job_id, status ORDER BY "
                f"coalesce(started_at, created_at) DESC, run_id DESC) <= {_RUNS_PER_STATUS}",
            )
        )

    def history(
        self, environment_id: int, unique_ids: Sequence[str]
    ) -> Iterator[tuple[NodeExecutionRow, str]]:
        """All executions of some nodes that feed state, each with its run's variant."""
        executions = list(
            self._rows_in(
                DBT_NODE_EXECUTIONS,
                "unique_id",
                unique_ids,
                " AND environment_id = ? AND feeds_state",
                (environment_id,),
            )
        )
        runs = self._rows_in(DBT_RUNS, "run_id", sorted({row.run_id for row in executions}))
        variants = {run.run_id: run.variant for run in runs}
        return ((row, variants[row.run_id]) for row in executions)

    def source_code(self, environment_id: int, *tables: Table[Any]) -> set[str | None]:
        """Hashes of all source code that rows of the environment name."""
        parts = " UNION ".join(
            f"SELECT raw_code_hash FROM {table.name} WHERE account_id = ? AND environment_id = ?"  # noqa: S608
            for table in tables
        )
        parameters = (self.account_id, environment_id) * len(tables)
        return set(self._warehouse.query(parts, parameters).column(0).to_pylist())

    def nodes(
        self, table: Table[R], key: str, environment_id: int, ids: Sequence[object]
    ) -> list[R]:
        """An environment's rows of some nodes or runs; `key` names the column with their ids."""
        return list(self._rows_in(table, key, ids, " AND environment_id = ?", (environment_id,)))

    def of_environment(self, table: Table[R], environment_id: int) -> list[R]:
        """All rows of an environment."""
        return self._rows(table, "environment_id = ?", (environment_id,))

    def doc_baselines(self) -> dict[int, DocBaselineRow]:
        """Since when changed descriptions reach Sigma, by environment."""
        return {row.environment_id: row for row in self._rows(DBT_DOC_BASELINES, "TRUE")}

    def nodes_with_undecided_docs(self, environment_id: int) -> set[str]:
        """unique_ids of nodes with a newest text that a build or catalog may move on.

        A newest text is superseded when Sigma was sent it last, and that may turn out otherwise.
        """
        found = self._warehouse.query(
            "SELECT DISTINCT unique_id FROM (SELECT unique_id, state FROM dbt_doc_changes "
            "WHERE account_id = ? AND environment_id = ? QUALIFY row_number() OVER ("
            "PARTITION BY node_key, column_key ORDER BY changed_at DESC, run_id DESC) = 1"
            ") AS newest WHERE state IN "
            "('waiting_for_build', 'built', 'verified', 'mismatch', 'superseded')",
            (self.account_id, environment_id),
        )
        rows: list[dict[str, Any]] = found.to_pylist()
        return {row["unique_id"] for row in rows}

    def nodes_with_held_docs(self, environment_id: int, detail: str) -> set[str]:
        """unique_ids of nodes with a text that waits for this reason."""
        where = "environment_id = ? AND state = 'waiting_for_build' AND state_detail = ?"
        held = self._rows(DBT_DOC_CHANGES, where, (environment_id, detail))
        return {row.unique_id for row in held}

    def built_docs(self) -> list[DocChangeRow]:
        """Changed descriptions that dbt has built, and of which nobody saw a comment yet."""
        return self._rows(DBT_DOC_CHANGES, "state = 'built'")

    def places(self, node_keys: Sequence[str]) -> dict[str, tuple[str, str, str]]:
        """Database, schema and name of relations, by node_key."""
        found: dict[str, tuple[str, str, str]] = {}
        for table in RELATION_TABLES:
            for row in self._rows_in(table, "node_key", node_keys):
                if row.database_name and row.schema_name and row.identifier:
                    place = (row.database_name, row.schema_name, row.identifier)
                    found[row.node_key] = place
        return found

    def _rows_in(
        self,
        table: Table[R],
        column: str,
        values: Sequence[object],
        rest: str = "",
        parameters: Sequence[object] = (),
    ) -> Iterator[R]:
        for start in range(0, len(values), _IDS_PER_QUERY):
            part = values[start : start + _IDS_PER_QUERY]
            marks = ", ".join("?" for _ in part)
            yield from self._rows(table, f"{column} IN ({marks}){rest}", (*part, *parameters))

    def _rows(self, table: Table[R], where: str, parameters: Sequence[object] = ()) -> list[R]:
        names = ", ".join(column.name for column in table.columns)
        sql = f"SELECT {names} FROM {table.name} WHERE account_id = ? AND {where}"  # noqa: S608
        values: tuple[Any, ...] = (self.account_id, *parameters)
        return rows_from(table, self._warehouse.query(sql, values))
