"""Changed tables in a DuckDB file, and a Sigma that has not heard of the changes."""

import random
from datetime import UTC, datetime, timedelta

from starlette.responses import PlainTextResponse, Response

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sigma import Pauses, open_sigma
from sigma_dbt_sync.sync.deliver import deliver
from sigma_dbt_sync.sync.delivery import requests_to_send
from sigma_dbt_sync.sync.outbox import Terms
from sigma_dbt_sync.tables.delivery import DBT_DOC_CHANGES, SIGMA_TABLE_SYNCS
from sigma_dbt_sync.tables.relations import DBT_MODELS
from sigma_dbt_sync.tables.spec import Kind
from sigma_dbt_sync.warehouse.base import Batch, Change
from sigma_dbt_sync.warehouse.duckdb import DuckDB

ACCOUNT, PROJECT, ENVIRONMENT = 7, 70, 700
CONNECTION = "Shop warehouse"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = "as it was", "as it is now"
QUICK = Pauses(unavailable=0.001, rate_limited=0.001, longest=0.05, between_tokens=0.0)
_NOTHING = {
    Kind.TEXT: "",
    Kind.INTEGER: 0,
    Kind.NUMBER: 0.0,
    Kind.FLAG: False,
    Kind.INSTANT: NOON,
    Kind.JSON: "[]",
}


def row(table, **fields):
    """Make a row; what is not named is nothing of its kind."""
    made = {c.name: None if c.nullable else _NOTHING[c.kind] for c in table.columns}
    return table.row(**made | {"account_id": ACCOUNT, "environment_id": ENVIRONMENT} | fields)


def model(name, **fields):
    """Make a model that lies at shop.analytics.<name>."""
    made = {
        "project_id": PROJECT,
        "unique_id": f"model.shop.{name}",
        "node_key": name,
        "name": name,
        "relation_key": f"SHOP.ANALYTICS.{name}".upper(),
        "database_name": "shop",
        "schema_name": "analytics",
        "identifier": name,
        "materialized": "table",
        "persist_docs_relation": True,
        "persist_docs_columns": True,
    }
    return row(DBT_MODELS, **made | fields)


def change(name, column="id", **fields):
    """Make the change of a column's description, or of the table's own, that dbt has built."""
    made = {
        "project_id": PROJECT,
        "change_id": f"{name}.{column}",
        "node_key": name,
        "unique_id": f"model.shop.{name}",
        "resource_type": "model",
        "column_key": column or "",
        "column_name": column or None,
        "change_kind": "changed",
        "before_description": OLD,
        "description": NEW,
        "is_persisted": True,
        "changed_at": NOON,
        "run_id": 1,
        "state": "built",
        "built_at": NOON,
        "first_built_at": NOON,
        "built_run_id": 1,
    }
    return row(DBT_DOC_CHANGES, **made | fields)


class World:
    """A warehouse, a Sigma, and a clock that a test moves."""

    def __init__(self, folder):
        self.path = folder / "warehouse.duckdb"
        self.now = NOON + timedelta(hours=1)
        self.comments = {}
        self.connection = WarehouseConnection(
            id="c0ffee", name=CONNECTION, information_schema=lambda: self.comments
        )
        self.organization = Organization(
            connections=[self.connection], clock=lambda: self.now, seconds_between_tokens=0.0
        )
        self.terms = Terms(lambda _project: CONNECTION, "built")

    def warehouse(self):
        return DuckDB(self.path)

    def write(self, *rows):
        """Publish rows of any tables."""
        known = {table.row: table for table in (DBT_MODELS, DBT_DOC_CHANGES, SIGMA_TABLE_SYNCS)}
        changes = [
            Change(table, [one for one in rows if isinstance(one, kind)])
            for kind, table in known.items()
        ]
        warehouse = self.warehouse()
        warehouse.migrate()
        planned = warehouse.identity().generation
        warehouse.publish(Batch("test", planned, tuple(c for c in changes if c.rows)))
        warehouse.close()

    def add_tables(self, *names):
        """Let tables have a changed column each, and Sigma know their old comments."""
        for name in names:
            path = ("shop", "analytics", name)
            self.comments[path] = TableComments("a table", {"id": NEW, "other": "x"})
            self.connection.indexed[path] = TableComments("a table", {"id": OLD, "other": "x"})
        self.write(*map(model, names), *map(change, names))

    def synced(self):
        """Tables that Sigma has synced, in order."""
        return [sync.path[-1] for sync in self.organization.syncs if sync.level == "table"]

    def query(self, sql):
        warehouse = self.warehouse()
        found = warehouse.query(sql)
        warehouse.close()
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def states(self):
        """How far each change has come."""
        return dict(self.query("SELECT change_id, state FROM dbt_doc_changes"))

    def served(self, wrap=lambda app: app):
        """Serve Sigma while the block runs."""
        return serve.serving(wrap(sigma(self.organization)))

    def settings(self, server, **others):
        return load_settings(
            _env_file=None,
            duckdb_path=self.path,
            sigma_api_host=server.url,
            sigma_client_id=self.organization.client_id,
            sigma_client_secret=self.organization.client_secret,
            sigma_connection=CONNECTION,
            **others,
        )

    def deliver(self, server, *, node_keys=None, terms=None, clock=None, **others):
        """Deliver once, in this process."""
        settings = self.settings(server)
        warehouse = self.warehouse()
        asked = None
        if node_keys is not None:
            asked = requests_to_send(
                warehouse, settings, clock=lambda: self.now, node_keys=node_keys, delivery_id="d"
            )
        with open_sigma(settings, pauses=QUICK) as client:
            try:
                return deliver(
                    warehouse,
                    client,
                    terms or self.terms,
                    delivery_id="d",
                    clock=clock or (lambda: self.now),
                    asked=asked,
                    read_back_seconds=0.2,
                    **others,
                )
            finally:
                warehouse.close()


class BadDay:
    """Sigma on a bad day: every so many requests end in 429 or 500, and it counts who asks."""

    def __init__(self, app, *, share=0.1, seed=1):
        self._app = app
        self._random = random.Random(seed)
        self._share = share
        self.at_once = self.most_at_once = 0

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"].endswith("/token"):
            await self._app(scope, receive, send)
            return
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            chance = self._random.random()
            if chance < self._share / 2:
                await PlainTextResponse("error code: 1015", 429)(scope, receive, send)
            elif chance < self._share:
                await Response(status_code=500)(scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            self.at_once -= 1
