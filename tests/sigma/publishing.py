"""A Snowflake in which syncs made their views, the stand-in Sigma on it, and a publisher."""

from datetime import UTC, datetime

import pytest

from sigma_dbt_sync.demo.serve import serving
from sigma_dbt_sync.demo.sigma import sigma
from sigma_dbt_sync.demo.sigma_catalog import Organization, TableComments, WarehouseConnection
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Pauses, Polling, data_model, open_sigma
from sigma_dbt_sync.sync.data_model import Asked, plan_publication, send
from sigma_dbt_sync.warehouse.views import load_views

QUICK = Pauses(unavailable=0.001, rate_limited=0.001, longest=0.05, between_tokens=0)
IMPATIENT = Polling(first=0.005, longest=0.01)
SCHEMA = ("ANALYTICS", "DBT_METADATA")
SNOWFLAKE = {"WAREHOUSE": "snowflake", "SNOWFLAKE_DATABASE": "analytics"}


def view_tables(*without: str):
    """List the views as an information schema does, leaving some out."""
    return {
        (*SCHEMA, view.name.upper()): TableComments(
            view.description, {name.upper(): text for name, text in view.columns.items()}
        )
        for view in load_views()
        if view.name not in without
    }


def metadata_connection(name="Warehouse", *, friendly_name=True, indexed=True):
    """Make the connection; not indexed, Sigma has yet to look at the schema."""
    tables = view_tables()
    connection = WarehouseConnection(
        id="44444444-aaaa-4bbb-8ccc-000000000004",
        name=name,
        information_schema=lambda: dict(tables),
        friendly_name=friendly_name,
    )
    if indexed:
        connection.index_everything()
    return connection


class World:
    """A Sigma, its data models, and somebody who publishes to it."""

    def __init__(self, server, app, organization, folder):
        self.server, self.organization, self.folder = server, organization, folder
        self.models = app.state.data_models

    @property
    def connection(self):
        return self.organization.connections[0]

    def settings(self, **more):
        chosen = {
            "sigma_api_host": self.server.url,
            "sigma_client_id": self.organization.client_id,
            "sigma_client_secret": self.organization.client_secret,
            "sigma_connection": "Warehouse",
            "warehouse": "snowflake",
            "snowflake_database": "analytics",
            "archive_url": str(self.folder / "archive"),
        }
        return Settings(_env_file=None, **(chosen | more))

    def publish(self, *, pauses=QUICK, **asked):
        settings = self.settings()
        with open_sigma(settings, pauses=pauses) as client:
            plan = plan_publication(client, settings, Asked(**asked))
            return send(client, settings, plan, polling=IMPATIENT)

    def plan(self, **asked):
        settings = self.settings()
        with open_sigma(settings, pauses=QUICK) as client:
            return plan_publication(client, settings, Asked(**asked))

    def forget(self):
        """Publish from another machine, which remembers nothing."""
        for file in (self.folder / "archive" / "sigma").rglob("*.json"):
            file.unlink()

    @property
    def model(self):
        (found,) = self.models.models.values()
        return found

    def elements(self):
        return {one["name"]: one for page in self.model.spec["pages"] for one in page["elements"]}

    def part(self, element, kind, name):
        (found,) = [one for one in self.elements()[element][kind] if one.get("name") == name]
        return found

    def writes(self):
        return [
            one.method
            for one in self.server.requests
            if one.path.endswith("/spec") and one.method != "GET"
        ]


@pytest.fixture
def world(tmp_path):
    organization = Organization(
        connections=[metadata_connection()],
        clock=lambda: datetime(2027, 3, 9, 12, tzinfo=UTC),
        seconds_between_tokens=0,
    )
    app = sigma(organization)
    with serving(app) as server:
        yield World(server, app, organization, tmp_path)


def newer_version(monkeypatch, **changes):
    """Let a newer version of this package say something else about stale tables."""
    made = [
        data_model.Element(
            view=element.view,
            name=element.name,
            relationships=element.relationships,
            metrics=tuple(
                data_model.Metric(
                    name=metric.name,
                    formula=changes.get("formula", metric.formula),
                    description=changes.get("description", metric.description),
                )
                if metric.name == "Stale tables"
                else metric
                for metric in element.metrics
                if metric.name != changes.get("without")
            ),
        )
        for element in data_model.ELEMENTS
    ]
    monkeypatch.setattr("sigma_dbt_sync.sigma.data_model_spec.ELEMENTS", tuple(made))
