"""`check`: is everything reachable and permitted, a line each, with the fix."""

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sigma_dbt_sync.cli import probes
from sigma_dbt_sync.cli.console import plain, results
from sigma_dbt_sync.cli.exits import FAILED
from sigma_dbt_sync.cli.findings import Finding, Mark
from sigma_dbt_sync.settings import Settings, load_settings

_STYLES = {Mark.GOOD: "green", Mark.NOTE: "yellow", Mark.BAD: "bold red"}


def check() -> None:
    """Check settings, dbt Cloud, archive, warehouse, Dagster and Sigma; say how to fix what fails.

    Ends with 0 when nothing fails. Nothing is changed anywhere.
    """
    settings = load_settings()
    console = results()
    findings = [Finding(Mark.GOOD, "settings", "All values are usable.")]
    _print(console, findings[0])
    for probe in probes.ALL:
        for finding in probe(settings):
            findings.append(finding)
            _print(console, finding)
    console.print()
    console.print(_settings_table(settings))
    if any(finding.mark is Mark.BAD for finding in findings):
        raise typer.Exit(FAILED)


def _print(console: Console, finding: Finding) -> None:
    style = _STYLES[finding.mark]
    line = Text.assemble(
        (finding.mark.value, style), " ", (f"{finding.subject:<10}", "bold"), plain(finding.said)
    )
    console.print(line, soft_wrap=True)
    if finding.fix:
        console.print(Text(f"  {'':<10}→ {plain(finding.fix)}", style=style), soft_wrap=True)


def _settings_table(settings: Settings) -> Table:
    table = Table("setting", "value", "", box=None, pad_edge=False, header_style="bold")
    for name in type(settings).model_fields:
        is_set = name in settings.model_fields_set
        value = _shown(getattr(settings, name))
        origin = "" if is_set else "default"
        table.add_row(name.upper(), Text(value, overflow="fold"), Text(origin, style="dim"))
    return table


def _shown(value: object) -> str:
    """Write a setting's value; secrets write themselves as stars."""
    if value is None or value == ():
        return "-"
    text = str(value)
    return text.strip("(),").replace(" ", "") if isinstance(value, tuple) else plain(text)
