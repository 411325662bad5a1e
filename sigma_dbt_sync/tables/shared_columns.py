"""Wordings of columns that many tables share, so that one column means one thing everywhere."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

AccountId = Annotated[int, Meta(description="dbt Cloud account.")]
ProjectId = Annotated[int | None, Meta(description="dbt Cloud project.")]
EnvironmentId = Annotated[int, Meta(description="dbt Cloud environment.")]
JobId = Annotated[int | None, Meta(description="dbt Cloud job.")]
RunId = Annotated[int, Meta(description="dbt Cloud run.")]
StepIndex = Annotated[
    int, Meta(description="Step of the run, counted from 1 as dbt Cloud counts them.")
]
InvocationId = Annotated[str, Meta(description="dbt's id of the command that wrote this.")]
UniqueId = Annotated[str, Meta(description="dbt's id of the node, such as model.shop.orders.")]
NodeKey = Annotated[
    str,
    Meta(
        description="Hash of account, environment and unique_id: joins node tables by one column."
    ),
]
RelationName = Annotated[
    str | None,
    Meta(description="Relation as dbt writes it in SQL, quoted; empty when nothing is built."),
]
FeedsState = Annotated[
    bool,
    Meta(
        description="Whether this counts for the relation's state: false for CI and pull request "
        "runs, overridden schemas, targets or branches, and for what a cancelled run left undone."
    ),
]
StatusGroup = Annotated[
    str, Meta(description="ok, warn, bad, skipped or other: the status without dbt's variants.")
]
Description = Annotated[
    str, Meta(description="Description written in the dbt project; empty text when there is none.")
]
CreatedAt = Annotated[datetime | None, Meta(description="When it was created in dbt Cloud, UTC.")]
UpdatedAt = Annotated[
    datetime | None, Meta(description="When it was last changed in dbt Cloud, UTC.")
]
IsDeleted = Annotated[bool, Meta(description="Whether it is gone from dbt Cloud.")]
