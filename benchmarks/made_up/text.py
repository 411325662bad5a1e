"""Chance and text: names, descriptions, Jinja SQL and what it compiles to."""

import random
from collections.abc import Sequence

_WORDS = """
account order customer invoice payment product session event visit channel campaign region store
ledger balance amount currency status stage source target created updated deleted valid first last
total gross net daily weekly monthly rolling margin revenue refund discount shipment carrier vendor
contract renewal churn lead opportunity ticket agent priority subscription plan trial billing
address country city device browser referrer experiment variant cohort segment score rank
bucket flag
"""
_ENGLISH = """
the unique identifier for this record as loaded from upstream; derived value that is null when no
match exists in the joined table; amounts are reported in the account currency after refunds and
discounts; timestamp in UTC of the most recent change; one row per entity per day; used by finance
reporting and the weekly executive dashboard; see the runbook before changing this definition
"""
WORDS = tuple(_WORDS.split())
ENGLISH = tuple(_ENGLISH.split())
TYPES = ("NUMBER(38,0)", "VARCHAR", "TIMESTAMP_NTZ", "BOOLEAN", "FLOAT", "DATE", "VARIANT")
_END = "        current_timestamp as _loaded_at\n    from source_0\n\n)\n\nselect * from renamed\n"
_LEFT_FOR_END = 120


def dice(*name: object) -> random.Random:
    """Make a source of chance that gives the same for the same name, whatever else was asked."""
    return random.Random("/".join(map(str, name)))  # noqa: S311 - made-up data guards nothing


def prose(chance: random.Random, size: int) -> str:
    """Write about `size` characters of a description."""
    words: list[str] = []
    while size > 0:
        word = chance.choice(ENGLISH)
        words.append(word)
        size -= len(word) + 1
    return " ".join(words)


def sql(chance: random.Random, size: int, reads: Sequence[str], columns: Sequence[str]) -> str:
    """Write about `size` characters of SQL that `reads` relations, or calls of ref()."""
    parts = ["with "]
    parts += [
        f"source_{i} as (\n\n    select *\n    from {name}\n\n),\n\n"  # noqa: S608 - never executed
        for i, name in enumerate(reads)
    ]
    parts.append("renamed as (\n\n    select\n")
    size -= sum(map(len, parts)) + _LEFT_FOR_END
    while size > 0:
        part = _select_item(chance, chance.choice(columns))
        parts.append(part)
        size -= len(part)
    return "".join([*parts, _END])


def _select_item(chance: random.Random, column: str) -> str:
    def word() -> str:
        return chance.choice(WORDS)

    match chance.randrange(5):
        case 0:
            return f"        source_0.{column},\n"
        case 1:
            cast = f"cast(source_0.{column} as {chance.choice(TYPES)})"
            return f"        {cast} as {column}_{word()},\n"
        case 2:
            return (
                f"        case when source_0.{word()}_id = '{word()}' then 12\n"
                f'             when source_0."{word()}" is null then 0 else {column} end'
                f" as {word()}_{column},\n"
            )
        case 3:
            return (
                f"        sum(case when {word()}_at >= date_trunc('day', current_date)"
                f" then {column} end)\n"
                f"            over (partition by {word()}_id order by {word()}_at) as {word()},\n"
            )
        case _:
            return f"        -- {prose(chance, 50)}\n        coalesce({column}, '') as {column},\n"
