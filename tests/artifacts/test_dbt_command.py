"""What a step's name says about the dbt command behind it."""

import pytest

from sigma_dbt_sync.artifacts.dbt_command import EVERYTHING, parse_step, without_vars


def step(line: str) -> str:
    return f"Invoke dbt with `{line}`"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("dbt build", "build"),
        ("dbt build --select tag:run", "build"),
        ("dbt --warn-error build", "build"),
        ('dbt --warn-error-options \'{"include": "all"}\' test', "test"),
        ("dbt --log-level debug --no-partial-parse run -s test", "run"),
        ("dbt --target run seed", "seed"),
        ("dbt --target=run seed", "seed"),
        ("dbt --some-new-flag value snapshot", "snapshot"),
        ("dbt --some-new-switch snapshot", "snapshot"),
        ("dbtf build", "build"),
        ("/usr/local/bin/dbt retry", "retry"),
        ("dbt source freshness --select source:app", "source freshness"),
        ("dbt source snapshot-freshness", "source freshness"),
        ("dbt docs generate --no-compile", "docs generate"),
        ("dbt ls --select state:modified", "list"),
        ("dbt run-operation grant_select --args '{role: run}'", "run-operation"),
        ("dbt  run \\\n  --select 'a b'", "run"),
        ('dbt run --select "never closed', "run"),
        ("dbt brand-new-command run", None),
        ("dbt docs", None),
        ("dbt", None),
    ],
)
def test_the_command_is_the_first_word_that_is_no_flag_or_its_value(line, command):
    parsed = parse_step(step(line))

    assert parsed.is_dbt
    assert parsed.command == command


@pytest.mark.parametrize(
    "name", ["Clone git repository", "Create profile from connection Snowflake", "", "`ls dbt`"]
)
def test_other_steps_are_no_dbt_commands_and_leave_nothing(name):
    parsed = parse_step(name)

    assert (parsed.is_dbt, parsed.command, parsed.writes) == (False, None, frozenset())


def test_a_bare_command_line_is_understood_too():
    assert parse_step("dbt build").command == "build"


@pytest.mark.parametrize("line", ["build", "run", "test", "seed", "snapshot", "retry", "clone"])
def test_these_commands_execute(line):
    assert parse_step(step(f"dbt {line}")).is_executing


@pytest.mark.parametrize("line", ["docs generate", "compile", "source freshness", "parse", "deps"])
def test_these_commands_report_success_without_executing(line):
    assert not parse_step(step(f"dbt {line}")).is_executing


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("dbt build", {"manifest", "run_results"}),
        ("dbt build --write-catalog", {"manifest", "run_results", "catalog"}),
        ("dbt compile --write-catalog", {"manifest", "run_results", "catalog"}),
        ("dbt docs generate", {"manifest", "run_results", "catalog"}),
        ("dbt source freshness", {"manifest", "sources"}),
        ("dbt deps", set()),
        ("dbt clean", set()),
        ("dbt debug", set()),
        ("dbt --no-write-json build", set()),
        ("dbt brand-new-command", EVERYTHING),
    ],
)
def test_each_command_is_asked_for_what_it_writes(line, kinds):
    assert parse_step(step(line)).writes == kinds


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("dbt run --target prod", "prod"),
        ("dbt run --target=prod", "prod"),
        ("dbt -t prod run", "prod"),
        ("dbt -t one run -t two", "two"),
        ("dbt run", None),
        ("dbt run -t", None),
    ],
)
def test_an_option_is_read_wherever_it_stands(line, target):
    assert parse_step(step(line)).option("--target", "-t") == target


@pytest.mark.parametrize(
    "value",
    [
        '\'{"password": "s3cret"}\'',
        '"{\\"password\\": \\"s3cret\\"}"',
        "'{password: s3cret}'",
        "{password: s3cret}",
        "password:s3cret",
        "'{password: s3cret}",
    ],
)
@pytest.mark.parametrize("glue", [" ", "=", "  "])
def test_values_of_vars_never_stay_readable(value, glue):
    hidden = without_vars(step(f"dbt run --vars{glue}{value}"))

    assert "s3cret" not in hidden
    assert parse_step(hidden).command == "run"
    assert str(parse_step(hidden).option("--vars")).startswith("sha256:")


def test_hiding_vars_keeps_the_rest_of_the_command():
    hidden = without_vars(step("dbt --vars '{a: 1}' run --select b"))

    assert hidden.endswith(" run --select b`")


def test_hiding_vars_twice_changes_nothing_more():
    once = without_vars(step("dbt run --vars '{a: 1}'"))

    assert without_vars(once) == once


def test_equal_vars_get_equal_hashes_and_others_do_not():
    hashes = [
        parse_step(without_vars(step(f"dbt run --vars '{value}'"))).option("--vars")
        for value in ('{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"a": 2}')
    ]

    assert hashes[0] == hashes[1] != hashes[2]
