"""The week the demo account has behind it, oldest run first.

Only what is meant to happen: which job ran when, on which state of the project, and how each
command is to end. `record.py` has dbt play it and refuses a week that went otherwise.

A state of the project is the baseline plus folders of `project_changes/`, later ones on top.
Two rules of dbt Cloud decide which commands run after a failure: freshness and docs are check
boxes of the job, a stale source does not fail the run, and docs are generated either way.
"""

from dataclasses import dataclass
from datetime import timedelta

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.company import Job

QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED = 1, 3, 10, 20, 30

FRESHNESS = "dbt source freshness"
DOCS = "dbt docs generate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One job run.

    `seen_as` is the status shown as long as nobody lets the run finish. `endings` are the statuses
    of the commands that do not succeed.
    """

    name: str
    run_id: int
    job: Job
    before_now: timedelta
    changes: tuple[str, ...] = ()
    cause: str = "scheduled"
    status: int = SUCCESS
    seen_as: int | None = None
    endings: dict[str, int]
    message: str | None = None
    pull_request: int | None = None
    cancel_when: str | None = None
    never_started: bool = False

    @property
    def commands(self) -> tuple[str, ...]:
        """The dbt commands of the run, check boxes included."""
        first = (FRESHNESS,) if self.job.checks_freshness else ()
        last = (DOCS,) if self.job.generates_docs else ()
        return (*first, *self.job.commands, *last)

    @property
    def schema_override(self) -> str | None:
        """The schema dbt Cloud makes for a pull request."""
        if self.pull_request is None:
            return None
        return f"dbt_cloud_pr_{self.job.id}_{self.pull_request}"


REASONS = {  # the words dbt Cloud has for the causes below
    "scheduled": "scheduled",
    "api": "Kicked off from the API",
    "ui": "Kicked off from the UI by ann@shop.example",
    "ci": "Pull request #118",
}

STALE = {FRESHNESS: ERROR}
NIGHT = ("descriptions", "tonight")

WEEK = (
    Chapter(
        name="baseline",
        run_id=70403104318265,
        job=company.DAILY,
        before_now=timedelta(days=5, minutes=50),
        endings=STALE,
    ),
    Chapter(
        name="staging",
        run_id=70403104321907,
        job=company.STAGING_BUILD,
        before_now=timedelta(days=4, hours=20),
        cause="api",
        endings={},
    ),
    Chapter(
        name="hourly",
        run_id=70403104322466,
        job=company.HOURLY,
        before_now=timedelta(days=4, hours=18),
        endings={},
    ),
    Chapter(
        name="parse_error",
        run_id=70403104327118,
        job=company.DAILY,
        before_now=timedelta(days=4, minutes=50),
        changes=("parse_error",),
        status=ERROR,
        endings={FRESHNESS: ERROR, "dbt build": ERROR, DOCS: ERROR},
        message="This run failed: dbt could not parse the project.",
    ),
    Chapter(
        name="tests",
        run_id=70403104330021,
        job=company.TESTS,
        before_now=timedelta(days=3, hours=20),
        endings={},
    ),
    Chapter(
        name="descriptions",
        run_id=70403104335870,
        job=company.DAILY,
        before_now=timedelta(days=3, minutes=50),
        changes=("descriptions",),
        endings=STALE,
    ),
    Chapter(
        name="freshness",
        run_id=70403104337302,
        job=company.FRESHNESS,
        before_now=timedelta(days=2, hours=22),
        changes=("descriptions",),
        status=ERROR,
        endings=STALE,
        message="This run failed: at least one source is stale.",
    ),
    Chapter(
        name="pull_request",
        run_id=70403104341555,
        job=company.PULL_REQUEST,
        before_now=timedelta(days=2, hours=4),
        changes=("descriptions", "pull_request"),
        cause="ci",
        status=ERROR,
        endings={"dbt build --select state:modified+": ERROR},
        message="This run failed: `dbt build --select state:modified+` ended with an error.",
        pull_request=118,
    ),
    Chapter(
        name="cancelled",
        run_id=70403104343986,
        job=company.DAILY,
        before_now=timedelta(days=2, minutes=50),
        changes=("descriptions", "slow_query"),
        cause="ui",
        status=CANCELLED,
        endings={FRESHNESS: ERROR, "dbt build": CANCELLED, DOCS: CANCELLED},
        message="This run was cancelled by Ann Miller.",
        cancel_when="START sql table model analytics.best_sellers",
    ),
    Chapter(
        name="staging_changed",
        run_id=70403104346612,
        job=company.STAGING_BUILD,
        before_now=timedelta(days=1, hours=12),
        changes=("descriptions",),
        cause="api",
        endings={},
    ),
    Chapter(
        name="cancelled_in_queue",
        run_id=70403104349240,
        job=company.DAILY,
        before_now=timedelta(days=1, minutes=50),
        changes=("descriptions",),
        status=CANCELLED,
        endings={},
        message="This run was cancelled before it started.",
        never_started=True,
    ),
    Chapter(
        name="tonight",
        run_id=70403104354733,
        job=company.DAILY,
        before_now=timedelta(minutes=50),
        changes=NIGHT,
        status=ERROR,
        endings={FRESHNESS: ERROR, "dbt build": ERROR},
        message="This run failed: `dbt build` ended with an error.",
    ),
    Chapter(
        name="running",
        run_id=70403104355198,
        job=company.HOURLY,
        before_now=timedelta(minutes=6),
        changes=NIGHT,
        seen_as=RUNNING,
        endings={},
    ),
    Chapter(
        name="queued",
        run_id=70403104355260,
        job=company.TESTS,
        before_now=timedelta(minutes=2),
        changes=NIGHT,
        status=ERROR,
        seen_as=QUEUED,
        endings={"dbt test": ERROR},
        message="This run failed: `dbt test` ended with an error.",
    ),
)
