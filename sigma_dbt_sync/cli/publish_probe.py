"""What `check` finds out about publishing the data model."""

from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.cli.publish_report import intention
from sigma_dbt_sync.errors import ConfigurationError, SyncError
from sigma_dbt_sync.settings import Settings
from sigma_dbt_sync.sigma import SigmaClient
from sigma_dbt_sync.sync.data_model import Asked, plan_publication

_SUBJECT = "publish"
_RIGHTS = (
    "Whether the credentials may is not told before it is tried; without the rights the model is "
    "printed, to be pasted."
)


def publishing_finding(client: SigmaClient, settings: Settings) -> Finding:
    """Say what `publish` would do; nobody has to publish, so nothing here is a failure."""
    try:
        plan = plan_publication(client, settings, Asked())
    except ConfigurationError as error:
        return Finding(Mark.NOTE, _SUBJECT, str(error))
    except SyncError as error:
        return Finding(Mark.NOTE, _SUBJECT, f"The data model cannot be planned. {error}")
    return Finding(Mark.GOOD, _SUBJECT, f"{intention(plan)} {_RIGHTS}")
