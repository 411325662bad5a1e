"""Every setting, read from environment variables or a `.env` file.

A setting's name is its environment variable's name. Nothing else in the package reads the
environment. Secrets are `SecretStr`, so that printing the settings shows none.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sigma_dbt_sync.errors import ConfigurationError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Ids = Annotated[tuple[int, ...], NoDecode]

_NEEDED_FOR_SIGMA = (
    "sigma_api_host",
    "sigma_client_id",
    "sigma_client_secret",
    "sigma_connection",
)
_UNENCRYPTED = frozenset({"form", "http", "json", "xml"})
_BY_PROJECT = re.compile(r"\s*(\d+)\s*=\s*(.*?)\s*", re.DOTALL)
_NEXT_PROJECT = re.compile(r",(?=\s*\d+\s*=)|,\s*$")


class Settings(BaseSettings):
    """What a deployment may choose; everything has a default that works on one machine."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    dbt_cloud_api_host: str = Field(
        default="https://cloud.getdbt.com",
        description="dbt Cloud's access URL, with or without https://.",
    )
    dbt_cloud_service_token: SecretStr | None = Field(
        default=None,
        description="Service or personal token; read-only is enough. Unset: the demo account.",
    )
    dbt_cloud_account_id: int | None = Field(
        default=None, description="dbt Cloud account; found by itself when the token sees one."
    )
    dbt_cloud_project_ids: Ids = Field(default=(), description="Only these projects (all).")
    dbt_cloud_environment_ids: Ids = Field(default=(), description="Only these environments (all).")
    dbt_cloud_job_ids: Ids = Field(default=(), description="Only these jobs (all).")
    dbt_cloud_history_days: int = Field(
        default=30, ge=1, le=365, description="How many days back the first sync goes."
    )
    dbt_cloud_manifests: Literal["changed", "every_run"] = Field(
        default="changed", description="Fetch manifests when the project changed, or of every run."
    )
    warehouse: Literal["duckdb", "snowflake"] = Field(
        default="duckdb", description="Where the tables live."
    )
    duckdb_path: Path = Field(
        default=Path("data/dbt_metadata.duckdb"), description="The DuckDB file."
    )
    snowflake_connection_name: str | None = Field(
        default=None, description="Connection in Snowflake's connections.toml; the rest refines it."
    )
    snowflake_account: str | None = Field(
        default=None, description="Account identifier, such as myorg-myaccount."
    )
    snowflake_user: str | None = Field(default=None, description="User of type SERVICE.")
    snowflake_authenticator: str | None = Field(
        default=None,
        description="Follows from key or token; else OAUTH, WORKLOAD_IDENTITY and so on.",
    )
    snowflake_private_key_file: Path | None = Field(
        default=None, description="Private key of the user (PEM)."
    )
    snowflake_private_key_password: SecretStr | None = Field(
        default=None, description="Password of an encrypted private key."
    )
    snowflake_token: SecretStr | None = Field(
        default=None, description="Programmatic access token, or the token of OAUTH."
    )
    snowflake_workload_identity_provider: Literal["AWS", "AZURE", "GCP", "OIDC"] | None = Field(
        default=None, description="Who vouches for this machine, for WORKLOAD_IDENTITY."
    )
    snowflake_warehouse: str | None = Field(default=None, description="Warehouse that computes.")
    snowflake_role: str | None = Field(
        default=None, description="Role that owns the tables (the user's default role)."
    )
    snowflake_database: str | None = Field(default=None, description="Database of the tables.")
    snowflake_schema: str = Field(default="DBT_METADATA", description="Schema of the tables.")
    snowflake_host: str | None = Field(
        default=None, description="Host name, where it does not follow from the account."
    )
    snowflake_port: int | None = Field(default=None, description="Port (443).")
    snowflake_protocol: Literal["http", "https"] = Field(
        default="https", description="https; http is for stand-ins on this machine."
    )
    archive_url: str = Field(
        default="data/archive", description="Folder or fsspec URL of the raw artifacts."
    )
    archive_keep_days: int | None = Field(
        default=None, ge=1, description="Forget archived runs after so many days (never)."
    )
    sigma_api_host: str | None = Field(
        default=None,
        description="Sigma's API address, with or without https://. Unset: nothing is sent.",
    )
    sigma_client_id: str | None = Field(default=None, description="Client ID of Sigma's API.")
    sigma_client_secret: SecretStr | None = Field(
        default=None, description="Secret that belongs to the client ID."
    )
    sigma_connection: str | None = Field(
        default=None,
        description="Connection by name or id, or project_id=name,project_id=name.",
    )
    sigma_environment_ids: Ids = Field(
        default=(), description="Environments whose changes reach Sigma (production ones)."
    )
    sigma_sync_when: Literal["built", "verified"] = Field(
        default="built",
        description="Send a change when dbt has built it, or when the warehouse shows it.",
    )
    dagster_environment_ids: Ids = Field(
        default=(), description="Environments whose dbt nodes Dagster shows (production ones)."
    )
    dagster_webserver_url: str | None = Field(
        default=None, description="Dagster's UI, to be told when the dbt project has changed."
    )
    dagster_executor: Literal["in_process", "kubernetes"] = Field(
        default="in_process",
        description="Where a run's steps are: in its own process, or each in a pod.",
    )
    dagster_keep_runs_days: int = Field(
        default=30, ge=1, description="Dagster forgets its runs after so many days."
    )
    alert_urls: SecretStr | None = Field(
        default=None,
        description="Who is told of failed runs: Apprise's addresses, such as Slack's webhook or "
        "jsons://host/path, separated by spaces. Unset: nobody.",
    )
    sync_cron: str = Field(default="*/15 * * * *", description="When the schedule syncs.")
    sync_timezone: str = Field(default="UTC", description="Time zone of the schedule.")

    @field_validator(
        "dbt_cloud_project_ids",
        "dbt_cloud_environment_ids",
        "dbt_cloud_job_ids",
        "sigma_environment_ids",
        "dagster_environment_ids",
        mode="before",
    )
    @classmethod
    def _split_ids(cls, value: object) -> object:
        return (
            tuple(part for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("dbt_cloud_api_host", "sigma_api_host")
    @classmethod
    def _https_host(cls, value: str | None) -> str | None:
        """Accept a bare host name; send a token over plain http only to this machine."""
        if value is None:
            return None
        url = value.strip().rstrip("/")
        if "://" not in url:
            url = f"https://{url}"
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            message = f"{value}: only https is accepted, so that the token is never sent in clear"
            raise ValueError(message)
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("alert_urls")
    @classmethod
    def _encrypted_alerts(cls, value: SecretStr | None) -> SecretStr | None:
        """An address may hold a token, so it too is sent in clear only to this machine."""
        for address in value.get_secret_value().split() if value else ():
            parts = urlsplit(address)
            if parts.scheme in _UNENCRYPTED and parts.hostname not in LOOPBACK:
                message = f"{parts.scheme}:// is not encrypted; {parts.scheme}s:// is"
                raise ValueError(message)
        return value

    @field_validator("sigma_connection")
    @classmethod
    def _one_connection_a_project(cls, value: str | None) -> str | None:
        connections_by_project(value)
        return value

    @field_validator("snowflake_protocol")
    @classmethod
    def _https_to_snowflake(cls, value: str, info: ValidationInfo) -> str:
        if value == "http" and info.data.get("snowflake_host") not in LOOPBACK:
            message = "only https is accepted, so that no token is sent in clear"
            raise ValueError(message)
        return value

    @property
    def is_demo(self) -> bool:
        """Whether the bundled demo account is used, because no token is set."""
        return self.dbt_cloud_service_token is None

    @property
    def sends_to_sigma(self) -> bool:
        """Whether everything is set that it takes to tell Sigma."""
        return not self._sigma_unset()

    @property
    def missing_for_sigma(self) -> tuple[str, ...]:
        """Name the variables that are not set although others of Sigma are; none when all are."""
        unset = self._sigma_unset()
        return () if len(unset) == len(_NEEDED_FOR_SIGMA) else unset

    def sigma_connection_of(self, project_id: int | None) -> str | None:
        """Name the connection, or its id, that shows the tables of a project."""
        by_project = connections_by_project(self.sigma_connection)
        return by_project.get(project_id, by_project.get(None))

    def _sigma_unset(self) -> tuple[str, ...]:
        return tuple(name.upper() for name in _NEEDED_FOR_SIGMA if getattr(self, name) is None)


def connections_by_project(value: str | None) -> dict[int | None, str]:
    """Read SIGMA_CONNECTION: a connection per project, or one under None for all of them.

    Raises:
        ValueError: a project has none, or two.
    """
    if value is None:
        return {}
    if not _BY_PROJECT.fullmatch(value):
        return {None: value.strip()}
    found: dict[int | None, str] = {}
    for part in _NEXT_PROJECT.split(value):
        read = _BY_PROJECT.fullmatch(part)
        if read is None:
            continue
        project_id, name = int(read[1]), read[2]
        if not name or project_id in found:
            raise ValueError(f"project {project_id} needs exactly one connection")
        found[project_id] = name
    return found


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (by field name) win over the environment.

    Raises:
        ConfigurationError: a value does not fit; the message lists every such setting.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [
            f"{'_'.join(str(part) for part in wrong['loc']).upper()}: {wrong['msg']}"
            for wrong in error.errors(include_input=False, include_url=False)
        ]
        message = "Some settings are not usable.\n" + "\n".join(lines)
        raise ConfigurationError(message) from None
