"""What happens to the library: which runs there are, on which state of the project.

`SCORE` is the order in which real dbt plays their commands; two runs whose commands alternate in it
really overlap. When a run happened is left to the test that uses it.
"""

from dataclasses import dataclass

from sigma_dbt_sync.demo import company
from sigma_dbt_sync.demo.company import Job
from sigma_dbt_sync.demo.plot import CANCELLED, DOCS, ERROR, FRESHNESS, SUCCESS
from tests.real_runs.project_state import ProjectState, library

LIBRARIANS = """--vars '{"with_overdue":true,"audience":"librarians"}'"""
_SLOW = "(select count(*) from range(400000) as a(x), range(400000) as b(y) where x * y % 7 = 3)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One job run; `endings` are the statuses of commands that do not succeed."""

    name: str
    project: ProjectState
    commands: tuple[str, ...]
    job: Job = company.DAILY
    status: int = SUCCESS
    endings: tuple[tuple[str, int], ...] = ()
    target: str = "default"
    pull_request: int | None = None
    cancel_when: str | None = None


def _documented() -> ProjectState:
    """Somebody went through the documentation of nearly everything."""
    on = "{'relation': true, 'columns': true}"
    off = "{'relation': false, 'columns': false}"
    return (
        library()
        .edited("models/stg_loans.yml", "Loans, one row each.", "One row for each loan.")
        .edited("models/stg_loans.yml", "Day the book left.", "Day the book was lent.")
        .edited("models/stg_loans.yml", "        description: Day it came back.\n", "")
        .edited("models/loans.yml", "Loans, kept for good.", "All loans there ever were.")
        .edited("models/loans.yml", "Where it was lent.", "Branch that lent it.")
        .edited("models/loans.yml", "        description: Day the book left.\n", "")
        .edited("models/readers.yml", "Readers, for", "People with a card, for")
        .edited(
            "models/readers.yml",
            "How many loans so far.",
            "Loans so far.\n      - name: nickname\n        description: Not in the table.",
        )
        .edited("models/shelves.yml", "Shelves of every branch.", "All shelves.")
        .edited("models/shelves.yml", "Number painted on it.", "Number on its side.")
        .edited("models/genres.yml", "Kinds of books.", "What books are about.")
        .edited("models/genres.yml", "Its name.", "What people call it.")
        .edited("models/drafts.yml", "Nobody reads this.", "Somebody may read this.")
        .edited("models/drafts.yml", "A number.", "Any number.")
        .edited("models/open_loans.yml", "Loans that are still out.", "Books still out.")
        .edited("models/_desk.yml", "Loans as the desk keeps them", "Loans as told by the desk")
        .edited("models/visits.sql", off, on)
        .edited("models/notices.sql", on, off)
        .edited("models/desks.yml", "    description: Where readers are served.\n", "")
        .edited(
            "models/desks.yml",
            "      - name: branch_id\n        description: Which branch.\n",
            "",
        )
        .edited("models/branch_loans.yml", "Open loans per branch", "What is out, per branch")
        .edited("models/fees.yml", "What a loan costs.", "The price of a loan.")
        .edited("models/fees.yml", "In euros.", "In euros, without tax.")
        .edited("models/late_fees.yml", "What a late loan costs.", "The price of being late.")
        .edited("models/late_fees.sql", "'2'", "'two'")
        .edited("models/fee_report.yml", "What late loans bring.", "Income from late loans.")
        .edited("seeds/branches.yml", "Branches of the library.", "All our branches.")
        .edited("seeds/branches.yml", "What people call it.", "Its name.")
        .edited("snapshots/reader_states.yml", "How readers changed.", "Readers over time.")
        .edited("snapshots/reader_states.yml", "How many loans at", "Loans at")
        .having("models/weekdays.sql", "select 1 as day_id, 'Monday' as weekday")
        .having(
            "models/weekdays.yml",
            "models:\n  - name: weekdays\n    description: Days of the week.\n    columns:\n"
            "      - name: weekday\n        description: Its name.\n",
        )
    )


