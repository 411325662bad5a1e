"""The data model in a real organization, and what no document says about it.

Runs with `pytest -m sigma` alone, because it makes a data model and deletes it. Takes the settings
of `publish` as environment variables: SIGMA_API_HOST, SIGMA_CLIENT_ID, SIGMA_CLIENT_SECRET,
SIGMA_CONNECTION, SNOWFLAKE_DATABASE and, unless it is DBT_METADATA, SNOWFLAKE_SCHEMA, where a sync
has made the views.
"""

from uuid import uuid4

import pytest

from sigma_dbt_sync.settings import load_settings
from sigma_dbt_sync.sigma import open_sigma
from sigma_dbt_sync.sync.data_model import Asked, plan_publication, send

pytestmark = pytest.mark.sigma


@pytest.fixture
def settings(request, tmp_path):
    if "sigma" not in request.config.getoption("markexpr"):
        pytest.skip("it writes to Sigma: ask for it with -m sigma")
    found = load_settings(
        _env_file=None, warehouse="snowflake", archive_url=str(tmp_path / "archive")
    )
    if not found.sends_to_sigma or not found.snowflake_database:
        pytest.skip("no Sigma organization: set SIGMA_* and SNOWFLAKE_DATABASE")
    return found


@pytest.fixture
def asked():
    return Asked(model=f"dbt metadata, test {uuid4().hex[:8]}")


@pytest.fixture
def client(settings, asked):
    with open_sigma(settings) as one:
        yield one
        for model in one.data_models.listed():
            if model.name == asked.model:
                one._http._retried("DELETE", f"/v2/files/{model.id}", "deleting the test's model")


def test_it_is_created_every_column_has_a_value_and_then_nothing_changes(client, settings, asked):
    first = send(client, settings, plan_publication(client, settings, asked))
    second = plan_publication(client, settings, asked)

    assert first.plan.action == "created"
    assert first.broken == []
    assert (second.action, second.merged.kept) == ("unchanged", [])


def test_an_edit_outlives_an_update_and_ids_stay(client, settings, asked):
    model_id = send(client, settings, plan_publication(client, settings, asked)).model_id
    spec = client.data_models.read(model_id)
    element = spec["pages"][0]["elements"][0]
    name, metrics = element["name"], element.pop("metrics")
    element["name"] = "Renamed by a person"
    client.data_models.update(model_id, spec)
    plan = plan_publication(client, settings, Asked(model=model_id, restore=True))
    send(client, settings, plan)
    after = client.data_models.read(model_id)["pages"][0]["elements"][0]

    assert plan.merged.kept == [f"{name} (name)"]
    assert (after["id"], after["name"]) == (element["id"], "Renamed by a person")
    assert len(after["metrics"]) == len(metrics)
