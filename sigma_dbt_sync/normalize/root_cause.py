"""Why dbt skipped a node: the nearest node or test upstream that failed in the same command.

`dbt build` skips what lies below a failed node, and below a node one of whose tests failed.
Unit tests run before their model; one that fails skips the model itself.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from sigma_dbt_sync.artifacts.run_results import RunResults
from sigma_dbt_sync.artifacts.values import status_group


def root_causes(results: RunResults, parents: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find the cause of every skip by the skipped node's unique_id, leaving out unknown causes."""
    groups = {result.unique_id: status_group(result.status.lower()) for result in results.results}
    failed = {unique_id for unique_id, group in groups.items() if group == "bad"}
    failed_tests: defaultdict[str, list[str]] = defaultdict(list)
    for unique_id in sorted(failed):
        if unique_id.startswith(("test.", "unit_test.")):
            for parent in parents.get(unique_id, ()):
                failed_tests[parent].append(unique_id)
    skipped = (unique_id for unique_id, group in groups.items() if group == "skipped")
    found = (
        (unique_id, _nearest(unique_id, failed, failed_tests, parents)) for unique_id in skipped
    )
    return {unique_id: cause for unique_id, cause in found if cause is not None}


def _nearest(
    unique_id: str,
    failed: set[str],
    failed_tests: Mapping[str, Sequence[str]],
    parents: Mapping[str, Sequence[str]],
) -> str | None:
    own = [test for test in failed_tests.get(unique_id, ()) if test.startswith("unit_test.")]
    if own:
        return own[0]
    queue = deque(parents.get(unique_id, ()))
    visited = set(queue)
    while queue:
        ancestor = queue.popleft()
        if ancestor in failed:
            return ancestor
        if failed_tests.get(ancestor):
            return failed_tests[ancestor][0]
        above = [parent for parent in parents.get(ancestor, ()) if parent not in visited]
        visited.update(above)
        queue.extend(above)
    return None
