"""Reads a graph, and the newest results of its nodes, from the current tables of a warehouse."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sigma_dbt_sync.sync.graph import (
    LONGEST_CODE,
    LONGEST_TEXT,
    TEST,
    Check,
    Environment,
    Graph,
    GraphColumn,
    Node,
    nearest_nodes,
    shortened,
)
from sigma_dbt_sync.sync.graph_rows import exposure_node, own_checks, relation_node
from sigma_dbt_sync.tables.arrow import rows_from
from sigma_dbt_sync.tables.columns import DBT_COLUMNS
from sigma_dbt_sync.tables.declared import DBT_EXPOSURES
from sigma_dbt_sync.tables.graph import DBT_EDGES
from sigma_dbt_sync.tables.node_status import DBT_NODE_STATUS, NodeStatusRow
from sigma_dbt_sync.tables.relations import (
    DBT_MODELS,
    DBT_SEEDS,
    DBT_SNAPSHOTS,
    DBT_SOURCES,
    RelationRow,
)
from sigma_dbt_sync.tables.spec import LOADED_AT, Row, Table
from sigma_dbt_sync.tables.tests import DBT_TEST_TARGETS, DBT_TESTS
from sigma_dbt_sync.warehouse.base import Warehouse

R = TypeVar("R", bound=Row)

_RELATIONS: dict[str, Table[Any]] = {
    "model": DBT_MODELS,
    "seed": DBT_SEEDS,
    "snapshot": DBT_SNAPSHOTS,
    "source": DBT_SOURCES,
}
_SHOWN: tuple[Table[Any], ...] = (
    *_RELATIONS.values(),
    DBT_COLUMNS,
    DBT_EDGES,
    DBT_EXPOSURES,
    DBT_TESTS,
    DBT_TEST_TARGETS,
)
"""Tables whose rows a graph shows; what it shows of dbt_code, these name by hash."""
_LONGEST_MESSAGE = 500
_ROLES = ("tested", "input", "referenced")


class Run(Struct, frozen=True, array_like=True):
    """Where results came from."""

    url: str | None = None
    job_name: str | None = None


class Results(Struct, frozen=True):
    """Where every node and test of a graph stands, and the runs that say so."""

    nodes: tuple[NodeStatusRow, ...] = ()
    runs: dict[int, Run] = {}


class GraphQuery:
    """One account's environments in one warehouse; without ids, its production environments."""

    def __init__(
        self, warehouse: Warehouse, account_id: int, environment_ids: Sequence[int]
    ) -> None:
        """Find the environments."""
        self._warehouse = warehouse
        self._account_id = account_id
        self._environments = self._find(environment_ids)
        self._ids = tuple(environment.environment_id for environment in self._environments)

    def project(self) -> list[Any]:
        """Tell graphs apart without reading them: what was written last of all that they show.

        Whatever is inserted or updated moves `loaded_at`, and what is only deleted, the count.
        """
        texts = [
            f"SELECT '{table.name}' AS name, count(*) AS rows_there, max({LOADED_AT}) AS newest "  # noqa: S608 - names of our own
            f"FROM {table.name} WHERE account_id = ? AND environment_id IN ({_marks(self._ids)})"
            for table in _SHOWN
        ]
        scope = (self._account_id, *self._ids) * len(_SHOWN)
        found: list[Any] = []
        if self._ids:
            found = self._warehouse.query(" UNION ALL ".join(texts), scope).to_pylist()
        told = [[row["name"], row["rows_there"], str(row["newest"])] for row in found]
        return [[msgspec.to_builtins(one) for one in self._environments], *sorted(told)]

    def graph(self) -> Graph:
        """Read the whole graph, uncut."""
        if not self._ids:
            return Graph(self._account_id)
        nodes = [*self._relations(), *self._exposures()]
        return Graph(
            self._account_id,
            tuple(self._environments),
            tuple(self._with_parents(nodes)),
            (*self._tests(nodes), *own_checks(nodes)),
        )

    def results(self) -> Results:
        """Read where nodes and tests stand."""
        if not self._ids:
            return Results()
        told = self._rows(
            DBT_NODE_STATUS,
            "resource_type IN ('model', 'seed', 'snapshot', 'source', 'test', 'unit_test')",
        )
        named: set[int | None] = {
            run_id
            for row in told
            for run_id in (row.attempt_run_id, row.ok_run_id, row.freshness_run_id)
        }
        runs: Any = self._ask(
            "SELECT runs.run_id, runs.run_url, jobs.name AS job_name FROM dbt_runs AS runs "
            "LEFT JOIN dbt_jobs AS jobs "
            "ON jobs.account_id = runs.account_id AND jobs.job_id = runs.job_id "
            "WHERE runs.account_id = ? AND runs.environment_id IN ({})"
        )
        return Results(
            tuple(map(_brief, told)),
            {
                run["run_id"]: Run(run["run_url"], run["job_name"])
                for run in runs
                if run["run_id"] in named
            },
        )

    def _find(self, wanted: Sequence[int]) -> list[Environment]:
        sql = (
            "SELECT environments.environment_id, environments.name, environments.project_id, "
            "projects.name AS project_name, "
            "(SELECT max(adapter_type) FROM dbt_invocations AS told "
            "WHERE told.account_id = environments.account_id "
            "AND told.environment_id = environments.environment_id) AS adapter, "
            "(SELECT max(run_url) FROM dbt_runs AS told "
            "WHERE told.account_id = environments.account_id "
            "AND told.environment_id = environments.environment_id) AS run_url "
            "FROM dbt_environments AS environments "
            "LEFT JOIN dbt_projects AS projects ON projects.account_id = environments.account_id "
            "AND projects.project_id = environments.project_id "
            "WHERE environments.account_id = ? AND "
        )
        where = (
            f"environments.environment_id IN ({_marks(wanted)})"
            if wanted
            else "environments.is_production AND NOT environments.is_deleted"
        )
        found = self._warehouse.query(sql + where, (self._account_id, *wanted)).to_pylist()
        return [
            Environment(
                row["environment_id"],
                row["name"],
                row["project_id"],
                row["project_name"] or "",
                row["adapter"],
                _page(row["environment_id"], row["run_url"]),
            )
            for row in sorted(found, key=lambda row: row["environment_id"])
        ]

    def _relations(self) -> Iterator[Node]:
        columns = self._columns()
        code = self._code()
        for kind, table in _RELATIONS.items():
            rows: list[RelationRow] = self._rows(table)
            for row in rows:
                text, is_cut = code.get(row.raw_code_hash or "", (None, False))
                yield relation_node(
                    kind,
                    row,
                    tuple(columns.get((row.environment_id, row.unique_id), ())),
                    text,
                    is_cut=is_cut,
                )

    def _exposures(self) -> Iterator[Node]:
        for row in self._rows(DBT_EXPOSURES):
            yield exposure_node(row)

    def _columns(self) -> dict[tuple[int, str], list[GraphColumn]]:
        found = self._ask(
            "SELECT environment_id, unique_id, column_name, description, "
            "coalesce(catalog_type, declared_type) AS type FROM dbt_columns "
            "WHERE account_id = ? AND environment_id IN ({}) ORDER BY ordinal, column_key"
        )
        columns: defaultdict[tuple[int, str], list[GraphColumn]] = defaultdict(list)
        for row in found:
            columns[row["environment_id"], row["unique_id"]].append(
                GraphColumn(
                    row["column_name"],
                    row["type"] or "",
                    shortened(row["description"], LONGEST_TEXT),
                )
            )
        return columns

    def _code(self) -> dict[str, tuple[str, bool]]:
        """Read source code, one character more than is shown."""
        named = " UNION ".join(
            f"SELECT raw_code_hash FROM {table.name} "  # noqa: S608 - names of our own
            f"WHERE account_id = ? AND environment_id IN ({_marks(self._ids)})"
            for table in (DBT_MODELS, DBT_SNAPSHOTS)
        )
        sql = (
            f"SELECT code_hash, substr(code, 1, {LONGEST_CODE + 1}) AS code, is_truncated "  # noqa: S608
            f"FROM dbt_code WHERE account_id = ? AND code_hash IN ({named})"
        )
        scope = (self._account_id, *self._ids)
        found = self._warehouse.query(sql, (self._account_id, *scope, *scope)).to_pylist()
        return {row["code_hash"]: (row["code"], row["is_truncated"]) for row in found}

    def _with_parents(self, nodes: Sequence[Node]) -> Iterator[Node]:
        found = self._ask(
            "SELECT environment_id, parent_unique_id, child_unique_id FROM dbt_edges "
            "WHERE account_id = ? AND environment_id IN ({})"
        )
        edges: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        for row in found:
            edges[row["environment_id"]].append((row["parent_unique_id"], row["child_unique_id"]))
        ids: defaultdict[int, dict[str, None]] = defaultdict(dict)
        for node in nodes:
            ids[node.environment_id][node.unique_id] = None
        parents = {env: nearest_nodes(edges[env], of_one) for env, of_one in ids.items()}
        for node in nodes:
            near = parents[node.environment_id].get(node.unique_id, ())
            yield msgspec.structs.replace(node, parents=near)

    def _tests(self, nodes: Sequence[Node]) -> Iterator[Check]:
        """Attach every test to the node it judges; else to the first that it reads."""
        known = {(node.environment_id, node.unique_id) for node in nodes}
        targets: dict[tuple[int, str], tuple[int, str]] = {}
        for row in self._ask(
            "SELECT environment_id, test_unique_id, target_unique_id, role FROM dbt_test_targets "
            "WHERE account_id = ? AND environment_id IN ({})"
        ):
            if (row["environment_id"], row["target_unique_id"]) in known:
                test = (row["environment_id"], row["test_unique_id"])
                place = (_ROLES.index(row["role"]), row["target_unique_id"])
                targets[test] = min(targets.get(test, place), place)
        for row in self._ask(
            "SELECT environment_id, test_unique_id, name, description, column_name, severity "
            "FROM dbt_tests WHERE account_id = ? AND environment_id IN ({}) "
            "ORDER BY environment_id, test_unique_id"
        ):
            target = targets.get((row["environment_id"], row["test_unique_id"]))
            if target:
                yield Check(
                    environment_id=row["environment_id"],
                    node_id=target[1],
                    unique_id=row["test_unique_id"],
                    kind=TEST,
                    name=row["name"],
                    description=shortened(row["description"], LONGEST_TEXT),
                    column=row["column_name"],
                    severity=row["severity"],
                )

    def _rows(self, table: Table[R], where: str = "TRUE") -> list[R]:
        names = ", ".join(column.name for column in table.columns)
        sql = (
            f"SELECT {names} FROM {table.name} WHERE account_id = ? "  # noqa: S608 - names of our own
            f"AND environment_id IN ({_marks(self._ids)}) AND {where}"
        )
        found = rows_from(table, self._warehouse.query(sql, (self._account_id, *self._ids)))
        return sorted(found, key=lambda row: (row.environment_id, row.unique_id))  # pyright: ignore[reportAttributeAccessIssue,reportUnknownLambdaType,reportUnknownMemberType] - all have both

    def _ask(self, sql: str) -> Iterable[dict[str, Any]]:
        scope = (self._account_id, *self._ids)
        return self._warehouse.query(sql.format(_marks(self._ids)), scope).to_pylist()


def _brief(row: NodeStatusRow) -> NodeStatusRow:
    """Cut dbt's messages: a stack trace says enough in its first lines."""
    long = {
        name: shortened(text, _LONGEST_MESSAGE)
        for name in ("latest_message", "attempt_message", "freshness_message")
        if len(text := getattr(row, name) or "") > _LONGEST_MESSAGE
    }
    return msgspec.structs.replace(row, **long) if long else row


def _page(environment_id: int, run_url: str | None) -> str | None:
    """Address an environment's page by that of one of its runs."""
    project, runs, _ = (run_url or "").partition("/runs/")
    return f"{project}/environments/{environment_id}" if runs else None


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)
