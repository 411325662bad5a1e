"""Tokens: two styles of credentials, a new one in time, never more than one a second."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from sigma_dbt_sync.demo.faults import Fault, edge_limit
from sigma_dbt_sync.errors import AccessDenied, RateLimited, Unavailable, UnexpectedAnswer
from sigma_dbt_sync.sigma import Pauses, SigmaClient

TOKEN = "/v2/auth/token"


def tokens(server) -> list[int]:
    return [one.status for one in server.requests if one.path == TOKEN]


def client_of(handle, **more) -> SigmaClient:
    http = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://sigma.test")
    pauses = Pauses(between_tokens=0, unavailable=0, rate_limited=0, attempts=2)
    return SigmaClient(http, client_id="id", client_secret="s3cret", pauses=pauses, **more)


def test_one_token_serves_many_requests_and_threads(client, server):
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: client.whoami(), range(9)))

    assert tokens(server) == [200]


def test_credentials_go_into_the_form_when_the_header_is_refused(client, server, organization):
    organization.credential_styles = {"form"}

    assert client.whoami()
    assert tokens(server) == [401, 200]


@pytest.mark.parametrize("status", [400, 401])
def test_the_style_that_worked_is_kept(status):
    seen: list[bool] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path != TOKEN:
            return httpx.Response(401)
        in_form = b"client_secret=s3cret" in request.content
        seen.append(in_form)
        assert in_form != ("Authorization" in request.headers)
        return (
            httpx.Response(200, json={"access_token": "t"}) if in_form else httpx.Response(status)
        )

    with pytest.raises(AccessDenied):
        client_of(handle).whoami()
    assert seen == [False, True, True]


def test_wrong_credentials_say_which_settings(opened, server):
    with opened(sigma_client_secret="wrong-but-secret") as client:  # noqa: SIM117
        with pytest.raises(AccessDenied, match="SIGMA_CLIENT_SECRET is wrong") as raised:
            client.whoami()

    assert raised.value.status == 401
    assert "127.0.0.1" in str(raised.value)
    assert "wrong-but-secret" not in str(raised.value)
    assert tokens(server) == [401, 401]


def test_a_refused_token_is_replaced_once(client, server, app):
    client.whoami()
    app.state.tokens.revoke()

    assert client.whoami()
    assert tokens(server) == [200, 200]


def test_a_token_that_is_always_refused_ends_it(client, server):
    server.faults.append(Fault("/v2/whoami", status=401, times=5))

    with pytest.raises(AccessDenied):
        client.whoami()
    assert [one.path for one in server.requests].count("/v2/whoami") == 2


def test_a_token_is_renewed_before_it_ends(opened, server, organization):
    organization.token_seconds = 1.2
    with opened() as client:
        client.whoami()
        ends = time.monotonic() + 1.2 * 5 / 6
        while time.monotonic() < ends:
            time.sleep(0.01)
        client.whoami()

    assert tokens(server) == [200, 200]
    assert 401 not in [one.status for one in server.requests]


def test_tokens_are_asked_for_no_faster_than_sigma_gives_them(opened, server, organization, app):
    organization.seconds_between_tokens = 0.2
    pauses = Pauses(between_tokens=0.6, attempts=1)
    with opened(pauses) as client:
        client.whoami()
        app.state.tokens.revoke()
        client.whoami()

    assert tokens(server) == [200, 200]


def test_a_token_refused_by_the_limiter_is_asked_for_again(client, server):
    server.faults.append(edge_limit(TOKEN, times=2))

    assert client.whoami()
    assert tokens(server) == [429, 429, 200]
    assert client.traffic.rate_limited == 2


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, Unavailable)])
def test_a_sigma_that_gives_no_token_is_asked_as_often_as_any(status, error, client, server):
    server.faults.append(Fault(TOKEN, status=status, times=99))

    with pytest.raises(error):
        client.whoami()
    assert len(server.requests) == 5


@pytest.mark.parametrize("body", [{}, {"access_token": 7}, {"access_token": "a\nb"}, []])
def test_an_answer_without_a_token_is_unexpected(body):
    with pytest.raises(UnexpectedAnswer, match="no token"):
        client_of(lambda _: httpx.Response(200, json=body)).whoami()


def test_a_redirect_does_not_carry_the_credentials_away():
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://elsewhere.test/token"})

    with pytest.raises(UnexpectedAnswer, match="SIGMA_API_HOST"):
        client_of(handle).whoami()
    assert set(seen) == {"sigma.test"}
