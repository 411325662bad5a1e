"""Publishes the data model "dbt metadata" in Sigma: plans what to send, sends it, notes what was.

A plan only reads. What it would send is a whole document, so that a person without the rights can
be handed it to paste.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Any, Literal

from msgspec import Struct

from sigma_dbt_sync.errors import AccessDenied, ConfigurationError, NotFound
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import Connection, Polling, SigmaClient
from sigma_dbt_sync.sigma.data_model import NAME
from sigma_dbt_sync.sigma.data_model_merge import Merged, merge, remember
from sigma_dbt_sync.sigma.data_model_parts import Remembered, locate
from sigma_dbt_sync.sigma.data_model_spec import (
    SCHEMA_VERSION,
    WantedElement,
    empty_spec,
    wanted_elements,
)
from sigma_dbt_sync.sigma.discovery import Discovery
from sigma_dbt_sync.sigma.refusals import SYSTEM
from sigma_dbt_sync.sync.data_model_choice import (
    choose_connection,
    choose_folder,
    choose_model,
    folder_named,
    metadata_schema,
)
from sigma_dbt_sync.sync.data_model_notes import ModelNotes
from sigma_dbt_sync.warehouse.views import load_views

_DISCOVERY_SECONDS = 20.0
_DATABASE, _CONNECTION, _FOLDER = "<database>", "<connection id>", "<folder id>"


class Asked(Struct, frozen=True, kw_only=True):
    """What a person said about a publication; each by name or id."""

    model: str | None = None
    folder: str | None = None
    connection: str | None = None
    restore: bool = False
    """Bring back what people removed."""


class Plan(Struct, frozen=True, kw_only=True):
    """What a publication would do; without `model_id` it creates the model."""

    model_id: str | None
    name: str
    url: str | None
    where: str
    connection: Connection
    schema: tuple[str, str]
    wanted: list[WantedElement]
    memory: dict[str, Remembered]
    merged: Merged

    @property
    def action(self) -> Literal["created", "updated", "unchanged"]:
        """What it does to the model."""
        if self.model_id is None:
            return "created"
        return "updated" if self.merged.is_news else "unchanged"

    @property
    def request(self) -> str:
        """How the document is sent, for whoever sends it by hand."""
        if self.model_id is None:
            return "POST /v2/dataModels/spec"
        return f"PUT /v2/dataModels/{self.model_id}/spec"

    @property
    def document(self) -> dict[str, Any]:
        """What is sent; of an update Sigma applies the pages alone."""
        return document_of(self.merged.spec)


class Published(Struct, frozen=True, kw_only=True):
    """A publication; `broken` columns are None where Sigma does not let them be listed."""

    plan: Plan
    model_id: str
    url: str | None
    broken: list[str] | None = None


def document_of(spec: dict[str, Any]) -> dict[str, Any]:
    """Keep of a model what its endpoints take."""
    told = {name: spec[name] for name in ("name", "folderId", "description") if spec.get(name)}
    return told | {"schemaVersion": SCHEMA_VERSION, "pages": spec["pages"]}


def plan_publication(client: SigmaClient, settings: Settings, asked: Asked) -> Plan:
    """Find the model and compare it with what it should be; changes nothing.

    Raises:
        ConfigurationError: a setting is missing, or what is meant is not clear.
        ServiceError: Sigma refused, or did not answer.
        ArchiveError: what was published before cannot be read.
    """
    schema = metadata_schema(settings)
    connection = choose_connection(client, settings, asked.connection)
    models, notes = client.data_models, ModelNotes(settings)
    folder = None if asked.folder is None else folder_named(models.folders(), asked.folder)
    chosen = choose_model(models, notes, wanted=asked.model, folder=folder)
    wanted = wanted_elements(
        load_views(),
        connection_id=connection.connection_id,
        schema=schema,
        friendly_names=connection.friendly_name,
    )
    if chosen is None:
        folder = folder or choose_folder(client, None)
        name, model_id, url, where = asked.model or NAME, None, None, folder.full_name
        memory, present = dict[str, Remembered](), empty_spec(name, folder.id)
    else:
        model = chosen.model
        name, model_id, url, where = model.name, model.id, model.url, model.path
        memory, present = notes.read(model.id), dict(chosen.spec)
    if asked.restore:
        there = locate(present, wanted, memory)
        memory = {key: part for key, part in memory.items() if key in there}
    return Plan(
        model_id=model_id,
        name=name,
        url=url,
        where=where,
        connection=connection,
        schema=schema,
        wanted=wanted,
        memory=memory,
        merged=merge(present, wanted, memory),
    )


def send(
    client: SigmaClient, settings: Settings, plan: Plan, *, polling: Polling | None = None
) -> Published:
    """Create or update the model as planned; nothing is sent when nothing changed.

    Raises:
        AccessDenied: the credentials may not; nothing was changed.
        NotFound: Sigma does not see a view; the message says what to grant.
        ServiceError: Sigma refused, or did not answer.
        ArchiveError: what was published cannot be noted.
    """
    models, notes = client.data_models, ModelNotes(settings)
    model_id = plan.model_id
    if model_id is None or plan.merged.is_news:
        model_id = _write_knowing_tables(client, plan, polling or Polling())
        present = models.read(model_id)
        broken = models.broken_columns(model_id)
    else:
        present, broken = plan.merged.spec, []
    notes.write(model_id, remember(present, plan.wanted, plan.memory, plan.merged.sent))
    url: Any = present.get("url") or plan.url
    return Published(plan=plan, model_id=model_id, url=url, broken=broken)


def printed(client: SigmaClient | None, settings: Settings, asked: Asked) -> dict[str, Any]:
    """Write the model as new; without a client with ids left for a person to fill in."""
    try:
        schema = metadata_schema(settings)
    except ConfigurationError:
        schema = (_DATABASE, settings.snowflake_schema.upper())
    connection_id, folder_id, friendly_names = _CONNECTION, _FOLDER, True
    if client is not None:
        connection = choose_connection(client, settings, asked.connection)
        connection_id, friendly_names = connection.connection_id, connection.friendly_name
        folder_id = choose_folder(client, asked.folder).id
    wanted = wanted_elements(
        load_views(),
        connection_id=connection_id,
        schema=schema,
        friendly_names=friendly_names,
    )
    return document_of(merge(empty_spec(asked.model or NAME, folder_id), wanted, {}).spec)


def _write_knowing_tables(client: SigmaClient, plan: Plan, polling: Polling) -> str:
    """Let Sigma look at the views, and write; once more if it does not know them yet.

    The sync of a schema discovers views, and only the sync of a view its newest columns.
    """
    with suppress(AccessDenied):  # writing shows whether the views are known all the same
        for path in (plan.schema, *(one.path for one in plan.wanted)):
            with suppress(NotFound):
                client.sync(plan.connection, path)
    try:
        return _write(client, plan)
    except NotFound as unknown:
        if unknown.status != HTTPStatus.BAD_REQUEST:
            raise
        _wait_for_views(client, plan, polling)
    return _write(client, plan)


def _write(client: SigmaClient, plan: Plan) -> str:
    if plan.model_id is None:
        return client.data_models.create(plan.document)
    client.data_models.update(plan.model_id, plan.document)
    return plan.model_id


def _wait_for_views(client: SigmaClient, plan: Plan, polling: Polling) -> None:
    discovery = Discovery(client, plan.connection, seconds=_DISCOVERY_SECONDS, polling=polling)
    paths = [tuple(one.path) for one in plan.wanted]
    missing = [".".join(path) for path in paths if discovery.find(path) is None]
    if missing:
        schema = ".".join(plan.schema)
        raise NotFound(
            SYSTEM,
            f"looking for the views of {schema} on the connection {plan.connection.name}",
            status=int(HTTPStatus.NOT_FOUND),
            fix=f"It does not see {', '.join(missing)}. Sync once (sigma-dbt-sync sync), GRANT "
            f"SELECT on the views and USAGE on {schema} to the connection's role "
            "(sql/snowflake/grants.sql), and see that --connection reads that Snowflake account.",
        )
