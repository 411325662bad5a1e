"""The default file is named like our schema, so DuckDB calls its catalog and schema the same."""

from sigma_dbt_sync.warehouse.duckdb import DuckDB


def test_a_file_named_like_the_schema_can_be_opened_again_and_dropped(tmp_path):
    warehouse = DuckDB(tmp_path / "dbt_metadata.duckdb")
    assert warehouse.migrate()
    warehouse.close()
    assert warehouse.migrate() == []
    assert warehouse.query("SELECT count(*) AS n FROM dbt_tab").to_pylist() == [{"n": 0}]
    assert "dbt_tab" in warehouse.drop()
    assert warehouse.drop() == []
    assert warehouse.migrate()
    warehouse.close()
