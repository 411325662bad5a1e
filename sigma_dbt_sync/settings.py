"""Every setting, read from environment variables or a `.env` file.

A setting's name is its environment variable's name. Nothing else in the package reads the
environment. Secrets are `SecretStr`, so that printing the settings shows none.
"""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sigma_dbt_sync.errors import ConfigurationError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Ids = Annotated[tuple[int, ...], NoDecode]


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
    archive_url: str = Field(
        default="data/archive", description="Folder or fsspec URL of the raw artifacts."
    )
    archive_keep_days: int | None = Field(
        default=None, ge=1, description="Forget archived runs after so many days (never)."
    )
    sync_cron: str = Field(default="*/15 * * * *", description="When the schedule syncs.")
    sync_timezone: str = Field(default="UTC", description="Time zone of the schedule.")

    @field_validator(
        "dbt_cloud_project_ids",
        "dbt_cloud_environment_ids",
        "dbt_cloud_job_ids",
        mode="before",
    )
    @classmethod
    def _split_ids(cls, value: object) -> object:
        return (
            tuple(part for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("dbt_cloud_api_host")
    @classmethod
    def _https_host(cls, value: str) -> str:
        """Accept a bare host name; send a token over plain http only to this machine."""
        url = value.strip().rstrip("/")
        if "://" not in url:
            url = f"https://{url}"
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            message = f"{value}: only https is accepted, so that the token is never sent in clear"
            raise ValueError(message)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_demo(self) -> bool:
        """Whether the bundled demo account is used, because no token is set."""
        return self.dbt_cloud_service_token is None


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
