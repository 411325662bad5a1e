"""Looks up where a login leads in Snowflake, and which grants its role lacks there."""

from dataclasses import dataclass

from sigma_dbt_sync.errors import WarehouseError
from sigma_dbt_sync.warehouse.snowflake_login import Login
from sigma_dbt_sync.warehouse.snowflake_session import Session

_PLACE = "SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE(), CURRENT_DATABASE(), CURRENT_SCHEMA()"
_ON_SCHEMA = ("USAGE", "CREATE TABLE", "CREATE VIEW", "CREATE STAGE")
_ALL_OF_IT = "OWNERSHIP"

Grant = tuple[str, str, str]
"""Privilege, kind of object, name of object."""


@dataclass(frozen=True, slots=True)
class Access:
    """Which role was taken on, and the statements that give it what it lacks."""

    role: str
    missing: tuple[str, ...]


def read_access(session: Session, login: Login) -> Access:
    """Compare what the role may do with what a sync does. Roles granted to it count too."""
    ((role, warehouse, database, schema),) = session.run(_PLACE)
    wanted = {name: str(login.options.get(name, f"<{name}>")) for name in _KINDS}
    place = f"{database or wanted['database']}.{schema or wanted['schema']}"
    missing = [
        f"GRANT USAGE ON {kind} {named} TO ROLE {role};"
        for kind, found, named in (
            ("WAREHOUSE", warehouse, wanted["warehouse"]),
            ("DATABASE", database, wanted["database"]),
            ("SCHEMA", schema, place),
        )
        if found is None
    ]
    if schema is None:
        missing.insert(-1, f"CREATE SCHEMA IF NOT EXISTS {place};")
    held = {
        privilege
        for privilege, kind, name in _grants(session, str(role))
        if kind == "SCHEMA" and _plain(name) == _plain(place)
    }
    if _ALL_OF_IT not in held:
        missing += [
            f"GRANT {privilege} ON SCHEMA {place} TO ROLE {role};"
            for privilege in _ON_SCHEMA
            if privilege not in held
        ]
    return Access(str(role), tuple(dict.fromkeys(missing)))


_KINDS = ("warehouse", "database", "schema")


def _grants(session: Session, role: str) -> set[Grant]:
    """Read what was granted to a role, and to the roles granted to it."""
    found: set[Grant] = set()
    ahead, seen = [role], set[str]()
    while ahead:
        one = ahead.pop()
        seen.add(one)
        try:
            rows = session.named(f'SHOW GRANTS TO ROLE "{one}"')
        except WarehouseError:  # a role whose grants this one may not see
            continue
        for row in rows:
            grant = (str(row["privilege"]), str(row["granted_on"]), str(row["name"]))
            found.add(grant)
            if grant[1] == "ROLE" and grant[2] not in seen:
                ahead.append(grant[2])
    return found


def _plain(name: str) -> str:
    return name.replace('"', "").upper()
