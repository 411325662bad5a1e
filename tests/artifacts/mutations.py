"""Damages artifacts at random, but the same way for the same seed."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

_PLACE = "@@here@@"
_WORDS = r"""
null true false 0 -1 1.5 -0 00 1. 1e22 1e308 5e-324 0.1e-400 NaN Infinity -Infinity 1e400 -1e400
9223372036854775807 9223372036854775808 -9223372036854775809 18446744073709551616
"" [] {} [null] [""] [[]] [1,2,3] ["a","a"] {"":null} {"a":{"b":[1]}} {"a":1,"a":2,"a":[]}
{"owner":[{"x":1}]} {"owner":{"name":[1],"email":{}}} {"unique_id":"model.shop.orders","name":"x"}
"9223372036854775808" "1e400" "NaN" "\ud800" "\udc00\ud800" "\u0000" "\x" 'text'
"0001-01-01T00:00:00Z" "9999-12-31T23:59:59.999999-23:59" "1900-01-01T00:00:00+23:59" "0000-00-00"
"2026-02-30T00:00:00Z" "2026-03-01T12:00:00.123456789Z" "2026-03-01" "2026-W10-1" "12:00" "soon"
"model" "." "model." "test." "unit_test." "source.shop" "model.shop.orders" "ephemeral" "NoOp"
"test.shop.unique_orders_id" "Skipped" "half_done" "v99" "a.b.c.d.e.f" "[x].`y`.z" "`"
"\"a\".\"b\".\"c\".\"d\"" "\"\"\"\"" "https://schemas.getdbt.com/dbt/manifest/v99.json"
"https://schemas.getdbt.com/dbt/catalog/v1.json"
"""
_LONG = (
    "9",
    "x",
    "'",
    ".",
    r"\"",
    "ref(",
    "\u00e9\U0001f40d",
    "{{ source('",
    "a.",
    "(",
    r"\u001b[31m",
)
VALUES = (
    *(word.encode() for word in _WORDS.split()),
    *(f'"{text * 5000}"'.encode() for text in _LONG),
    b"9" * 400,
    b'"' + b"x" * 200_000 + b'"',
    b"[" * 200 + b"]" * 200,
    b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"[" * 100_000,
    b'"\xff\xfe"',
    b'"\xc3"',
    b'"\n"',
)
"""What is put in place of something, as JSON or what pretends to be."""


def _is_json(value: bytes) -> bool:
    try:
        json.loads(value.decode())
    except (ValueError, RecursionError):
        return False
    return value not in (b"NaN", b"Infinity", b"-Infinity")


_VALID = tuple(value for value in VALUES if _is_json(value))


def mutated(data: bytes, chance: Random) -> bytes:
    """Damage one artifact."""
    return chance.choice((*(_change_within,) * 7, *(_change_bytes,) * 3))(data, chance)


def _change_within(data: bytes, chance: Random) -> bytes:
    """Change one to three places of the document, so that most of it stays an artifact."""
    document = json.loads(data)
    fills: list[bytes] = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        holder, key = _somewhere(document, chance)
        chance.choice(_CHANGES)(holder, key, fills, chance)
    text = json.dumps(document, ensure_ascii=chance.random() < 0.5).encode()
    for number, fill in enumerate(fills):
        text = text.replace(f'"{_PLACE}{number}"'.encode(), fill)
    return text


def _somewhere(document: Any, chance: Random) -> tuple[Any, Any]:
    """Walk down at random and stop at random."""
    holder, key = document, chance.choice(list(document))
    while isinstance(holder[key], dict | list) and holder[key] and chance.random() < 0.85:
        holder = holder[key]
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    return holder, key


def _replace(holder: Any, key: Any, fills: list[bytes], chance: Random) -> None:
    fills.append(chance.choice(_VALID if chance.random() < 0.8 else VALUES))
    holder[key] = f"{_PLACE}{len(fills) - 1}"


def _remove(holder: Any, key: Any, fills: list[bytes], chance: Random) -> None:
    if len(holder) > 1:
        del holder[key]


def _rename(holder: Any, key: Any, fills: list[bytes], chance: Random) -> None:
    if isinstance(holder, dict):
        fills.append(chance.choice([value for value in VALUES if value.startswith(b'"')]))
        holder[f"{_PLACE}{len(fills) - 1}"] = holder.pop(key)


def _repeat(holder: Any, key: Any, fills: list[bytes], chance: Random) -> None:
    """Say the same twice: a list's entry, or an object's key with another value."""
    if isinstance(holder, list):
        holder.append(holder[key])
        return
    fills.append(json.dumps(key).encode())
    holder[f"{_PLACE}{len(fills) - 1}"] = chance.choice([None, 5, "text", [], holder[key]])


def _copy_elsewhere(holder: Any, key: Any, fills: list[bytes], chance: Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(list(holder))] = holder[key]


_CHANGES: tuple[Callable[..., None], ...] = (
    _replace, _replace, _replace, _replace, _remove, _rename, _repeat, _copy_elsewhere,
)  # fmt: skip


def _change_bytes(data: bytes, chance: Random) -> bytes:
    start, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    near = min(len(data), start + chance.randrange(1, 20))
    return chance.choice((
        data[:start],
        data[start:],
        data[:start] + data[near:],
        data[:start] + data[start:near] * 2 + data[near:],
        data[:start] + chance.randbytes(near - start) + data[near:],
        data[:start] + chance.choice(VALUES) + data[start:],
        data[:start] + data[end:],
        data + data,
        b"",
        b"\xef\xbb\xbf" + data,
        data.decode().encode("utf-16"),
        chance.randbytes(1000),
    ))  # fmt: skip
