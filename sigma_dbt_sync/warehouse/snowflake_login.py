"""Logs in to Snowflake as the settings say, and tells refusals in words that say what to do."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from msgspec import json

from sigma_dbt_sync import __version__
from sigma_dbt_sync.errors import AccessDenied, ConfigurationError, SyncError, Unavailable
from sigma_dbt_sync.settings import LOOPBACK, Settings

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

APPLICATION = "sigma_dbt_sync"
SYSTEM = "Snowflake"

_LOGIN_SECONDS = 60
_STATEMENT_SECONDS = 1800
_OTHER_SECONDS = 120
_LOCK_SECONDS = 300

_KEY, _TOKEN = "SNOWFLAKE_JWT", "PROGRAMMATIC_ACCESS_TOKEN"
_OAUTH, _IDENTITY = "OAUTH", "WORKLOAD_IDENTITY"
_NEEDS = {
    _KEY: "private_key_file",
    _TOKEN: "token",
    _OAUTH: "token",
    _IDENTITY: "workload_identity_provider",
}
_PARTS = ("account", "user", "role", "warehouse", "database", "host", "port")

# Refusals are told by code, because texts change. Codes: Snowflake's key-pair troubleshooting and
# driver documentation; those of one kind are told apart by the text that follows.
_FIXES = {
    390100: "Check SNOWFLAKE_USER and how it logs in.",
    390144: (
        "The user does not have this key: ALTER USER <user> SET RSA_PUBLIC_KEY = '<public key>', "
        "and look whether the clock of this machine is right."
    ),
    390189: (
        "Check SNOWFLAKE_ROLE, and that it was granted to the user: "
        "GRANT ROLE <role> TO USER <user>; sql/snowflake/grants.sql does both."
    ),
    390303: "The OAuth token is not valid or has expired; set SNOWFLAKE_TOKEN anew.",
    390318: "The OAuth token has expired; set SNOWFLAKE_TOKEN anew.",
    390422: "A network policy does not let this address in; an administrator has to.",
    394400: "The programmatic access token is not valid; make another: SNOWFLAKE_TOKEN.",
}
_FIX = "Check the SNOWFLAKE_* settings; an administrator sees why under LOGIN_HISTORY."
_NO_ANSWER = "Check SNOWFLAKE_ACCOUNT and the network (SNOWFLAKE_HOST, proxy), then sync again."
_NOT_SNOWFLAKE = (
    "Check SNOWFLAKE_ACCOUNT (organization-account, as in myorg-myaccount) and SNOWFLAKE_HOST: who "
    "answers there is not Snowflake, or knows no such account. A proxy may have answered instead."
)
_SUSPENDED = "Nobody can log in until whoever pays for the account has it opened again."
_BAD_KEY = (
    "SNOWFLAKE_PRIVATE_KEY_FILE {} cannot be used: {}. It has to hold a private key (PEM, PKCS#8), "
    "and when that is encrypted, SNOWFLAKE_PRIVATE_KEY_PASSWORD its password."
)
_REFUSED = range(390_000, 400_000)
_IS_SUSPENDED = re.compile("suspended|locked", re.IGNORECASE)
_NO_HTTP = "HTTP request failed"
_NO_JSON = "Invalid Snowflake response"
_PREFIX = re.compile(r"^(Failed to login|Login error|Configuration error): ?(Login error: )?")


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in, ready for the connector, and where that leads, in words without secrets."""

    target: str
    options: Mapping[str, Any] = field(repr=False)


def login_from(settings: Settings, *, sync_id: str | None = None) -> Login:
    """Read the settings; statements carry `sync_id` in their query tag.

    Raises:
        ConfigurationError: something is missing; the message names all of it.
    """
    options: dict[str, Any] = {
        name: value
        for name in _PARTS
        if (value := getattr(settings, f"snowflake_{name}")) is not None
    }
    options["schema"] = settings.snowflake_schema
    if settings.snowflake_protocol == "http":  # else what connections.toml may say
        options["protocol"] = "http"
    if settings.snowflake_connection_name:
        options["connection_name"] = settings.snowflake_connection_name
    options |= _credentials(settings)
    _complain(settings, options)
    place = settings.snowflake_connection_name or settings.snowflake_account
    parts = (settings.snowflake_database, settings.snowflake_schema)
    where = ".".join(part for part in parts if part)
    return Login(f"snowflake:{place}/{where}", options | _manners(settings, sync_id))


