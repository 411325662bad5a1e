"""Rules of the views, each with the words that make it and the words that break it.

`mutate.py` breaks them one by one; `test_mutations.py` holds that each still applies.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
TESTS = {
    "job_health": ("test_jobs.py",),
    "relation_jobs": ("test_jobs.py",),
    "slowest_models": ("test_speed_and_flips.py",),
    "flaky_tests": ("test_speed_and_flips.py",),
    "dbt_node_history": ("test_history.py",),
    "dbt_column_history": ("test_history.py",),
    "dbt_relations": ("test_tab_rules.py", "test_dbt_tab.py"),
    "dbt_tab": ("test_tab_rules.py", "test_dbt_tab.py"),
    "dbt_tab_columns": ("test_tab_columns_and_tests.py", "test_dbt_tab.py"),
    "dbt_tab_sql": ("test_tab_rules.py", "test_dbt_tab.py"),
    "dbt_tab_tests": ("test_tab_columns_and_tests.py", "test_dbt_tab.py"),
}
"""Tests of a view that have not its name."""


@dataclass(frozen=True)
class Mutation:
    """One rule and how to break it."""

    view: str
    rule: str
    old: str
    new: str

    @property
    def tests(self) -> list[str]:
        """Files that test the view."""
        names = TESTS.get(self.view, (f"test_{self.view}.py",))
        return [f"tests/views/{name}" for name in names]

    def apply(self, text: str) -> str:
        """Break the rule in the view's text.

        Raises:
            ValueError: the words are not there, or more than once.
        """
        if (found := text.count(self.old)) != 1:
            raise ValueError(f"{self.view}, {self.rule}: {found} times {self.old!r}")
        return text.replace(self.old, self.new)


def mutations() -> list[Mutation]:
    """Read mutations.toml."""
    told = tomllib.loads((FOLDER / "mutations.toml").read_text(encoding="utf-8"))
    return [Mutation(view, **one) for view, all_of_it in told.items() for one in all_of_it]
