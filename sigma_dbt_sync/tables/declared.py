"""dbt_exposures, dbt_metrics, dbt_semantic_models, dbt_saved_queries, dbt_groups.

What a project declares without building it, as it is now.
"""

from typing import Annotated

from msgspec import Meta

from sigma_dbt_sync.tables.shared_columns import (
    AccountId,
    Description,
    EnvironmentId,
    NodeKey,
    ProjectId,
    UniqueId,
)
from sigma_dbt_sync.tables.spec import Json, Row, table_of


class DeclaredRow(Row, frozen=True, kw_only=True):
    """One row per thing declared and environment, from the newest manifest."""

    account_id: AccountId
    environment_id: EnvironmentId
    unique_id: UniqueId
    project_id: ProjectId
    node_key: NodeKey
    name: Annotated[str, Meta(description="Name in the dbt project.")]
    label: Annotated[str | None, Meta(description="Name made for people.")]
    type: Annotated[
        str | None,
        Meta(
            description="Exposures: dashboard, notebook, analysis, ml, application. "
            "Metrics: simple, ratio, cumulative, derived, conversion, or an aggregation "
            "(until dbt 1.5)."
        ),
    ]
    owner: Annotated[str | None, Meta(description="owner_name, else owner_email.")]
    owner_name: Annotated[
        str | None,
        Meta(description="Owner: its own, else meta.owner, else the owner of its group."),
    ]
    owner_email: Annotated[str | None, Meta(description="The owner's e-mail address.")]
    description: Description
    url: Annotated[str | None, Meta(description="Where it is, for exposures.")]
    group_name: Annotated[str | None, Meta(description="dbt group it belongs to.")]
    package_name: Annotated[str | None, Meta(description="dbt package that defines it.")]
    original_file_path: Annotated[str | None, Meta(description="File in the dbt project.")]
    tags: Annotated[Json, Meta(description="Tags, a list of texts.")]
    tags_text: Annotated[str, Meta(description="Tags, separated by commas.")]
    meta: Annotated[Json, Meta(description="The meta block of the project's YAML.")]
    definition: Annotated[
        Json,
        Meta(description="What it is made of, as dbt writes it; what is empty is left out."),
    ]
    definition_hash: Annotated[str, Meta(description="Changes when any of this changes.")]


class ExposureRow(DeclaredRow, frozen=True, kw_only=True):
    """One row per exposure and environment; its definition is the list of nodes it reads."""

    maturity: Annotated[str | None, Meta(description="high, medium or low.")]


class MetricRow(DeclaredRow, frozen=True, kw_only=True):
    """One row per metric and environment; its definition is what it computes, and its filter."""


class SemanticModelRow(DeclaredRow, frozen=True, kw_only=True):
    """One row per semantic model and environment: its entities, dimensions and measures."""


class SavedQueryRow(DeclaredRow, frozen=True, kw_only=True):
    """One row per saved query and environment; its definition is the query and its exports."""


class GroupRow(DeclaredRow, frozen=True, kw_only=True):
    """One row per group and environment: who owns its members."""


_KEY = ("account_id", "environment_id", "unique_id")
DBT_EXPOSURES = table_of(ExposureRow, name="dbt_exposures", key=_KEY)
DBT_METRICS = table_of(MetricRow, name="dbt_metrics", key=_KEY)
DBT_SEMANTIC_MODELS = table_of(SemanticModelRow, name="dbt_semantic_models", key=_KEY)
DBT_SAVED_QUERIES = table_of(SavedQueryRow, name="dbt_saved_queries", key=_KEY)
DBT_GROUPS = table_of(GroupRow, name="dbt_groups", key=_KEY)
