"""Settings of Sigma: what fits, what is missing, which project has which connection."""

import pytest

from sigma_dbt_sync.errors import ConfigurationError
from sigma_dbt_sync.settings import Settings, load_settings

FULL = {
    "sigma_api_host": "api.sigmacomputing.com",
    "sigma_client_id": "id",
    "sigma_client_secret": "s3cret",
    "sigma_connection": "Shop",
}


def settings(**chosen) -> Settings:
    return load_settings(_env_file=None, **chosen)


@pytest.fixture(autouse=True)
def no_setting_of_this_machine(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_all_of_it_is_sent_none_is_not():
    assert settings(**FULL).sends_to_sigma
    assert settings(**FULL).missing_for_sigma == ()
    assert not settings().sends_to_sigma
    assert settings().missing_for_sigma == ()


@pytest.mark.parametrize("name", FULL)
def test_what_is_missing_of_half_a_configuration_is_named(name):
    half = settings(**{key: value for key, value in FULL.items() if key != name})

    assert not half.sends_to_sigma
    assert half.missing_for_sigma == (name.upper(),)


def test_a_bare_host_is_reached_by_https():
    assert settings(**FULL).sigma_api_host == "https://api.sigmacomputing.com"


def test_a_host_in_clear_is_refused_but_on_this_machine():
    with pytest.raises(ConfigurationError, match=r"SIGMA_API_HOST.*only https"):
        settings(sigma_api_host="http://api.sigmacomputing.com")
    assert settings(sigma_api_host="http://127.0.0.1:80/").sigma_api_host == "http://127.0.0.1:80"


def test_the_secret_is_not_printed():
    assert "s3cret" not in repr(settings(**FULL))


@pytest.mark.parametrize("name", ["Shop", " Shop ", "A, B = C", "3f6e3b0a-5a0c"])
def test_one_connection_serves_every_project(name):
    chosen = settings(sigma_connection=name)

    assert chosen.sigma_connection_of(1) == chosen.sigma_connection_of(2) == name.strip()


def test_projects_may_have_connections_of_their_own():
    chosen = settings(sigma_connection="1=Shop, north, 2 = Shop = south ,")

    assert chosen.sigma_connection_of(1) == "Shop, north"
    assert chosen.sigma_connection_of(2) == "Shop = south"
    assert chosen.sigma_connection_of(3) is None


@pytest.mark.parametrize("value", ["1=", "1=a,1=b", "1=a,2="])
def test_a_project_has_exactly_one_connection(value):
    with pytest.raises(ConfigurationError, match=r"SIGMA_CONNECTION.*exactly one"):
        settings(sigma_connection=value)


def test_environments_are_a_list_of_numbers(monkeypatch):
    monkeypatch.setenv("SIGMA_ENVIRONMENT_IDS", "1, 2,")

    assert settings().sigma_environment_ids == (1, 2)
