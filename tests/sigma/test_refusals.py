"""What is asked again, and what a person reads when Sigma says no."""

import httpx
import pytest

from sigma_dbt_sync.demo.faults import Fault, edge_limit
from sigma_dbt_sync.errors import (
    AccessDenied,
    NotFound,
    RateLimited,
    ServiceError,
    Unavailable,
    UnexpectedAnswer,
)
from sigma_dbt_sync.sigma import Pauses, SigmaClient

WHOAMI = "/v2/whoami"
ENVELOPE = b'{"requestId": "abc-123", "message": "secret words", "code": "x"}'


def client_of(answer, **pauses) -> SigmaClient:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/auth/token":
            return httpx.Response(200, json={"access_token": "t0ken"})
        return answer(request)

    http = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://sigma.test")
    chosen = {"between_tokens": 0, "unavailable": 0, "rate_limited": 0, "attempts": 2}
    return SigmaClient(
        http, client_id="id", client_secret="secret", pauses=Pauses(**(chosen | pauses))
    )


def asked(server) -> int:
    return [one.path for one in server.requests].count(WHOAMI)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_asked_again(status, client, server):
    server.faults.append(Fault(WHOAMI, status=status, body=b"<html>", times=2))

    assert client.whoami()
    assert asked(server) == 3


def test_a_broken_connection_is_asked_again(client, server):
    server.faults.append(Fault(WHOAMI, status=200, body=b'{"user', cut=True))

    assert client.whoami()
    assert asked(server) == 2


def test_a_limit_of_the_edge_is_waited_out_though_it_is_no_json(client, server):
    server.faults.append(edge_limit(WHOAMI, times=4))

    assert client.whoami()
    assert client.traffic.rate_limited == 4


def test_retry_after_is_heeded(client, server):
    server.faults.append(Fault(WHOAMI, status=429, headers={"Retry-After": "0"}))

    assert client.whoami()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        (
            {
                "Retry-After": "Tue, 09 Mar 2027 12:02:00 GMT",
                "Date": "Tue, 09 Mar 2027 12:00:00 GMT",
            },
            120,
        ),
    ],
)
def test_a_long_retry_after_is_left_to_the_caller(headers, seconds):
    limited = client_of(lambda _: httpx.Response(429, headers=headers))

    with pytest.raises(RateLimited) as raised:
        limited.whoami()
    assert raised.value.wait_seconds == seconds
    assert limited.traffic.requests == 2


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 4, 5), (2, 8, 10), (3, 16, 20), (4, 32, 40), (5, 64, 64)]
)
def test_pauses_after_a_429_double_up_to_a_minute(attempt, least, most):
    assert least <= Pauses().after_429(httpx.Response(429), attempt) <= most


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, Unavailable)])
def test_it_gives_up_after_five_attempts(status, error, client, server):
    server.faults.append(Fault(WHOAMI, status=status, times=99))

    with pytest.raises(error) as raised:
        client.whoami()
    assert asked(server) == 5
    assert raised.value.retryable


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, ENVELOPE, UnexpectedAnswer, "the API has changed"),
        (403, ENVELOPE, AccessDenied, "Can use & annotate.*Manage connections"),
        (403, b"<html>Blocked", AccessDenied, "this machine's address is allowed"),
        (404, ENVELOPE, NotFound, "SIGMA_API_HOST"),
        (302, b"", UnexpectedAnswer, "SIGMA_API_HOST"),
        (200, b"<html>", UnexpectedAnswer, "not the JSON"),
    ],
)
def test_a_refusal_is_asked_once_and_says_what_to_do(status, body, kind, words):
    headers = {"Location": "https://elsewhere.test/"} if status == 302 else {}
    client = client_of(lambda _: httpx.Response(status, content=body, headers=headers))

    with pytest.raises(kind, match=words) as raised:
        client.whoami()
    assert client.traffic.requests == 2
    assert raised.value.status == status
    assert raised.value.request_id == ("abc-123" if body == ENVELOPE else None)
    assert "secret words" not in str(raised.value)
    assert "t0ken" not in str(raised.value)


def test_nobody_there_is_unavailable(opened):
    with (
        opened(sigma_api_host="http://127.0.0.1:9") as client,
        pytest.raises(Unavailable, match="network and SIGMA_API_HOST"),
    ):
        client.whoami()


def test_a_request_id_that_is_none_is_not_repeated():
    strange = {"x-request-id": "a b\tc"}
    client = client_of(lambda _: httpx.Response(404, headers=strange))

    with pytest.raises(ServiceError) as raised:
        client.whoami()
    assert raised.value.request_id is None
