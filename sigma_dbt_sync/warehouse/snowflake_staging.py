"""Stages the rows of all tables of a batch in one temporary table, in one upload.

Staging is DDL, so it is done before the transaction; and it takes four statements however many
tables there are, because their rows lie in slots of one shape.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sigma_dbt_sync.tables.spec import LOADED_AT, Column, Table
from sigma_dbt_sync.warehouse.snowflake_session import Session
from sigma_dbt_sync.warehouse.snowflake_slots import PLACE, all_slots, slots_of, type_of

_NAME = "STG_BATCH"


def staged(table: Table[Any]) -> list[Column]:
    """List the columns that are sent; `loaded_at` is told by the warehouse's clock."""
    return [column for column in table.stored if column.name != LOADED_AT]


def stage(session: Session, contents: Sequence[tuple[Table[Any], pa.Table]]) -> list[str]:
    """Upload each table's rows; return where to select each from, in its own columns' names."""
    by_table = [slots_of(staged(table)) for table, _ in contents]
    slots = all_slots(one.values() for one in by_table)
    columns = ", ".join(f"{slot} {type_of(slot)}" for slot in slots)
    session.run(f"CREATE OR REPLACE TEMPORARY TABLE {_NAME} ({PLACE} INTEGER, {columns})")
    # what a table has no column for is NULL
    rows = pa.concat_tables(
        (
            content.rename_columns(one).append_column(PLACE, pa.repeat(place, content.num_rows))
            for place, (one, (_, content)) in enumerate(zip(by_table, contents, strict=True))
        ),
        promote_options="default",
    )
    session.upload(rows, _NAME)
    return [
        f"(SELECT {', '.join(f'{slot} AS {name}' for name, slot in one.items())} "  # noqa: S608 - every name is ours
        f"FROM {_NAME} WHERE {PLACE} = {place})"
        for place, one in enumerate(by_table)
    ]
