"""Code of the made-up nodes, as written and as compiled; made anew whenever it is asked for."""

from benchmarks.made_up.project import DataTest, Relation
from benchmarks.made_up.text import WORDS, dice, sql

_RAW_SIZE = 2200
_COMPILED_RATIO = 1.35


def raw_code(relation: Relation) -> str:
    """Code of a model or snapshot with its Jinja; seeds and sources have none."""
    if relation.kind not in ("model", "snapshot"):
        return ""
    reads = [f"{{{{ {parent.reference} }}}}" for parent in relation.parents]
    head = f"{{{{ config(materialized='{relation.materialized}') }}}}\n\n"
    return head + sql(dice("raw", relation.code_seed), _size(relation), reads, relation.columns)


def compiled_code(relation: Relation) -> str:
    """Code of a model or snapshot with names in place of Jinja."""
    reads = [parent.relation_name for parent in relation.parents]
    size = int(_size(relation) * _COMPILED_RATIO)
    return sql(dice("compiled", relation.code_seed), size, reads, relation.columns)


def accepted_values(test: DataTest) -> list[str]:
    """Values that an accepted_values test accepts."""
    return dice("values", test.unique_id).sample(WORDS, 4)


def test_code(test: DataTest) -> str:
    """Compiled code of a test."""
    table, column = test.target.relation_name, test.column
    match test.kind:
        case None:
            return sql(dice("singular", test.unique_id), 600, [table], test.target.columns)
        case "not_null":
            return f"\n    \n    \n\nselect {column}\nfrom {table}\nwhere {column} is null\n\n\n"
        case "unique":
            return (
                f"\n    \n    \n\nselect\n    {column} as unique_field,\n"
                f"    count(*) as n_records\n\nfrom {table}\nwhere {column} is not null\n"
                f"group by {column}\nhaving count(*) > 1\n\n\n"
            )
        case "accepted_values":
            values = ",".join(f"'{value}'" for value in accepted_values(test))
            return (
                "\n    \n    \n\nwith all_values as (\n\n"
                f"    select\n        {column} as value_field,\n        count(*) as n_records\n\n"
                f"    from {table}\n    group by {column}\n\n)\n\n"
                f"select *\nfrom all_values\nwhere value_field not in (\n    {values}\n)\n\n\n"
            )
        case _:
            parent, field = test.other.relation_name, test.other.columns[0]
            return (
                f"\n    \n    \n\nwith child as (\n    select {column} as from_field\n"  # noqa: S608
                f"    from {table}\n    where {column} is not null\n),\n\n"
                f"parent as (\n    select {field} as to_field\n    from {parent}\n)\n\n"
                "select\n    from_field\n\nfrom child\nleft join parent\n"
                "    on child.from_field = parent.to_field\n\nwhere parent.to_field is null\n\n\n"
            )


def _size(relation: Relation) -> int:
    if relation.kind == "snapshot":
        return 400
    # of the unedited model: an edit changes what the code says, not how long it is
    return int(dice("size", relation.unique_id).lognormvariate(0, 0.8) * _RAW_SIZE / 1.38)
