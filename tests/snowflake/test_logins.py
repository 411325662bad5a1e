"""Ways to log in, as Snowflake sees them, and what a refusal says."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sigma_dbt_sync.errors import (
    AccessDenied,
    ConfigurationError,
    Unavailable,
    WarehouseBusy,
    WarehouseError,
)
from sigma_dbt_sync.warehouse import open_warehouse, snowflake_login
from sigma_dbt_sync.warehouse.snowflake_login import login_from

SECRET = "pa55phrase"


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, Path]:
    """Two private keys, one of them encrypted, and a file that is none."""
    folder = tmp_path_factory.mktemp("keys")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ways = {
        "plain": serialization.NoEncryption(),
        "encrypted": serialization.BestAvailableEncryption(SECRET.encode()),
    }
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    for name, way in ways.items():
        (folder / name).write_bytes(key.private_bytes(pem, pkcs8, way))
    (folder / "none").write_text("not a key")
    return {name: folder / name for name in (*ways, "none")}


def logged_in(account, settings) -> dict:
    """Ask something; return the one login that took."""
    with open_warehouse(settings, sync_id="the-sync") as warehouse:
        warehouse.query("SELECT 1 AS one")
    (login,) = [entry for entry in account.log() if entry["kind"] == "login"]
    return login


@pytest.mark.parametrize("name", ["plain", "encrypted"])
def test_a_key_comes_first(account, database, keys, name):
    settings = account.settings(
        database,
        snowflake_private_key_file=keys[name],
        snowflake_private_key_password=SECRET if name == "encrypted" else None,
    )
    login = logged_in(account, settings)

    assert login["data"]["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
    assert login["data"]["LOGIN_NAME"] == "SYNC"
    assert login["token"]


@pytest.mark.parametrize(
    ("named", "seen"),
    [(None, "PROGRAMMATIC_ACCESS_TOKEN"), ("oauth", "OAUTH")],
)
def test_a_token_is_an_access_token_unless_it_is_said_to_be_of_oauth(
    account, database, named, seen
):
    login = logged_in(account, account.settings(database, snowflake_authenticator=named))

    assert login["data"]["AUTHENTICATOR"] == seen
    assert login["token"]


def test_a_connection_is_taken_by_name(account, database, tmp_path, monkeypatch):
    home = tmp_path / "snowflake"
    home.mkdir()
    (home / "connections.toml").write_text(
        f'[sync]\naccount = "test"\nuser = "NAMED"\ntoken = "x"\nhost = "127.0.0.1"\n'
        f'port = {account.port}\nprotocol = "http"\ndatabase = "{database}"\nrole = "R"\n'
        f'authenticator = "PROGRAMMATIC_ACCESS_TOKEN"\nwarehouse = "W"\n'
    )
    (home / "connections.toml").chmod(0o600)
    monkeypatch.setenv("SNOWFLAKE_HOME", str(home))
    nothing = dict.fromkeys(
        f"snowflake_{part}"
        for part in ("account", "user", "token", "role", "warehouse", "host", "port", "database")
    )
    settings = account.settings(
        database, **nothing, snowflake_connection_name="sync", snowflake_protocol="https"
    )

    login = logged_in(account, settings)

    assert login["data"]["LOGIN_NAME"] == "NAMED"
    assert login["query"]["databaseName"] == database
    assert login["query"]["schemaName"] == "DBT_METADATA"


def test_a_login_says_where_who_and_why(account, database):
    login = logged_in(account, account.settings(database, snowflake_schema="ELSEWHERE"))
    parameters = login["data"]["SESSION_PARAMETERS"]

    assert login["query"]["databaseName"] == database
    assert login["query"]["schemaName"] == "ELSEWHERE"
    assert login["query"]["warehouse"] == "WH"
    assert login["query"]["roleName"] == "WRITER"
    assert parameters["TIMEZONE"] == "UTC"
    assert '"app":"sigma_dbt_sync"' in parameters["QUERY_TAG"]
    assert '"sync_id":"the-sync"' in parameters["QUERY_TAG"]


def test_nothing_shows_a_secret(account, database, keys):
    login = login_from(
        account.settings(
            database,
            snowflake_token="t0ken",
            snowflake_private_key_file=keys["encrypted"],
            snowflake_private_key_password=SECRET,
        )
    )

    assert login.options["private_key_password"] == SECRET
    assert SECRET not in repr(login)
    assert "t0ken" not in repr(login)


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("390144", "JWT token is invalid. [0ce9eb56]", "RSA_PUBLIC_KEY"),
        ("390189", "Role 'WRITER' does not exist or not authorized.", "SNOWFLAKE_ROLE.*GRANT ROLE"),
        ("390913", "Your account is suspended.", "Nobody can log in"),
        ("394400", "Programmatic access token is invalid.", "SNOWFLAKE_TOKEN"),
        ("390999", "Something else.", "LOGIN_HISTORY"),
    ],
)
def test_a_refused_login_says_what_to_do(account, database, code, message, fix):
    account.refuse("login", ".", code=code, message=message, times=9)

    with pytest.raises(AccessDenied, match=rf"{code} while logging in.*{fix}") as raised:
        logged_in(account, account.settings(database))

    assert message.rstrip(".") in str(raised.value)
    assert not raised.value.retryable


@pytest.mark.parametrize(("key", "password"), [("none", None), ("encrypted", "wrong")])
def test_a_key_that_cannot_be_used_is_told_from_one_that_is_refused(
    account, database, keys, key, password
):
    settings = account.settings(
        database,
        snowflake_private_key_file=keys[key],
        snowflake_private_key_password=password,
    )
    with pytest.raises(ConfigurationError, match=r"SNOWFLAKE_PRIVATE_KEY_FILE .* cannot be used"):
        logged_in(account, settings)


def test_a_host_that_does_not_answer_is_given_up(account, database, monkeypatch):
    monkeypatch.setattr(snowflake_login, "_LOGIN_SECONDS", 1)

    with pytest.raises(Unavailable, match=r"did not answer.*SNOWFLAKE_ACCOUNT") as raised:
        logged_in(account, account.settings(database, snowflake_port=1))

    assert raised.value.retryable


@pytest.mark.parametrize(
    "others",
    [
        {"snowflake_connection_name": "nosuch"},
        {"snowflake_authenticator": "nonsense"},
        {"snowflake_token": None, "snowflake_workload_identity_provider": "AWS"},
    ],
    ids=str,
)
def test_what_the_connector_does_not_take_is_a_setting_to_mend(account, database, others):
    with pytest.raises(ConfigurationError) as raised:
        logged_in(account, account.settings(database, **others))

    assert "Snowflake" in str(raised.value)
    assert not raised.value.retryable


def test_an_answer_that_is_not_snowflakes_is_worth_another_try(account, database):
    settings = account.settings(database, snowflake_protocol="https")

    with pytest.raises(Unavailable, match="HTTP request failed"):
        logged_in(account, settings)


@pytest.mark.parametrize("code", ["000625", "000630"])
def test_who_waited_in_vain_tries_again_later(account, database, code):
    account.refuse("statement", "SELECT 1", code=code, message="waited")

    with pytest.raises(WarehouseBusy) as raised:
        logged_in(account, account.settings(database))

    assert raised.value.retryable


@pytest.mark.parametrize(
    ("code", "fix"), [("000606", "SNOWFLAKE_WAREHOUSE"), ("003001", "missing GRANT")]
)
def test_a_statement_that_may_not_run_says_what_is_missing(account, database, code, fix):
    account.refuse("statement", "SELECT 1", code=code, message="refused")

    with pytest.raises(WarehouseError, match=f"refused.*{fix}"):
        logged_in(account, account.settings(database))
