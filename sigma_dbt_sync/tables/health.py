"""dbt_health_changes, dbt_health_inputs: when relations fell ill or recovered, and what decides."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    EnvironmentId,
    JobId,
    NodeKey,
    ProjectId,
    RelationName,
    RunId,
    StepIndex,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Row, table_of

OwnerName = Annotated[str | None, Meta(description="Owner's name, as the project said then.")]
OwnerEmail = Annotated[
    str | None, Meta(description="Owner's e-mail address, as the project said then.")
]


class HealthChangeRow(Row, frozen=True, kw_only=True):
    """One row per change of a relation's health: what alerts are made of.

    What one run changed back and forth is one change, or none. A run that is loaded late may put
    a change earlier, or take one back.
    """

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    changed_at: Annotated[
        datetime,
        Meta(
            description="When the result was known that changed it, UTC; the run's start when its "
            "manifest did."
        ),
    ]
    run_id: RunId
    step_index: StepIndex
    job_id: JobId
    project_id: ProjectId
    node_key: NodeKey
    relation_name: RelationName
    from_health: Annotated[
        str, Meta(description="failing, warning, healthy or unknown: before that run.")
    ]
    to_health: Annotated[
        str, Meta(description="failing, warning, healthy or unknown: after that run.")
    ]
    detail: Annotated[
        str, Meta(description="Why, in one sentence; values that dbt quoted are hidden.")
    ]
    owner_name: OwnerName
    owner_email: OwnerEmail


class HealthInputRow(Row, frozen=True, kw_only=True):
    """One row per change of what decides a relation's health.

    That is the relation itself, as long as the project has it, and every test that judges it.
    Variants of a project are followed one by one.
    """

    account_id: AccountId
    environment_id: EnvironmentId
    variant: Annotated[str, Meta(description="Variant of the project the change was seen in.")]
    unique_id: UniqueId
    input_unique_id: Annotated[
        str, Meta(description="dbt's id of the test, or unique_id for the relation itself.")
    ]
    valid_from: Annotated[
        datetime, Meta(description="Start of the first run whose manifest shows it so, UTC.")
    ]
    run_id: RunId
    step_index: StepIndex
    project_id: ProjectId
    node_key: NodeKey
    change_kind: Annotated[str, Meta(description="added, changed or removed.")]
    relation_name: RelationName
    owner_name: OwnerName
    owner_email: OwnerEmail


DBT_HEALTH_CHANGES = table_of(
    HealthChangeRow,
    name="dbt_health_changes",
    key=("account_id", "environment_id", "unique_id", "changed_at", "run_id"),
)
DBT_HEALTH_INPUTS = table_of(
    HealthInputRow,
    name="dbt_health_inputs",
    key=(
        "account_id",
        "environment_id",
        "variant",
        "unique_id",
        "input_unique_id",
        "valid_from",
        "run_id",
    ),
)
