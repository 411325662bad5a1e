"""The settings decide which warehouse is opened."""

import subprocess
import sys

import pytest

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.warehouse import open_warehouse
from sigma_dbt_sync.warehouse.snowflake_login import login_from


def settings(**values) -> Settings:
    return Settings(_env_file=None, **values)


def complete(**others) -> Settings:
    parts = {"account": "acme", "user": "u", "warehouse": "w", "database": "META", "token": "t"}
    values = {f"snowflake_{name}": value for name, value in parts.items()}
    return settings(**{"warehouse": "snowflake", **values, **others})


def test_duckdb_is_opened_where_the_settings_say_and_closed_again(tmp_path):
    path = tmp_path / "some.duckdb"

    with open_warehouse(settings(warehouse="duckdb", duckdb_path=path)) as warehouse:
        assert warehouse.target == f"duckdb:{path}"
        assert not path.exists()
        warehouse.migrate()

    assert warehouse._open is None


def test_snowflake_is_opened_without_connecting(tmp_path):
    with open_warehouse(complete()) as warehouse:
        assert warehouse.target == "snowflake:acme/META.DBT_METADATA"
        assert not warehouse.is_absent()
        assert warehouse.statements == 0


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        (("account", "user"), "SNOWFLAKE_ACCOUNT, SNOWFLAKE_USER;"),
        (("warehouse", "database"), "SNOWFLAKE_WAREHOUSE, SNOWFLAKE_DATABASE;"),
        (("token",), r"SNOWFLAKE_PRIVATE_KEY_FILE \(or SNOWFLAKE_TOKEN\)"),
    ],
)
def test_what_snowflake_needs_and_is_not_set_is_named(without, missing):
    others = {f"snowflake_{name}": None for name in without}

    with (
        pytest.raises(ConfigurationError, match=f"needs {missing}.*docs/snowflake.md"),
        open_warehouse(complete(**others)),
    ):
        pass


@pytest.mark.parametrize(
    ("how", "missing"),
    [
        ("oauth", "SNOWFLAKE_TOKEN"),
        ("workload_identity", "SNOWFLAKE_WORKLOAD_IDENTITY_PROVIDER"),
        ("snowflake_jwt", "SNOWFLAKE_PRIVATE_KEY_FILE"),
    ],
)
def test_each_way_to_log_in_needs_its_own(how, missing):
    chosen = complete(snowflake_token=None, snowflake_authenticator=how)

    with pytest.raises(ConfigurationError, match=f"needs {missing};"), open_warehouse(chosen):
        pass


@pytest.mark.parametrize(
    ("how", "taken"),
    [(None, "private_key_file"), ("oauth", "token"), ("programmatic_access_token", "token")],
)
def test_of_a_key_and_a_token_the_named_way_takes_its_own(tmp_path, how, taken):
    key = tmp_path / "key.p8"
    key.touch()
    chosen = complete(snowflake_private_key_file=key, snowflake_authenticator=how)

    options = login_from(chosen).options

    assert {"private_key_file", "token"} & set(options) == {taken}


def test_a_key_file_that_is_not_there_is_named(tmp_path):
    chosen = complete(snowflake_private_key_file=tmp_path / "nothing.p8")

    with pytest.raises(ConfigurationError, match=r"no file .*nothing\.p8"), open_warehouse(chosen):
        pass


def test_a_token_is_sent_over_https_alone():
    with pytest.raises(ConfigurationError, match=r"SNOWFLAKE_PROTOCOL.*https"):
        load_settings(_env_file=None, snowflake_host="acme.example", snowflake_protocol="http")


def test_duckdb_is_used_without_loading_snowflake_or_pandas(tmp_path):
    program = f"""
import sys
from sigma_dbt_sync.cli import app
from sigma_dbt_sync.settings import Settings, load_settings
from sigma_dbt_sync.warehouse import open_warehouse
with open_warehouse(Settings(_env_file=None, duckdb_path={str(tmp_path / "a.duckdb")!r})) as opened:
    opened.migrate()
    opened.query("SELECT 1")
print(sorted({{"pandas", "snowflake.connector"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines()[-1] == "[]", done.stderr
