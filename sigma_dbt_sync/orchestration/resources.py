"""Dagster resources: where a step gets its settings from.

Connections are opened by the use cases themselves, from these settings. Keep behaviour out of here.
"""

import dagster as dg

from sigma_dbt_sync.orchestration.left_behind import note_host
from sigma_dbt_sync.settings import Settings, load_settings


class SyncSettings(dg.ConfigurableResource):
    """The settings of this deployment, from the environment or a `.env` file.

    Read when a step runs, so that Dagster never holds a secret: the resource itself has no fields,
    and definitions load where nothing is configured yet.
    """

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note on which host a run is; this is the one place that every run of ours passes."""
        if context.run is not None and context.instance is not None:
            note_host(context.instance, context.run)

    def load(self) -> Settings:
        """Read the settings.

        Raises:
            ConfigurationError: a value does not fit; the message lists every such setting.
        """
        return load_settings()
