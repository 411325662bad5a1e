"""Tests to rows: each test, and every node or column it has to do with."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from msgspec import structs

from sigma_dbt_sync.artifacts.manifest import Node
from sigma_dbt_sync.artifacts.values import canonical
from sigma_dbt_sync.normalize.keys import code_hash, digest, node_key, to_json
from sigma_dbt_sync.normalize.project import Project
from sigma_dbt_sync.normalize.relations import meta_json
from sigma_dbt_sync.normalize.test_targets import column_name, severity, targets
from sigma_dbt_sync.tables.node_status import NodeStatusRow
from sigma_dbt_sync.tables.spec import Json
from sigma_dbt_sync.tables.tests import TestRow, TestTargetRow


def test_rows(
    project: Project,
    status: Mapping[str, NodeStatusRow],
    only: AbstractSet[str] | None = None,
) -> list[TestRow]:
    """Make the row of every data and unit test, or `only` of some."""
    return [_test_row(node, project, status.get(node.unique_id)) for node in _tests(project, only)]


def test_target_rows(
    project: Project, only: AbstractSet[str] | None = None
) -> Iterator[TestTargetRow]:
    """Yield a row for every node or column that a test, or one of `only` these, has to do with."""
    account_id, environment_id = project.account_id, project.environment_id
    for node in _tests(project, only):
        name = column_name(node)
        for target in targets(node):
            yield TestTargetRow(
                account_id=account_id,
                environment_id=environment_id,
                test_unique_id=node.unique_id,
                target_unique_id=target.unique_id,
                column_key=name.lower() if name and target.role == "tested" else "",
                role=target.role,
                project_id=project.project_id,
                node_key=node_key(account_id, environment_id, target.unique_id),
                test_node_key=node_key(account_id, environment_id, node.unique_id),
                derived_from=target.derived_from,
            )


def _tests(project: Project, only: AbstractSet[str] | None) -> Iterator[Node]:
    return project.of_type("test", "unit_test", only=only)


def _test_row(node: Node, project: Project, status: NodeStatusRow | None) -> TestRow:
    metadata = node.test_metadata
    kwargs = canonical(metadata.kwargs) if metadata else None
    row = TestRow(
        account_id=project.account_id,
        environment_id=project.environment_id,
        test_unique_id=node.unique_id,
        project_id=project.project_id,
        node_key=node_key(project.account_id, project.environment_id, node.unique_id),
        name=node.name,
        package_name=node.package_name,
        kind=_kind(node),
        test_name=metadata.name if metadata else None,
        namespace=metadata.namespace if metadata else None,
        column_name=column_name(node),
        severity=severity(node),
        kwargs=Json(kwargs) if kwargs else None,
        warn_if=node.config.warn_if,
        error_if=node.config.error_if,
        description=node.description or "",
        is_storing_failures=bool(node.config.store_failures),
        failures_relation=node.relation_name if node.config.store_failures else None,
        tags=to_json(node.tags),
        meta=meta_json(node.meta, node.config.meta),
        raw_code_hash=code_hash(node.source_code),
        compiled_code_hash=status.compiled_code_hash if status else None,
        original_file_path=node.original_file_path,
        definition_hash="",
    )
    content = structs.asdict(row)
    del content["compiled_code_hash"]
    return structs.replace(row, definition_hash=digest(content))


def _kind(node: Node) -> str:
    if node.unique_id.startswith("unit_test."):
        return "unit"
    return "generic" if node.test_metadata is not None else "singular"
