"""Names of dbt nodes and tests in Dagster: valid whatever the project calls them, and one of each.

What has to be changed to be valid, and what would share a name with something else, gets a hash of
dbt's unique_id at its end; so a name depends on its node alone, unless two collide.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TypeVar

import dagster as dg
from dagster_shared.check import CheckError

from sigma_dbt_sync.normalize.keys import digest
from sigma_dbt_sync.sync.graph import Check, Graph, Node

T = TypeVar("T")
P = TypeVar("P", bound=Hashable)
NodeId = tuple[int, str]
CheckId = tuple[int, str, str]

ROOT = "dbt"

REFUSED = (dg.DagsterError, CheckError, TypeError, ValueError)
"""What Dagster raises about a definition it does not take."""

_LONGEST = 100
_NOT_IN_A_KEY = re.compile(r"[^\w.-]", re.ASCII)
_NOT_IN_A_NAME = re.compile(r"\W", re.ASCII)
_TAG_KEY = re.compile(r"[A-Za-z0-9_.-]{1,63}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")


def node_id(node: Node) -> NodeId:
    """Tell nodes of several environments apart."""
    return node.environment_id, node.unique_id


def check_id(check: Check) -> CheckId:
    """Tell checks apart: a node's own ones are named after the node."""
    return check.environment_id, check.unique_id, check.kind


def asset_keys(graph: Graph, key_of: Callable[[Node], Iterable[str]]) -> dict[NodeId, dg.AssetKey]:
    """Name every node `dbt/<environment_id>/…`; `key_of` says how dbt's users know it."""
    wanted: dict[NodeId, tuple[tuple[str, ...], str]] = {}
    for node in graph.nodes:
        *place, name = (_valid(part, _NOT_IN_A_KEY, node.unique_id) for part in key_of(node))
        wanted[node_id(node)] = ((ROOT, str(node.environment_id), *place), name)
    return {
        identity: dg.AssetKey([*place, name])
        for identity, (place, name) in _distinct(wanted).items()
    }


def check_keys(graph: Graph, keys: dict[NodeId, dg.AssetKey]) -> dict[CheckId, dg.AssetCheckKey]:
    """Name every check whose node is an asset."""
    wanted = {
        check_id(check): (
            keys[check.environment_id, check.node_id],
            _valid(check.name, _NOT_IN_A_NAME, check.unique_id),
        )
        for check in graph.checks
        if (check.environment_id, check.node_id) in keys
    }
    return {
        identity: dg.AssetCheckKey(key, name) for identity, (key, name) in _distinct(wanted).items()
    }


def group_name(*parts: str) -> str:
    """Join words to a valid name of a group."""
    words = (_NOT_IN_A_NAME.sub("_", part).strip("_").lower() for part in parts)
    return "_".join(word for word in words if word)[:_LONGEST] or ROOT


def kinds(*names: str | None) -> set[str]:
    """Keep of some names those that can be kinds."""
    words = {_NOT_IN_A_KEY.sub("_", name).lower()[:63] for name in names if name}
    return {word for word in words if _TAG_KEY.fullmatch(word)}


def tags(names: Iterable[str]) -> dict[str, str]:
    """Make dbt's tags Dagster's, as far as they can be."""
    return {name: "" for name in names if _TAG_KEY.fullmatch(name)}


def owners(names: Iterable[object]) -> list[str]:
    """Keep e-mail addresses; anybody else is a team."""
    found: list[str] = []
    for name in names:
        if not isinstance(name, str) or not name.strip():
            continue
        is_valid = _EMAIL.fullmatch(name) or (name.startswith("team:") and len(name) > len("team:"))
        found.append(name if is_valid else f"team:{name.strip()}")
    return list(dict.fromkeys(found))


def _valid(name: object, invalid: re.Pattern[str], unique_id: str) -> str:
    text = str(name)
    valid = invalid.sub("_", text)[:_LONGEST]
    return valid if valid == text and valid else f"{valid}_{_mark(unique_id)}"


def _distinct(wanted: Mapping[T, tuple[P, str]]) -> dict[T, tuple[P, str]]:
    """Mark those whose place and name are shared."""
    sharing = Counter(wanted.values())
    return {
        identity: (place, name if sharing[place, name] == 1 else f"{name}_{_mark(identity)}")
        for identity, (place, name) in wanted.items()
    }


def _mark(content: object) -> str:
    return digest(content)[:8]
