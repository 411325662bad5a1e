"""What `check` tells of a Snowflake role: the statements that give it what it lacks."""

from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.warehouse.snowflake import Snowflake


def role_finding(warehouse: Snowflake) -> Finding:
    """Compare what the role may do with what a sync does."""
    access = warehouse.access()
    if not access.missing:
        said = f"Role {access.role} may do what a sync does."
        return Finding(Mark.GOOD, "warehouse", said)
    said = f"Role {access.role} lacks grants; sql/snowflake/grants.sql has all of them."
    return Finding(Mark.BAD, "warehouse", said, " ".join(access.missing))
