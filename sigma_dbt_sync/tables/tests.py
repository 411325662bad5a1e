"""dbt_tests, dbt_test_targets: the tests of a project as they are now, and what each checks."""

from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    Description,
    EnvironmentId,
    NodeKey,
    ProjectId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of

TestUniqueId = Annotated[str, Meta(description="dbt's id of the test.")]


class TestRow(Row, frozen=True, kw_only=True):
    """One row per data or unit test and environment."""

    __test__ = False

    account_id: AccountId
    environment_id: EnvironmentId
    test_unique_id: TestUniqueId
    project_id: ProjectId
    node_key: NodeKey
    name: Annotated[str, Meta(description="Name of the test in the dbt project.")]
    package_name: Annotated[str | None, Meta(description="dbt package that defines it.")]
    kind: Annotated[str, Meta(description="generic, singular or unit.")]
    test_name: Annotated[
        str | None, Meta(description="Generic test it uses, such as unique or relationships.")
    ]
    namespace: Annotated[
        str | None,
        Meta(description="Package of that generic test, when not dbt's or the project's."),
    ]
    column_name: Annotated[str | None, Meta(description="Column it checks, for column tests.")]
    severity: Annotated[str | None, Meta(description="error or warn.")]
    kwargs: Annotated[Json | None, Meta(description="Arguments of the generic test.")]
    warn_if: Annotated[str | None, Meta(description="Condition on failing rows to warn.")]
    error_if: Annotated[str | None, Meta(description="Condition on failing rows to fail.")]
    description: Description
    is_storing_failures: Annotated[
        bool, Meta(description="Whether failing rows are kept in the warehouse (store_failures).")
    ]
    failures_relation: Annotated[
        str | None, Meta(description="Relation that would hold the failing rows.")
    ]
    tags: Annotated[Json, Meta(description="Tags, a list of texts.")]
    meta: Annotated[Json, Meta(description="The meta block of the project's YAML.")]
    raw_code_hash: Annotated[str | None, Meta(description="Source code, in dbt_code.")]
    compiled_code_hash: Annotated[
        str | None, Meta(description="Newest compiled code, in dbt_code.")
    ]
    original_file_path: Annotated[str | None, Meta(description="File in the dbt project.")]
    definition_hash: Annotated[
        str, Meta(description="Changes when the definition changes; compiled code left out.")
    ]


class TestTargetRow(Row, frozen=True, kw_only=True):
    """One row per test and node or column it has to do with."""

    __test__ = False

    account_id: AccountId
    environment_id: EnvironmentId
    test_unique_id: TestUniqueId
    target_unique_id: Annotated[str, Meta(description="dbt's id of the node.")]
    column_key: Annotated[
        str, Meta(description="Key of the column in dbt_columns; empty text for the whole node.")
    ]
    role: Annotated[
        str,
        Meta(
            description="tested: this node or column is what the test judges. referenced: the "
            "other side of a relationships test. input: read by a unit or singular test."
        ),
    ]
    project_id: ProjectId
    node_key: Annotated[str, Meta(description="node_key of the target node.")]
    test_node_key: Annotated[str, Meta(description="node_key of the test.")]
    derived_from: Annotated[
        str, Meta(description="How it is known: attached_node, kwargs, depends_on or model.")
    ]


DBT_TESTS = table_of(
    TestRow, name="dbt_tests", key=("account_id", "environment_id", "test_unique_id")
)
DBT_TEST_TARGETS = table_of(
    TestTargetRow,
    name="dbt_test_targets",
    key=(
        "account_id",
        "environment_id",
        "test_unique_id",
        "target_unique_id",
        "column_key",
        "role",
    ),
)
