"""Ways to log in, as Snowflake sees them, and what a refusal says."""

import json
import socketserver
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sigma_dbt_sync import __version__
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


class Strangers(socketserver.ThreadingTCPServer):
    """Answers every request with the same bytes, and keeps the first line of each."""

    daemon_threads = True

    def __init__(self, answer: bytes) -> None:
        self.asked: list[str] = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.server.asked.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(answer)

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return self.server_address[1]


@pytest.fixture
def strangers():
    """Start servers that are not Snowflake."""
    with ExitStack() as started:

        def start(status: str) -> Strangers:
            body = b"<html></html>"
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            server = started.enter_context(Strangers(head.encode() + body))
            started.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            return server

        yield start


@pytest.fixture
def impatient(monkeypatch):
    for name in ("_LOGIN_SECONDS", "_STATEMENT_SECONDS", "_OTHER_SECONDS"):
        monkeypatch.setattr(snowflake_login, name, 1)


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> dict[str, Path]:
    """A private key, the same encrypted, its public key, another's, and a file that is none."""
    folder = tmp_path_factory.mktemp("keys")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ways = {
        "plain": serialization.NoEncryption(),
        "encrypted": serialization.BestAvailableEncryption(SECRET.encode()),
    }
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    for name, way in ways.items():
        (folder / name).write_bytes(key.private_bytes(pem, pkcs8, way))
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for name, one in (("public", key), ("other", other)):
        (folder / name).write_bytes(one.public_key().public_bytes(pem, info))
    (folder / "none").write_text("not a key")
    return {name: folder / name for name in (*ways, "public", "other", "none")}


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
    account.admit(public_key=keys["public"].read_text(), roles=["WRITER"])
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
    account.admit(token="token", roles=["WRITER"])
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
    assert json.loads(parameters["QUERY_TAG"]) == {
        "app": "sigma_dbt_sync",
        "version": __version__,
        "sync_id": "the-sync",
    }


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


def test_a_wrong_key_is_refused_and_the_message_says_whose(account, database, keys):
    account.admit(public_key=keys["other"].read_text(), roles=["WRITER"])
    settings = account.settings(database, snowflake_private_key_file=keys["plain"])

    with pytest.raises(AccessDenied, match=r"390144.*does not have this key.*RSA_PUBLIC_KEY"):
        logged_in(account, settings)


@pytest.mark.parametrize(
    ("named", "fix"),
    [(None, "394400.*make another: SNOWFLAKE_TOKEN"), ("oauth", "390303.*SNOWFLAKE_TOKEN anew")],
)
def test_a_wrong_token_is_refused(account, database, named, fix):
    account.admit(token="another", roles=["WRITER"])

    with pytest.raises(AccessDenied, match=fix):
        logged_in(account, account.settings(database, snowflake_authenticator=named))


def test_a_role_that_the_user_does_not_have_is_refused(account, database):
    account.admit(token="token", roles=["PUBLIC"])

    with pytest.raises(AccessDenied, match=r"390189.*'WRITER'.*SNOWFLAKE_ROLE.*GRANT ROLE"):
        logged_in(account, account.settings(database))


def test_a_suspended_account_lets_in_and_refuses_every_query(account, database):
    message = "Your account is suspended due to lack of payment method."
    account.refuse("statement", "SELECT 1", code="000666", message=message)

    with pytest.raises(WarehouseError, match=f"{message}.*whoever pays") as raised:
        logged_in(account, account.settings(database))

    assert not raised.value.retryable


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


@pytest.mark.usefixtures("impatient")
def test_a_host_where_nobody_listens_is_given_up(account, database):
    with pytest.raises(Unavailable, match=r"did not answer.*SNOWFLAKE_ACCOUNT") as raised:
        logged_in(account, account.settings(database, snowflake_port=1))

    assert raised.value.retryable


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("kind", "fix"),
    [("login", "login timed out after 1s.*proxy"), ("statement", "timed out.*nothing is lost")],
)
def test_a_host_that_listens_and_says_nothing_is_given_up(account, database, kind, fix):
    account.refuse(kind, ".", code=None, times=9)

    with pytest.raises(Unavailable, match=fix) as raised:
        logged_in(account, account.settings(database))

    assert raised.value.retryable


@pytest.mark.usefixtures("impatient")
def test_a_host_that_is_overloaded_is_asked_again_later(account, database, strangers):
    settings = account.settings(database, snowflake_port=strangers("503 Busy").port)

    with pytest.raises(Unavailable, match="did not answer"):
        logged_in(account, settings)


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "200 OK"])
def test_an_account_that_does_not_exist_is_a_setting_to_mend(account, database, strangers, status):
    settings = account.settings(database, snowflake_port=strangers(status).port)

    with pytest.raises(ConfigurationError, match=r"SNOWFLAKE_ACCOUNT \(organization-account"):
        logged_in(account, settings)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("without", "asked"), [("", True), (".invalid", False)])
def test_the_proxy_of_the_environment_is_used(
    account, database, strangers, monkeypatch, without, asked
):
    proxy = strangers("502 Bad Gateway")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", without)
    beyond = {"host": "acme.snowflake.invalid", "port": None, "protocol": "https"}
    chosen = {f"snowflake_{name}": value for name, value in beyond.items()}

    with pytest.raises(Unavailable):
        logged_in(account, account.settings(database, **chosen))

    assert ("CONNECT acme.snowflake.invalid:443 HTTP/1.1" in proxy.asked) == asked


def test_a_stand_in_on_this_machine_needs_no_proxy(account, database, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    assert logged_in(account, account.settings(database))["kind"] == "login"


@pytest.mark.parametrize("provider", ["AWS", "AZURE", "GCP", "OIDC"])
def test_workload_identity_is_taken_as_far_as_a_stand_in_may_see(account, database, provider):
    """The connector sends what vouches for this machine to Snowflake's own hosts alone."""
    settings = account.settings(
        database,
        snowflake_workload_identity_provider=provider,
        snowflake_token="vouched" if provider == "OIDC" else None,
    )
    with pytest.raises(ConfigurationError, match=r"Refusing to send a Workload Identity attest"):
        logged_in(account, settings)

    options = login_from(settings).options
    assert options["authenticator"] == "WORKLOAD_IDENTITY"
    assert options["workload_identity_provider"] == provider
    assert options.get("token") == ("vouched" if provider == "OIDC" else None)


def test_a_session_is_closed_after_an_error_too(account, database):
    account.refuse("statement", "SELECT 1", message="no")

    with pytest.raises(WarehouseError):
        logged_in(account, account.settings(database))

    assert [entry["kind"] for entry in account.log()] == ["login", "statement", "logout"]


@pytest.mark.parametrize(
    "others",
    [
        {"snowflake_connection_name": "nosuch"},
        {"snowflake_authenticator": "nonsense"},
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
