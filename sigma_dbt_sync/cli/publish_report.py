"""Says what a publication did to the data model, for people and as JSON."""

from typing import Any

from rich.console import Console

from sigma_dbt_sync.cli.console import counted, plain
from sigma_dbt_sync.sync.data_model import Plan, Published

_NAMED = 8


def intention(plan: Plan) -> str:
    """Say in a sentence what a publication would do."""
    if plan.action == "unchanged":
        return f"The data model {plan.name}{_in(plan)} is up to date."
    return f"The data model {plan.name} would be {plan.action}{_in(plan)}."


def print_plan(console: Console, plan: Plan) -> None:
    """Say what a publication would do."""
    _say(console, intention(plan))
    _details(console, plan)


def print_published(console: Console, published: Published) -> None:
    """Say what a publication did."""
    plan = published.plan
    if plan.action == "unchanged":
        _say(console, f"The data model {plan.name} is up to date; nothing was changed.")
    else:
        _say(console, f"✓ The data model {plan.name} was {plan.action}{_in(plan)}.")
    _details(console, plan)
    if published.url:
        _say(console, f"  {published.url}")
    if published.broken:
        _list(console, "Sigma cannot compute", published.broken, "red")
    elif published.broken is None:
        _say(console, "! Sigma does not let its columns be listed: look whether all have values.")


def as_json(plan: Plan, published: Published | None = None) -> dict[str, Any]:
    """Lay it out for --json; without `published` it is what would be done."""
    merged = plan.merged
    return {
        "model": plan.name,
        "model_id": published.model_id if published else plan.model_id,
        "url": published.url if published else plan.url,
        "folder": plan.where,
        "connection": plan.connection.name,
        "action": plan.action,
        "is_dry_run": published is None,
        "added": merged.added,
        "changed": merged.changed,
        "kept": merged.kept,
        "removed_by_people": merged.removed,
        "no_longer_published": merged.outlived,
        "broken_columns": published.broken if published else None,
    }


def _details(console: Console, plan: Plan) -> None:
    merged = plan.merged
    if plan.model_id is None:
        columns = sum(len(one.columns) for one in plan.wanted)
        metrics = sum(len(one.element.metrics) for one in plan.wanted)
        elements = counted(len(plan.wanted), "element")
        _say(console, f"  {elements}, {counted(columns, 'column')}, {counted(metrics, 'metric')}")
    else:
        _list(console, "Added", merged.added, "green")
        _list(console, "Changed", merged.changed, "green")
    _list(console, "Kept as people changed it", merged.kept, "yellow")
    _list(console, "Left out, because people removed it (--restore)", merged.removed, "yellow")
    _list(console, "No longer published, but left there", merged.outlived, "yellow")


def _list(console: Console, heading: str, labels: list[str], style: str) -> None:
    if not labels:
        return
    more = len(labels) - _NAMED
    console.print(f"  {heading}:", style=style, soft_wrap=True)
    for label in labels[:_NAMED]:
        _say(console, f"    {label}")
    if more > 0:
        _say(console, f"    and {more} more; --json lists all")


def _in(plan: Plan) -> str:
    return f" in {plan.where}" if plan.where else ""


def _say(console: Console, words: str) -> None:
    console.print(plain(words), soft_wrap=True)
