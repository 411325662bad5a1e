"""Writes settings into `.env`, readable by its owner alone; every other line stays as it is."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import set_key

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings

_OWNER_ONLY = 0o600


def env_file() -> Path:
    """Name the file that the settings are read from."""
    return Path(str(Settings.model_config.get("env_file"))).resolve()


def write_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Set `values` in the file; it is closed to others before the first secret goes in.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    try:
        path.touch(mode=_OWNER_ONLY)
        path.chmod(_OWNER_ONLY)
        for name, value in values.items():
            set_key(path, name, value, quote_mode="auto")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from None
