"""Reads one dbt tab from the views, and finds the relation a person means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.warehouse.base import Warehouse

Record = dict[str, Any]

_SHOWABLE = (
    "account_id, environment_id, environment_name, is_production, is_primary, node_key, "
    "relation_key, relation_name, unique_id, resource_type, model_name, table_name"
)
_SUGGESTIONS = 5
TESTS_ORDER = (
    "CASE last_status_group WHEN 'bad' THEN 0 WHEN 'warn' THEN 1 ELSE 2 END, "
    "column_key, test_name, test_role"
)
"""What failed is read first."""
_TABLES = (
    "SELECT count(*) AS tables FROM information_schema.tables "
    "WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
)


@dataclass(frozen=True, slots=True)
class Tab:
    """What Sigma's dbt tab shows for one relation."""

    facts: Record
    source_sql: str | None
    compiled_sql: str | None
    language: str
    columns: list[Record]
    tests: list[Record]

    def as_json(self) -> Record:
        """Lay it out for `show --json`."""
        return {
            "dbt_tab": self.facts,
            "source_sql": self.source_sql,
            "compiled_sql": self.compiled_sql,
            "columns": self.columns,
            "tests": self.tests,
        }


def has_tables(warehouse: Warehouse) -> bool:
    """Whether a sync has made the tables."""
    return rows(warehouse, _TABLES)[0]["tables"] > 0


def relations(warehouse: Warehouse, settings: Settings) -> list[Record]:
    """List every relation that has a tab, of the configured account when one is named."""
    account_id = settings.dbt_cloud_account_id
    where = "" if account_id is None else " WHERE account_id = ?"
    parameters = () if account_id is None else (account_id,)
    order = " ORDER BY is_production DESC, environment_name, relation_key, is_primary DESC"
    return rows(warehouse, f"SELECT {_SHOWABLE} FROM dbt_tab{where}{order}", parameters)  # noqa: S608 - our own words


def matching(found: Sequence[Record], wanted: str) -> list[Record]:
    """Keep the relations that `wanted` names, by the most exact way in which it names any."""
    word = _folded(wanted)
    ranks = [(_rank(relation, word), relation) for relation in found]
    best = min((rank for rank, _ in ranks if rank is not None), default=None)
    return [relation for rank, relation in ranks if rank is not None and rank == best]


def in_environment(found: Sequence[Record], wanted: str) -> list[Record]:
    """Keep the relations of the environment with this id or name."""
    word = wanted.strip().casefold()
    return [
        relation
        for relation in found
        if word in {str(relation["environment_id"]), _folded(relation["environment_name"] or "")}
    ]


def preferred(found: Sequence[Record]) -> list[Record]:
    """Choose production over the rest, and of one relation in two places the primary.

    More than one relation is left only where nothing tells which is meant.
    """
    production = [relation for relation in found if relation["is_production"]]
    left = production or list(found)
    if len({(relation["account_id"], relation["relation_key"]) for relation in left}) == 1:
        return [relation for relation in left if relation["is_primary"]] or left[:1]
    return left


def close_names(found: Sequence[Record], wanted: str) -> list[str]:
    """Suggest names that look like `wanted`."""
    names = {str(relation["table_name"]) for relation in found}
    names |= {str(relation["model_name"]) for relation in found}
    last = _folded(wanted).rsplit(".", 1)[-1]
    by_fold = {name.casefold(): name for name in sorted(names)}
    close = get_close_matches(last, by_fold, n=_SUGGESTIONS, cutoff=0.5)
    return [by_fold[name] for name in close]


def read_tab(warehouse: Warehouse, relation: Record) -> Tab:
    """Read everything there is about one relation."""
    key = (relation["node_key"], relation["environment_id"], relation["unique_id"])
    which = "node_key = ? AND environment_id = ? AND unique_id = ?"
    (facts,) = rows(warehouse, f"SELECT * FROM dbt_tab WHERE {which}", key)  # noqa: S608 - our own words
    code = rows(warehouse, f"SELECT * FROM dbt_tab_sql WHERE {which}", key)  # noqa: S608 - our own words
    columns = f"SELECT * FROM dbt_tab_columns WHERE {which} ORDER BY ordinal, column_name"  # noqa: S608 - our own words
    tests = f"SELECT * FROM dbt_tab_tests WHERE {which} ORDER BY {TESTS_ORDER}"  # noqa: S608 - our own words
    texts = code[0] if code else {}
    return Tab(
        facts=facts,
        source_sql=texts.get("source_sql"),
        compiled_sql=texts.get("compiled_sql"),
        language=texts.get("language") or "sql",
        columns=rows(warehouse, columns, key),
        tests=rows(warehouse, tests, key),
    )


def telling_relation(warehouse: Warehouse, account_id: int) -> Record | None:
    """Find a relation with much to see: documented, tested, and in trouble if any is."""
    sql = f"""
        SELECT {_SHOWABLE} FROM dbt_tab
        WHERE account_id = ? AND is_primary AND tests_total > 0 AND description <> ''
        ORDER BY
            is_production DESC,
            CASE health WHEN 'failing' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,
            CASE resource_type WHEN 'model' THEN 0 ELSE 1 END,
            columns_documented DESC,
            tests_total DESC,
            relation_key
        LIMIT 1
    """  # noqa: S608 - our own words
    found = rows(warehouse, sql, (account_id,))
    return found[0] if found else None


def rows(warehouse: Warehouse, sql: str, parameters: Sequence[object] = ()) -> list[Record]:
    """Run a query; column names in lower case, values as JSON and people want them."""
    return [
        {name.lower(): _plain_value(value) for name, value in row.items()}
        for row in warehouse.query(sql, parameters).to_pylist()
    ]


def _rank(relation: Record, word: str) -> int | None:
    keys = [_folded(relation[name] or "") for name in ("relation_key", "relation_name")]
    names = [_folded(relation[name] or "") for name in ("table_name", "model_name")]
    unique_id = _folded(relation["unique_id"])
    if word in keys or word == unique_id:
        return 0
    if "." in word and any(key.endswith(f".{word}") for key in (*keys, unique_id)):
        return 1
    if word == names[0]:
        return 2
    return 3 if word == names[1] else None


def _folded(name: str) -> str:
    """Forget case and the quotes of any SQL dialect."""
    return name.strip().casefold().translate({ord(quote): None for quote in '"`[]'})


def _plain_value(value: object) -> object:
    if isinstance(value, Decimal):  # a sum of integers, in both warehouses
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return value
