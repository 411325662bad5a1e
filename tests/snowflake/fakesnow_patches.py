"""Makes fakesnow 0.12.1 answer snowflake-connector-python 5. Imported by the server alone.

fakesnow emulates Snowflake on DuckDB and was written for connector 4. What is mended here, each in
one function, is what connector 5 asks for and what fakesnow gets wrong; statements that need
another wording are mended in `statements`.
"""

import sys
import types

import pyarrow as pa
import pyarrow.compute as pc
import snowflake.connector
from sqlglot import exp


def _stand_in(module: str, name: str) -> None:
    """Offer a module that connector 5 no longer has; fakesnow's server never uses its class."""
    made = types.ModuleType(f"snowflake.connector.{module}")
    setattr(made, name, type(name, (), {"__init__": lambda self, *args, **kwargs: None}))
    sys.modules[made.__name__] = made
    setattr(snowflake.connector, module, made)


_stand_in("converter", "SnowflakeConverter")
_stand_in("file_util", "SnowflakeFileUtil")

import fakesnow.arrow  # noqa: E402 - needs the stand-ins
import fakesnow.cursor  # noqa: E402
import fakesnow.info_schema  # noqa: E402
import fakesnow.server  # noqa: E402
import fakesnow.transforms  # noqa: E402

_timestamps = fakesnow.arrow.timestamp_to_sf_struct
_stage_info = fakesnow.server.gcs_stage_info
_transform = fakesnow.cursor.FakeSnowflakeCursor._transform
_table_comment = fakesnow.info_schema.insert_table_comment_sql


def _timestamps_with_nulls(moments: pa.Array | pa.ChunkedArray) -> pa.StructArray:
    """Say which timestamps are NULL: fakesnow sends them as 1970."""
    if isinstance(moments, pa.ChunkedArray):
        moments = moments.combine_chunks()
    filled = _timestamps(pc.fill_null(moments, pa.scalar(0, moments.type)))
    fields = [filled.field(i) for i in range(filled.type.num_fields)]
    return pa.StructArray.from_arrays(fields, fields=list(filled.type), mask=pc.is_null(moments))


def _stage_info_with_region(request, expression, data):
    """Name a region, and allow overwriting: connector 5 uploads nothing without."""
    data["overwrite"] = True
    return {**_stage_info(request, expression, data), "region": "us-central1"}


def _quoted_table_comment(catalog: str, schema: str, table: str, comment: str | None) -> str:
    """Quote the comment once more: fakesnow puts it into SQL as it is."""
    return _table_comment(catalog, schema, table, (comment or "").replace("'", "''"))


def _transform_with_days(cursor, expression, params):
    """Add whole days to dates: fakesnow makes every integer a BIGINT, which DuckDB adds to none."""

    def as_days(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Add) and node.left.is_type(exp.DataType.Type.DATE):
            node.set("expression", exp.cast(node.right.copy(), exp.DataType.Type.INT))
        return node

    return _transform(cursor, expression, params).transform(as_days)


def _sum_as_it_is(node: exp.Expression) -> exp.Expression:
    """Sum integers as integers; fakesnow makes doubles of them, for sums of texts."""
    return node


fakesnow.transforms.numeric_agg_implicit_cast = _sum_as_it_is
fakesnow.cursor.FakeSnowflakeCursor._transform = _transform_with_days
fakesnow.info_schema.insert_table_comment_sql = _quoted_table_comment
fakesnow.arrow.timestamp_to_sf_struct = _timestamps_with_nulls
fakesnow.server.gcs_stage_info = _stage_info_with_region
