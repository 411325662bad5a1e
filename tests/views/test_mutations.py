"""The rules that mutate.py breaks are rules of the views as they are now."""

from pathlib import Path

import pytest
import sqlglot

from sigma_dbt_sync.warehouse.views import sql_folder
from tests.views.mutations import mutations

ROOT = Path(__file__).parents[2]
MUTATIONS = mutations()
each = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.view}: {m.rule}")


@each
def test_a_rule_can_be_broken(mutation):
    text = (sql_folder() / "views" / f"{mutation.view}.sql").read_text(encoding="utf-8")
    broken = mutation.apply(text)

    assert broken != text
    assert len(sqlglot.parse(broken, read="duckdb")) == 1
    assert all((ROOT / test).exists() for test in mutation.tests)


def test_every_view_has_rules_to_break():
    views = {path.stem for path in (sql_folder() / "views").glob("*.sql")}

    assert {mutation.view for mutation in MUTATIONS} == views
