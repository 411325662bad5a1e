"""First rows of what people look at most, as metadata of its assets; also numbers to plot.

The UI shows the newest materialization alone. So a sync that finds nothing new repeats what the
last one found, as it does with row counts.
"""

from typing import Any

import dagster as dg

from sigma_dbt_sync.sync.preview import Previews

Metadata = dict[str, dg.MetadataValue[Any]]

ROWS = "first_rows"
_OF = ("dbt_runs", "dbt_tab", "job_health", "run_failures")
_PLOTTED = "relations_"
_HEALTHS = ("failing", "warning", "healthy", "unknown")


def preview_metadata(found: Previews) -> dict[str, Metadata]:
    """Word previews, by asset."""
    shown: dict[str, Metadata] = {
        name: {ROWS: dg.MetadataValue.table([dg.TableRecord(row) for row in rows])}
        for name, rows in found.rows.items()
        if rows
    }
    counts: Metadata = {
        f"{_PLOTTED}{health}": dg.MetadataValue.int(found.health.get(health, 0))
        for health in _HEALTHS
    }
    return {**shown, "dbt_tab": shown.get("dbt_tab", {}) | counts}


def last_previews(instance: dg.DagsterInstance) -> dict[str, Metadata]:
    """Read the previews that the last sync left."""
    known = instance.get_latest_materialization_events([dg.AssetKey(name) for name in _OF])
    return {
        key.to_user_string(): {
            name: value
            for name, value in event.asset_materialization.metadata.items()
            if name == ROWS or name.startswith(_PLOTTED)
        }
        for key, event in known.items()
        if event and event.asset_materialization
    }
