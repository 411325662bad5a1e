"""How healthy a relation is, and why: the rules of the view dbt_tab, for any moment.

A relation fails by its own last attempt, by its source freshness, or by a test that judges it.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec import Struct

from sigma_dbt_sync.normalize.messages import for_people, of_freshness
from sigma_dbt_sync.normalize.node_status import is_good
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.results import NodeExecutionRow, SourceFreshnessRow

HEALTHY, UNKNOWN = "healthy", "unknown"
Order = tuple[datetime, int, int]
"""When something was known: moment, run_id, step_index."""

_HASH = re.compile(r"\.[0-9a-f]{10}$")
_COUNT = re.compile(r"Got \d+ results?, configured to \w+ if != 0|Warn|Error")
"""What dbt says of rows that are counted anyway; dbt Fusion says only one word."""
_WORDS = {"fail": "failed", "warn": "warned"}
_RANK = {"bad": 0, "warn": 1}


class Standing(Struct, frozen=True, gc=False):
    """What the results of a node, or its freshness checks, amount to."""

    latest: Order | None = None
    group: str | None = None
    status: str | None = None
    at: Order | None = None
    message: str | None = None
    failures: int | None = None
    ok_at: datetime | None = None
    variant: str | None = None
    skip_run_id: int | None = None
    """Set while it was skipped and not built since."""
    root_cause: str | None = None

    def is_as_quiet_as(self, other: "Standing") -> bool:
        """Whether it was fine before and is fine now: nothing that health or reasons tell."""
        return (
            self.group == other.group == "ok"
            and self.skip_run_id is other.skip_run_id is None
            and self.variant == other.variant
        )


NOTHING = Standing()


class Reason(Struct, frozen=True):
    """Why a relation is as healthy as it is; `command_of` is a step whose command goes before."""

    text: str
    command_of: tuple[int, int] | None = None


class Evidence(Struct, frozen=True):
    """All that decides a relation's health at some moment."""

    own: Standing
    freshness: Standing
    tests: Sequence[tuple[str, Standing]]


def standing_of(row: NodeStatusRow | None) -> Standing:
    """Take up a node's results where its row ends."""
    if row is None or row.latest_at is None:
        return NOTHING
    is_skipped = row.latest_status_group == "skipped" and _is_since(row.latest_at, row.ok_at)
    attempted = row.attempted_at
    return Standing(
        latest=(row.latest_at, row.latest_run_id or 0, row.latest_step_index or 0),
        group=row.attempt_status_group,
        status=row.attempt_status,
        at=attempted and (attempted, row.attempt_run_id or 0, row.attempt_step_index or 0),
        message=row.attempt_message,
        failures=row.attempt_failures,
        ok_at=row.ok_at,
        variant=row.ok_variant,
        skip_run_id=row.latest_run_id if is_skipped else None,
        root_cause=row.latest_root_cause if is_skipped else None,
    )


def after_execution(before: Standing, new: NodeExecutionRow, variant: str) -> Standing:
    """Take one more result of the node into account."""
    order = (new.completed_at, new.run_id, new.step_index)
    if new.status_group == "skipped":
        is_skipped = _is_since(new.completed_at, before.ok_at)
        return Standing(
            order,
            before.group,
            before.status,
            before.at,
            before.message,
            before.failures,
            before.ok_at,
            before.variant,
            new.run_id if is_skipped else None,
            new.root_cause if is_skipped else None,
        )
    good = is_good(new)
    return Standing(
        order,
        new.status_group,
        new.status,
        order,
        None if new.status_group == "ok" else for_people(new.message),
        new.failures,
        new.completed_at if good else before.ok_at,
        variant if good else before.variant,
    )


def freshness_of(row: NodeStatusRow | None) -> Standing:
    """Take up a source's freshness checks where its row ends."""
    if row is None or row.freshness_at is None:
        return NOTHING
    order = (row.freshness_at, row.freshness_run_id or 0, row.freshness_step_index or 0)
    return Standing(
        order, row.freshness_status_group, row.freshness_status, order, row.freshness_message
    )


