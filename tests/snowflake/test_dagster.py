"""Dagster's main job with WAREHOUSE=snowflake: what it asks there, and what it says of it."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import dagster as dg
import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.account import ACCOUNT_ID, TOKEN, Account
from sigma_dbt_sync.demo.story import read_story
from sigma_dbt_sync.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def runs(snowflake_account, tmp_path_factory):
    """Run the main job twice, with settings from the environment; pair each with what was asked."""
    folder = tmp_path_factory.mktemp("dagster")
    demo = Account(read_story(), anchor=datetime.now(UTC))
    with (
        serve.running(demo) as server,
        dg.instance_for_test() as instance,
        pytest.MonkeyPatch.context() as patch,
    ):
        settings = snowflake_account.settings(
            f"T{uuid4().hex}".upper(),
            dbt_cloud_api_host=server.url,
            dbt_cloud_account_id=ACCOUNT_ID,
            archive_url=str(folder / "archive"),
        )
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        for name in settings.model_fields_set:
            patch.setenv(name.upper(), str(getattr(settings, name)))
        patch.setenv("SNOWFLAKE_TOKEN", "token")
        patch.setenv("DBT_CLOUD_SERVICE_TOKEN", TOKEN)
        patch.chdir(folder)
        from sigma_dbt_sync.definitions import defs

        job = defs.resolve_job_def("dbt_metadata_sync")
        snowflake_account.forget()
        return [
            (job.execute_in_process(instance=instance), snowflake_account.log()) for _ in range(2)
        ]


def metadata(result, asset):
    (event,) = [
        event
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def of_kind(log, kind):
    return [entry for entry in log if entry["kind"] == kind]


def test_a_dagster_run_is_named_in_the_query_history_and_its_statements_are_counted(runs):
    result, log = runs[0]
    told = metadata(result, "sync_loads")
    logins = of_kind(log, "login")
    tags = [json.loads(one["data"]["SESSION_PARAMETERS"]["QUERY_TAG"]) for one in logins]

    assert {tag["sync_id"] for tag in tags} == {result.run_id}
    assert told["statements"] == len(of_kind(log, "statement"))
    assert told["target"].startswith("snowflake:test/")
    assert len(of_kind(log, "logout")) == len(logins)


def test_a_run_with_nothing_new_does_not_connect(runs):
    result, log = runs[1]

    assert result.success
    assert log == []
    assert "statements" not in metadata(result, "sync_loads")
