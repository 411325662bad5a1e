"""sources.json to rows: how fresh each source was when dbt looked."""

from sigma_dbt_sync.artifacts.document import Threshold
from sigma_dbt_sync.artifacts.sources import Sources
from sigma_dbt_sync.artifacts.values import instant, seconds, status_group
from sigma_dbt_sync.normalize.keys import node_key
from sigma_dbt_sync.normalize.messages import clean
from sigma_dbt_sync.normalize.run_context import RunContext
from sigma_dbt_sync.tables.results import SourceFreshnessRow


def freshness_rows(
    sources: Sources, context: RunContext, step_index: int, relation_names: dict[str, str | None]
) -> list[SourceFreshnessRow]:
    """Turn one sources.json into rows; the run's manifest gives `relation_names` by unique_id."""
    metadata = sources.metadata
    rows: list[SourceFreshnessRow] = []
    for result in sources.results:
        status = result.status.lower()
        group = status_group(status)
        criteria = result.criteria
        rows.append(
            SourceFreshnessRow(
                account_id=context.account_id,
                invocation_id=metadata.invocation_id or f"{context.run_id}/{step_index}",
                unique_id=result.unique_id,
                project_id=context.project_id,
                environment_id=context.environment_id,
                node_key=node_key(context.account_id, context.environment_id, result.unique_id),
                job_id=context.job_id,
                run_id=context.run_id,
                step_index=step_index,
                feeds_state=context.counts(group),
                relation_name=relation_names.get(result.unique_id),
                status=status,
                status_group=group,
                max_loaded_at=instant(result.max_loaded_at),
                snapshotted_at=instant(result.snapshotted_at)
                or instant(metadata.generated_at)
                or context.finished_at,
                age_seconds=result.max_loaded_at_time_ago_in_s,
                warn_after_seconds=threshold_seconds(criteria.warn_after if criteria else None),
                error_after_seconds=threshold_seconds(criteria.error_after if criteria else None),
                message=clean(result.error),
                execution_seconds=result.execution_time,
            )
        )
    return rows


def threshold_seconds(threshold: Threshold | None) -> int | None:
    """Turn a freshness threshold into seconds; None when it is not set."""
    return seconds(threshold.count, threshold.period) if threshold else None
