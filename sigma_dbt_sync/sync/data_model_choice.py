"""Chooses what a publication is about: the data model, its folder, the connection it reads."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings, connections_by_project
from sigma_dbt_sync.sigma import Connection, SigmaClient
from sigma_dbt_sync.sigma.data_model import ELEMENTS, NAME
from sigma_dbt_sync.sigma.data_model_parts import elements_of, reads_view
from sigma_dbt_sync.sigma.data_models import DataModels, Folder, ListedModel
from sigma_dbt_sync.sync.data_model_notes import ModelNotes

_LISTED = 10


class Chosen(Struct, frozen=True):
    """A data model that is there, and what it holds."""

    model: ListedModel
    spec: Mapping[str, Any]


def metadata_schema(settings: Settings) -> tuple[str, str]:
    """Name database and schema of the views, as Snowflake and Sigma hold them.

    Raises:
        ConfigurationError: they are where Sigma cannot read them, or not named.
    """
    if settings.warehouse == "duckdb":
        raise ConfigurationError(
            "Sigma cannot read a DuckDB file, so there is nothing to publish a data model on. Let "
            "the tables live in Snowflake (WAREHOUSE=snowflake; docs/snowflake.md), sync, and "
            "publish then. publish --print shows the data model all the same."
        )
    if settings.snowflake_database is None:
        raise ConfigurationError("Set SNOWFLAKE_DATABASE: where Sigma finds the views.")
    return settings.snowflake_database.upper(), settings.snowflake_schema.upper()


def choose_connection(client: SigmaClient, settings: Settings, name: str | None) -> Connection:
    """Find the connection that reads the metadata.

    Raises:
        ConfigurationError: none is named, or several are.
        NotFound: there is none of that name.
    """
    named = set(connections_by_project(settings.sigma_connection).values())
    if name is None and len(named) != 1:
        several = f" SIGMA_CONNECTION names {' and '.join(sorted(named))}." if named else ""
        raise ConfigurationError(
            f"Say with --connection which connection reads the metadata's schema.{several}"
        )
    return client.connection(name or named.pop())


def choose_folder(client: SigmaClient, wanted: str | None) -> Folder:
    """Find the folder of a new model: the one named, else My Documents, else one to be edited.

    Raises:
        ConfigurationError: there is none, or several have that name.
    """
    models = client.data_models
    known = models.folders()
    if wanted is not None:
        return folder_named(known, wanted)
    home = models.home_folder(client.whoami().user_id)
    if home is not None:
        told = [folder for folder in known if folder.id == home]
        return told[0] if told else Folder(id=home, name="My Documents")
    editable = [folder for folder in known if folder.is_editable]
    if not editable:
        raise ConfigurationError(
            "Sigma lists no folder that the owner of SIGMA_CLIENT_ID may edit. Name one: --folder"
        )
    return editable[0]


def folder_named(known: list[Folder], wanted: str) -> Folder:
    """Find a folder by id, path or name.

    Raises:
        ConfigurationError: there is none, or several have that name.
    """
    for matches in (
        [folder for folder in known if folder.id == wanted],
        [folder for folder in known if folder.full_name == wanted],
        [folder for folder in known if folder.name == wanted],
    ):
        if len(matches) > 1:
            listed = "\n".join(f"  {folder.full_name}  {folder.id}" for folder in matches)
            raise ConfigurationError(
                f"Sigma has {len(matches)} folders named {wanted}. Give --folder the id of the one "
                f"that is meant:\n{listed}"
            )
        if matches:
            return matches[0]
    names = ", ".join(sorted(folder.full_name for folder in known)[:_LISTED]) or "none"
    raise ConfigurationError(f"Sigma lists no folder {wanted}. It lists: {names}.")


def choose_model(
    models: DataModels, notes: ModelNotes, *, wanted: str | None, folder: Folder | None
) -> Chosen | None:
    """Find the data model to update; None when it is to be created.

    Without `wanted`, an id or a name, it is the one published before, whatever it is called now,
    else the one of our name. `folder` leaves out those that lie elsewhere.

    Raises:
        ConfigurationError: several may be meant, or the one found is somebody else's.
    """
    found = _candidates(models.listed(), notes, wanted)
    chosen = [Chosen(model, models.read(model.id)) for model in found]
    if folder is not None:
        chosen = [one for one in chosen if one.spec.get("folderId") == folder.id]
    if len(chosen) > 1:
        listed = "\n".join(
            f"  {one.model.name}  in {one.model.path or '?'}  {one.model.id}" for one in chosen
        )
        raise ConfigurationError(
            f"Sigma has {len(chosen)} data models that may be meant. Say which with --model and "
            f"its id, or with --folder:\n{listed}"
        )
    if not chosen:
        return None
    (one,) = chosen
    views = [element.view for element in ELEMENTS]
    is_ours = any(reads_view(part, view) for part in elements_of(one.spec) for view in views)
    if not is_ours and not notes.published([one.model.id]):
        raise ConfigurationError(
            f"The data model {one.model.name} ({one.model.id}) reads none of the metadata's views: "
            "it is somebody else's. Choose another name with --model."
        )
    return one


def _candidates(
    listed: list[ListedModel], notes: ModelNotes, wanted: str | None
) -> list[ListedModel]:
    if wanted is None:
        published = notes.published(model.id for model in listed)
        return [model for model in listed if model.id in published] or [
            model for model in listed if model.name == NAME
        ]
    found = [model for model in listed if model.id == wanted]
    if not found and _is_id(wanted):
        raise ConfigurationError(f"Sigma lists no data model with the id {wanted}.")
    return found or [model for model in listed if model.name == wanted]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
