"""Reads what the report shows: tabs, with each relation's recent runs and its lineage."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sigma_dbt_sync.cli.report_lineage import Graph, Node, Picture, draw, lineage
from sigma_dbt_sync.cli.tab import TESTS_ORDER, Record, Tab, read_tab, rows
from sigma_dbt_sync.warehouse.base import Warehouse

_RUNS_SHOWN = 40
_FEW = 5
"""Up to so many relations are read one by one; beyond, whole views are cheaper."""

_RUNS = f"""
    SELECT node_key, status, status_group, execution_seconds, rows_affected, completed_at, run_id
    FROM dbt_node_executions
    WHERE feeds_state AND resource_type IN ('model', 'seed', 'snapshot')
    QUALIFY row_number() OVER (
        PARTITION BY node_key ORDER BY completed_at DESC, run_id DESC, step_index DESC
    ) <= {_RUNS_SHOWN}
    ORDER BY completed_at
"""  # noqa: S608 - our own words
_NODES = """
    SELECT relations.node_key, coalesce(relations.table_name, relations.model_name) AS label,
        relations.resource_type AS kind, tab.health
    FROM dbt_relations AS relations
    LEFT JOIN dbt_tab AS tab ON tab.node_key = relations.node_key
    UNION ALL
    SELECT node_key, coalesce(label, name) AS label, 'exposure' AS kind, NULL AS health
    FROM dbt_exposures
"""
_EDGES = """
    SELECT parent_node_key, child_node_key FROM dbt_edges
    WHERE edge_type IN ('model', 'seed', 'snapshot', 'exposure')
"""


@dataclass(frozen=True, slots=True)
class Section:
    """All that the report says of one relation."""

    tab: Tab
    runs: list[Record]
    lineage: Picture


def read_sections(warehouse: Warehouse, chosen: Sequence[Record]) -> list[Section]:
    """Read one section for each of these relations, in their order."""
    keys = {str(relation["node_key"]) for relation in chosen}
    graph = _graph(warehouse)
    runs = _by_node(rows(warehouse, _RUNS), keys)
    tabs = (
        [read_tab(warehouse, relation) for relation in chosen]
        if len(chosen) <= _FEW
        else _all_tabs(warehouse, [str(relation["node_key"]) for relation in chosen])
    )
    return [
        Section(tab, runs[tab.facts["node_key"]], draw(graph, tab.facts["node_key"]))
        for tab in tabs
    ]


def _all_tabs(warehouse: Warehouse, keys: Sequence[str]) -> list[Tab]:
    wanted = set(keys)
    facts = _by_node(rows(warehouse, "SELECT * FROM dbt_tab"), wanted)
    code = _by_node(rows(warehouse, "SELECT * FROM dbt_tab_sql"), wanted)
    columns = _by_node(
        rows(warehouse, "SELECT * FROM dbt_tab_columns ORDER BY ordinal, column_name"), wanted
    )
    tests = _by_node(
        rows(warehouse, f"SELECT * FROM dbt_tab_tests ORDER BY {TESTS_ORDER}"),  # noqa: S608 - our own words
        wanted,
    )
    tabs: list[Tab] = []
    for key in keys:
        texts = code[key][0] if code[key] else {}
        tabs.append(
            Tab(
                facts=facts[key][0],
                source_sql=texts.get("source_sql"),
                compiled_sql=texts.get("compiled_sql"),
                language=texts.get("language") or "sql",
                columns=columns[key],
                tests=tests[key],
            )
        )
    return tabs


def _graph(warehouse: Warehouse) -> Graph:
    nodes = (
        Node(str(row["node_key"]), str(row["label"]), str(row["kind"]), row["health"])
        for row in rows(warehouse, _NODES)
    )
    edges = (
        (str(row["parent_node_key"]), str(row["child_node_key"])) for row in rows(warehouse, _EDGES)
    )
    return lineage(nodes, edges)


def _by_node(found: Iterable[Record], keys: Collection[str]) -> defaultdict[str, list[Record]]:
    by_node: defaultdict[str, list[Record]] = defaultdict(list)
    for row in found:
        if row["node_key"] in keys:
            by_node[str(row["node_key"])].append(row)
    return by_node