def connect(login: Login) -> "SnowflakeConnection":
    """Log in.

    Raises:
        AccessDenied: Snowflake refused; the message says what to do about it.
        Unavailable: nobody answered in time.
        ConfigurationError: the key cannot be read, or a setting is not one Snowflake knows.
    """
    # imported here: it takes a second, which whoever uses DuckDB should not wait
    from snowflake import connector  # noqa: PLC0415

    # it warns of proxies in use, and of clouds that this machine is not in
    logging.getLogger("snowflake.connector").setLevel(logging.ERROR)
    try:
        return connector.connect(**login.options)
    except connector.Error as error:
        raise _told(error, login) from error


def _credentials(settings: Settings) -> dict[str, Any]:
    """Choose how to log in: what is named, else what there is a key or a token for."""
    key, token = settings.snowflake_private_key_file, settings.snowflake_token
    provider = settings.snowflake_workload_identity_provider
    how = settings.snowflake_authenticator
    if how and "://" not in how:
        how = how.upper()
    if how is None:
        how = _IDENTITY if provider else _KEY if key else _TOKEN if token else None
    found: dict[str, Any] = {"authenticator": how} if how else {}
    if how == _IDENTITY and provider:
        found["workload_identity_provider"] = provider
    if how == _KEY and key:
        if not key.is_file():
            raise ConfigurationError(f"SNOWFLAKE_PRIVATE_KEY_FILE: there is no file {key}.")
        found["private_key_file"] = str(key)
        if password := settings.snowflake_private_key_password:
            found["private_key_password"] = password.get_secret_value()
    elif token:
        found["token"] = token.get_secret_value()
    return found


def _complain(settings: Settings, options: Mapping[str, Any]) -> None:
    """Name everything that is missing; a named connection may bring any of it."""
    if settings.snowflake_connection_name:
        return
    how = options.get("authenticator")
    needed = ["account", "warehouse", "database"]
    if how not in {_OAUTH, _IDENTITY}:
        needed.append("user")
    if how in _NEEDS:
        needed.append(_NEEDS[how])
    missing = [f"SNOWFLAKE_{name.upper()}" for name in needed if not options.get(name)]
    if how is None:
        missing.append("SNOWFLAKE_PRIVATE_KEY_FILE (or SNOWFLAKE_TOKEN)")
    if missing:
        raise ConfigurationError(
            f"WAREHOUSE=snowflake needs {', '.join(missing)}; or SNOWFLAKE_CONNECTION_NAME, a "
            f"connection of connections.toml. docs/snowflake.md goes through it."
        )


def _manners(settings: Settings, sync_id: str | None) -> dict[str, Any]:
    """Limit every wait, and say in Snowflake's query history who asks. Costs no statement."""
    tag = {"app": APPLICATION, "version": __version__, "sync_id": sync_id}
    return {
        "application": APPLICATION,
        "paramstyle": "qmark",
        "login_timeout": _LOGIN_SECONDS,
        "query_timeout": _STATEMENT_SECONDS,
        "request_timeout": _OTHER_SECONDS,
        "use_proxy_env": settings.snowflake_host not in LOOPBACK,
        "client_session_keep_alive": False,
        "enable_server_session_keep_alive_auto_detection": False,
        "server_session_keep_alive": False,  # a session nobody holds any more must not live on
        "session_parameters": {
            "QUERY_TAG": json.encode(tag).decode(),
            "TIMEZONE": "UTC",
            "TIMESTAMP_INPUT_FORMAT": "AUTO",
            "LOCK_TIMEOUT": str(_LOCK_SECONDS),
            "STATEMENT_TIMEOUT_IN_SECONDS": str(_STATEMENT_SECONDS),
        },
    }


def _told(error: Any, login: Login) -> SyncError:
    """Word why a login failed, and what to do."""
    from snowflake import connector  # noqa: PLC0415 - has been imported by now

    code: int = error.errno if isinstance(error.errno, int) else -1
    said = _PREFIX.sub("", str(error.raw_msg)).removesuffix(f", code: {code}").strip().rstrip(".")
    doing = f"logging in to {login.target}"
    if isinstance(error, connector.OperationalError) or _NO_HTTP in said:
        return Unavailable(SYSTEM, doing, fix=f"{said}. {_NO_ANSWER}")
    if isinstance(error, connector.ProgrammingError):  # refused before anything was sent
        return ConfigurationError(f"Snowflake settings, {doing}: {said}.")
    if said.startswith(_NO_JSON):
        return ConfigurationError(f"Snowflake, {doing}: {said}. {_NOT_SNOWFLAKE}")
    if code in _REFUSED:
        fix = _SUSPENDED if _IS_SUSPENDED.search(said) else _FIXES.get(code, _FIX)
        return AccessDenied(SYSTEM, doing, status=code, fix=f"It says: {said}. {fix}")
    if key := login.options.get("private_key_file"):
        return ConfigurationError(_BAD_KEY.format(key, said))
    return ConfigurationError(f"Snowflake, {doing}: {said}. {_FIX}")
