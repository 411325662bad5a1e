"""What `check` finds out about publishing the data model."""

from collections.abc import Iterator

from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.errors import ConfigurationError, SyncError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.model import Asked, plan_publication
from sigma_dbt_sync.sync.model_choice import metadata_schema

_SUBJECT = "publish"
_RIGHTS = (
    "Whether the credentials may is not told before it is tried; without the rights the model is "
    "printed, to be pasted."
)


def probe_publishing(settings: Settings) -> Iterator[Finding]:
    """Say what `publish` would do; nothing where Sigma is not configured, which has its line."""
    if not settings.sends_to_sigma:
        return
    try:
        metadata_schema(settings)
        with open_sigma(settings) as client:
            plan = plan_publication(client, settings, Asked())
    except ConfigurationError as error:
        yield Finding(Mark.NOTE, _SUBJECT, str(error))
        return
    except SyncError as error:
        yield Finding(Mark.NOTE, _SUBJECT, f"The data model cannot be planned. {error}")
        return
    where = f" in {plan.where}" if plan.where else ""
    said = f"The data model {plan.name} would be {plan.action}{where}. {_RIGHTS}"
    yield Finding(Mark.GOOD, _SUBJECT, said)
