"""What a test checks: which node, which column, and how that is known.

`attached_node` names the judged node of a generic test, but is missing for tests on sources, for
singular tests and before manifest v9; then the test's `model` argument says it, else what the test
depends on. `depends_on[0]` is wrong for relationships tests: they list the referenced node first.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from sigma_dbt_sync.artifacts.manifest import Manifest, Node
from sigma_dbt_sync.artifacts.values import json_object

_MODEL_CALL = re.compile(r"(ref|source)\(\s*(.*?)\s*\)")
_QUOTED = re.compile(r""""(.+)"|`(.+)`|\[(.+)\]""")
_ARGUMENT = re.compile(r"""(?:(\w+)\s*=\s*)?(?:'([^']*)'|"([^"]*)"|(\w+))""")


class Target(Struct, frozen=True):
    """One node that a test has to do with."""

    unique_id: str
    role: str
    derived_from: str


class TestView(Struct, frozen=True):
    """What results of a test need to know about it."""

    __test__ = False

    target_unique_id: str | None = None
    target_relation_name: str | None = None
    column_name: str | None = None
    severity: str | None = None
    failures_relation: str | None = None


def test_views(manifest: Manifest) -> dict[str, TestView]:
    """Describe every test of a manifest by unique_id."""
    views: dict[str, TestView] = {}
    nodes = manifest.functions | manifest.sources | manifest.nodes
    for unique_id, test in manifest.tests.items():
        target = next(iter(tested(test)), None)
        node = nodes.get(target) if target else None
        views[unique_id] = TestView(
            target_unique_id=target,
            target_relation_name=node.relation_name if node else None,
            column_name=column_name(test),
            severity=severity(test),
            failures_relation=test.relation_name if test.config.store_failures else None,
        )
    return views


def tested(test: Node) -> list[str]:
    """Name the nodes a test judges."""
    if test.unique_id.startswith("unit_test."):
        return test.parents[:1]
    if test.test_metadata is None:
        return list(dict.fromkeys(test.parents))
    judged = _judged(test)
    return [judged.unique_id] if judged else []


def targets(test: Node) -> list[Target]:
    """List the nodes a test has to do with; exactly the judged ones have the role `tested`."""
    if test.unique_id.startswith("unit_test."):
        return [Target(parent, "tested", "model") for parent in tested(test)] + [
            Target(parent, "input", "depends_on") for parent in test.parents[1:]
        ]
    if test.test_metadata is None:
        return [Target(parent, "tested", "depends_on") for parent in tested(test)]
    judged = _judged(test)
    if judged is None:
        return []
    others = (parent for parent in dict.fromkeys(test.parents) if parent != judged.unique_id)
    return [judged, *(Target(parent, "referenced", "depends_on") for parent in others)]


def column_name(test: Node) -> str | None:
    """Name the column a test checks, without quotes; None for tests of the whole relation."""
    name = test.column_name or _kwargs(test).get("column_name")
    if not isinstance(name, str):
        return None
    quoted = _QUOTED.fullmatch(name)
    return next(part for part in quoted.groups() if part is not None) if quoted else name


def severity(test: Node) -> str | None:
    """Severity in lower case; dbt's default is error. Unit tests have none."""
    if test.unique_id.startswith("unit_test."):
        return None
    return (test.config.severity or "error").lower()


def _judged(test: Node) -> Target | None:
    if test.attached_node:
        return Target(test.attached_node, "tested", "attached_node")
    model = _kwargs(test).get("model")
    calls = list(_calls(model)) if isinstance(model, str) else []
    for parent in test.parents:
        if any(_is_called(parent, function, name) for function, name in calls):
            return Target(parent, "tested", "kwargs")
    if test.parents:
        return Target(test.parents[-1], "tested", "depends_on")
    return None


def _kwargs(test: Node) -> dict[str, object]:
    return json_object(test.test_metadata.kwargs) if test.test_metadata else {}


def _calls(model: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the calls in `{{ get_where_subquery(ref('orders', v=2)) }}`: ref, ('orders', 'v2')."""
    for call in _MODEL_CALL.finditer(model):
        plain: list[str] = []
        version: list[str] = []
        for keyword, single, double, bare in _ARGUMENT.findall(call.group(2)):
            value = single or double or bare
            if keyword in ("v", "version"):
                version.append(f"v{value}")
            else:
                plain.append(value)
        yield call.group(1), (*plain, *version)


def _is_called(unique_id: str, function: str, name: tuple[str, ...]) -> bool:
    resource_type, *parts = unique_id.split(".")
    is_kind = (resource_type == "source") == (function == "source")
    return is_kind and tuple(parts[-len(name) :]) == name
