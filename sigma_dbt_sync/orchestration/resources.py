"""Dagster resources: where a step gets its settings from.

Connections are opened by the use cases themselves, from these settings. Keep behaviour out of here.
"""

import dagster as dg

from sigma_dbt_sync.settings import Settings, load_settings


class SyncSettings(dg.ConfigurableResource):
    """The settings of this deployment, from the environment or a `.env` file.

    Read when a step runs, so that Dagster never holds a secret: the resource itself has no fields,
    and definitions load where nothing is configured yet.
    """

    def load(self) -> Settings:
        """Read the settings.

        Raises:
            ConfigurationError: a value does not fit; the message lists every such setting.
        """
        return load_settings()