def after_freshness(new: SourceFreshnessRow) -> Standing:
    """Take the newest freshness check; it is all that counts."""
    order = (new.snapshotted_at, new.run_id, new.step_index)
    return Standing(order, new.status_group, new.status, order, of_freshness(new))


def health(own: Standing, freshness: Standing, of_tests: AbstractSet[str | None]) -> str:
    """Say failing, warning, healthy or unknown; `of_tests` are the status groups of its tests."""
    groups = {own.group, freshness.group}
    if "bad" in groups or "bad" in of_tests:
        return "failing"
    is_skipped = own.skip_run_id is not None
    if "warn" in groups or own.group == "other" or "warn" in of_tests or is_skipped:
        return "warning"
    if groups == {None} and "ok" not in of_tests:
        return UNKNOWN
    return HEALTHY


def reason(evidence: Evidence) -> Reason:
    """Word what decided, as dbt_tab.health_detail does."""
    own, freshness, tests = evidence.own, evidence.freshness, evidence.tests
    alarming = [(uid, test) for uid, test in tests if test.group in _RANK]
    failing = sum(test.group == "bad" for _, test in alarming)
    said = _about_test(*min(alarming, key=_badness)) if alarming else None
    if own.at and own.group in ("bad", "warn", "other"):
        _, run_id, step_index = own.at
        where = f"ended with {own.status} in step {step_index} of run {run_id}"
        return Reason(where + _because(own), (run_id, step_index))
    if freshness.at and (freshness.group == "bad" or (freshness.group == "warn" and not failing)):
        _, run_id, step_index = freshness.at
        where = f"in step {step_index} of run {run_id}"
        ended = f"source freshness ended with {freshness.status} {where}"
        return Reason(ended + _because(freshness))
    if said and failing:
        return Reason(said + (f" (and {failing - 1} more)" if failing > 1 else ""))
    if own.skip_run_id is not None:
        cause = f"{own.root_cause} failed" if own.root_cause else "skipped"
        return Reason(f"not rebuilt: {cause} in run {own.skip_run_id}")
    return Reason(said or _all_is_well(evidence))


def _all_is_well(evidence: Evidence) -> str:
    passing = sum(test.group == "ok" for _, test in evidence.tests)
    if evidence.own.group is None and evidence.freshness.group is None and not passing:
        return "no dbt job has run yet"
    own = "last run succeeded, " if evidence.own.group else ""
    fresh = "fresh when dbt last looked, " if evidence.freshness.group and not own else ""
    tests = f"{passing} of {len(evidence.tests)} tests pass" if evidence.tests else "no tests"
    return own + fresh + tests


def _badness(pair: tuple[str, Standing]) -> tuple[int, float, str]:
    unique_id, test = pair
    return _RANK[test.group or ""], -test.at[0].timestamp() if test.at else 0.0, unique_id


def _about_test(unique_id: str, test: Standing) -> str:
    ended = _WORDS.get(test.status or "", f"ended with {test.status}")
    rows = {None: "", 0: "", 1: ", 1 row"}.get(test.failures, f", {test.failures} rows")
    _, run_id, step_index = test.at or (None, 0, 0)
    where = f"in step {step_index} of run {run_id}"
    is_counted = rows and _COUNT.fullmatch(test.message or "")
    why = "" if is_counted else _because(test)
    return f"test {_name(unique_id)} {ended} {where}{rows}{why}"


def _name(unique_id: str) -> str:
    """Name a test as its project does: test.shop.unique_orders_id.fed79b3a6e is unique_orders_id.

    A unit test's id names its model, too.
    """
    kind, _, rest = unique_id.partition(".")
    name = rest.partition(".")[2]
    return name.partition(".")[2] or name if kind == "unit_test" else _HASH.sub("", name)


def _because(standing: Standing) -> str:
    return f": {standing.message}" if standing.message else ""


def _is_since(moment: datetime, ok_at: datetime | None) -> bool:
    return ok_at is None or moment > ok_at
