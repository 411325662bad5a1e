"""Who has which id in the demo account: its project, environments and jobs.

Ids have fourteen digits, as in dbt Cloud accounts of newer cells, so that a 32-bit integer
anywhere shows at once. What happens to these jobs stands in `plot.py`.
"""

from dataclasses import dataclass

ACCOUNT_ID = 70403103922127
PROJECT_ID = 70403103926514

CREATED_AT = "2026-01-12 09:14:51.204418+00:00"  # of everything on this page


@dataclass(frozen=True, slots=True)
class Environment:
    """One deployment environment, and the database it builds."""

    id: int
    name: str
    deployment_type: str | None
    database: str
    schema: str
    custom_branch: str | None = None
    dbt_version: str = "1.11.0-latest"


@dataclass(frozen=True, slots=True)
class Job:
    """One job: what it runs, where, and what starts it."""

    id: int
    name: str
    environment: Environment
    commands: tuple[str, ...]
    job_type: str = "scheduled"
    cron: str | None = None
    checks_freshness: bool = False
    generates_docs: bool = False
    deleted: bool = False


PRODUCTION = Environment(70403103925108, "Production", "production", "shop", "analytics")
STAGING = Environment(
    70403103925109, "Staging", "staging", "shop_staging", "analytics", custom_branch="next"
)
CI = Environment(70403103925112, "CI", None, "shop", "analytics")
ENVIRONMENTS = (PRODUCTION, STAGING, CI)

DAILY = Job(
    70403103931740,
    "Daily build",
    PRODUCTION,
    ("dbt build",),
    cron="20 5 * * *",
    checks_freshness=True,
    generates_docs=True,
)
HOURLY = Job(
    70403103931741,
    "Hourly sessions and payments",
    PRODUCTION,
    ("dbt build --select stg_sessions stg_payments",),
    cron="0 * * * *",
)
TESTS = Job(70403103931745, "Data tests", PRODUCTION, ("dbt test",), cron="30 7,19 * * *")
FRESHNESS = Job(
    70403103931746,
    "Source freshness",
    PRODUCTION,
    ("dbt source freshness",),
    cron="45 */6 * * *",
)
STAGING_BUILD = Job(
    70403103931752, "Staging build", STAGING, ("dbt build",), job_type="other", generates_docs=True
)
PULL_REQUEST = Job(70403103931760, "CI", CI, ("dbt build --select state:modified+",), job_type="ci")
RETIRED = Job(70403103931733, "Nightly (old)", PRODUCTION, ("dbt run", "dbt test"), deleted=True)
JOBS = (DAILY, HOURLY, TESTS, FRESHNESS, STAGING_BUILD, PULL_REQUEST, RETIRED)


def job(job_id: int) -> Job:
    """Find the job with this id."""
    return next(job for job in JOBS if job.id == job_id)
