"""Names that rows are found and compared by: node keys, content hashes, canonical JSON."""

import xxhash
from msgspec import json, msgpack

from sigma_dbt_sync.tables.graph import CodeRow
from sigma_dbt_sync.tables.spec import Json

MAX_CODE_CHARACTERS = 1_000_000
"""Longer texts are cut: Snowflake's VARCHAR holds 16 MB, and nobody reads a megabyte of SQL."""

_NONE = Json("[]")
_PACK = msgpack.Encoder(order="deterministic")


def digest(content: object) -> str:
    """Hash any content made of plain values; 32 hex digits, the same on every machine."""
    return xxhash.xxh3_128_hexdigest(_PACK.encode(content))


def node_key(account_id: int, environment_id: int, unique_id: str) -> str:
    """Name a node of an environment by one value."""
    return xxhash.xxh3_128_hexdigest(f"{account_id}/{environment_id}/{unique_id}")


def to_json(content: object) -> Json:
    """Write plain values as canonical JSON: sorted keys, no spaces."""
    if content == []:  # most columns and nodes have no tags
        return _NONE
    return Json(json.encode(content, order="sorted").decode())


def code_hash(code: str | None) -> str | None:
    """Hash a text of SQL or Python; None stays None."""
    return xxhash.xxh3_128_hexdigest(code) if code else None


def code_row(account_id: int, code: str, language: str | None) -> CodeRow:
    """Make the row that stores a text once."""
    return CodeRow(
        account_id=account_id,
        code_hash=xxhash.xxh3_128_hexdigest(code),
        language=language or "sql",
        code=code[:MAX_CODE_CHARACTERS],
        is_truncated=len(code) > MAX_CODE_CHARACTERS,
    )