BEFORE = library()
DOCUMENTED = _documented()
REVERTED = DOCUMENTED.edited("models/genres.yml", "What books are about.", "Kinds of books.")
NEW_CODE = (
    BEFORE.edited("models/readers.yml", "Readers, for", "Everybody with a card, for")
    .edited("models/readers.sql", "group by all", "where reader_id > 0 group by all")
    .edited("models/stg_loans.yml", "Loans, one row each.", "Every loan.")
)
WEEDED = BEFORE.without(
    "models/overdue.sql", "models/overdue.yml", "models/drafts.sql", "models/drafts.yml"
)
BROKEN = WEEDED.without("models/fees.yml", "models/fees_v1.sql").edited(
    "models/desks.sql", "ref('branches')", "ref('branches'"
)
RENAMED = BEFORE.renamed("models", "shelves", "stacks", ".sql", ".yml")
VERSIONED = (
    BEFORE.edited("models/fees.yml", "latest_version: 1", "latest_version: 2")
    .edited("models/fees.yml", "      - v: 1\n", "      - v: 1\n      - v: 2\n")
    .having("models/fees_v2.sql", "select loan_id, 1.75 as fee from {{ ref('stg_loans') }}\n")
)
INTERRUPTED = BEFORE.edited("models/genres.sql", "(2, 'travel')", "('two', 'travel')").edited(
    "models/desks.sql", "from", f", {_SLOW} as slow -- {{{{ ref('readers') }}}}\nfrom"
)

_BUILD = "dbt build"
_PRICES = "dbt run --select fees"

CHAPTERS = {
    chapter.name: chapter
    for chapter in (
        Chapter(name="first", project=BEFORE, commands=(FRESHNESS, _BUILD, DOCS)),
        Chapter(
            name="documented",
            project=DOCUMENTED,
            commands=("dbt build --exclude branch_loans fees", DOCS),
            status=ERROR,
            endings=(("dbt build --exclude branch_loans fees", ERROR),),
        ),
        Chapter(name="priced", project=DOCUMENTED, commands=(_PRICES,), job=company.HOURLY),
        Chapter(name="reverted", project=REVERTED, commands=("dbt build --select genres", DOCS)),
        Chapter(
            name="proposed",
            project=NEW_CODE,
            commands=("dbt build --select stg_loans readers",),
            job=company.PULL_REQUEST,
            pull_request=118,
        ),
        Chapter(
            name="for_librarians",
            project=BEFORE,
            commands=(f"dbt build --select branch_loans overdue {LIBRARIANS}",),
            job=company.HOURLY,
        ),
        Chapter(name="readers_only", project=BEFORE, commands=("dbt build --select readers",)),
        Chapter(name="audited", project=NEW_CODE, commands=(FRESHNESS, _BUILD), target="audit"),
        Chapter(
            name="old_code",
            project=BEFORE,
            commands=("dbt build --select stg_loans", "dbt build --select readers"),
        ),
        Chapter(
            name="new_code",
            project=NEW_CODE,
            commands=("dbt build --select stg_loans readers",),
            job=company.HOURLY,
        ),
        Chapter(name="weeded", project=WEEDED, commands=("dbt run",)),
        Chapter(
            name="weeded_for_librarians",
            project=WEEDED,
            commands=(f"dbt run --select branch_loans {LIBRARIANS}",),
            job=company.HOURLY,
        ),
        Chapter(
            name="unparsable",
            project=BROKEN,
            commands=(_BUILD, DOCS),
            status=ERROR,
            endings=((_BUILD, ERROR), (DOCS, ERROR)),
        ),
        Chapter(name="renamed", project=RENAMED, commands=("dbt build --select stacks",)),
        Chapter(name="versioned", project=VERSIONED, commands=("dbt build --select fees",)),
        Chapter(
            name="cancelled",
            project=INTERRUPTED,
            commands=("dbt run",),
            status=CANCELLED,
            endings=(("dbt run", CANCELLED),),
            cancel_when="START sql table model library.desks",
        ),
    )
}


def _alone(*names: str) -> list[tuple[str, str]]:
    return [(name, command) for name in names for command in CHAPTERS[name].commands]


SCORE = (
    *_alone("first", "documented", "priced", "reverted", "proposed"),
    *_alone("for_librarians", "readers_only", "audited"),
    ("old_code", "dbt build --select stg_loans"),
    *_alone("new_code"),
    ("old_code", "dbt build --select readers"),
    *_alone("weeded", "weeded_for_librarians", "unparsable", "renamed", "versioned", "cancelled"),
)
