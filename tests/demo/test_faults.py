"""Bad days of the server."""

import time

import httpx
import pytest

from sigma_dbt_sync.demo import serve
from sigma_dbt_sync.demo.faults import Fault, edge_limit


def test_a_fault_hits_as_often_as_told_and_only_its_path(own_api, own_server):
    own_server.faults.append(
        Fault(r"/runs/\?", status=429, headers={"Retry-After": "7"}, body=b"slow down", times=2)
    )
    elsewhere = own_api.get("/jobs/")
    answers = [own_api.get("/runs/") for _ in range(3)]

    assert elsewhere.status_code == 200
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].text == "slow down"


def test_a_fault_can_be_a_page_of_html(own_api, own_server):
    page = b"<html><body>Bad Gateway</body></html>"
    own_server.faults.append(
        Fault("/runs/", status=502, headers={"Content-Type": "text/html"}, body=page)
    )
    answer = own_api.get("/runs/")

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert answer.content == page


def test_a_limit_of_the_edge_is_plain_text_without_retry_after(own_api, own_server):
    own_server.faults.append(edge_limit("/runs/"))
    answer = own_api.get("/runs/")

    assert (answer.status_code, answer.text) == (429, "error code: 1015")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "retry-after" not in answer.headers
    assert own_api.get("/runs/").status_code == 200


def test_a_fault_can_break_the_connection(own_api, own_server):
    own_server.faults.append(Fault("/runs/", status=200, body=b'{"data": [', cut=True))

    with pytest.raises(httpx.RemoteProtocolError):
        own_api.get("/runs/")
    assert own_api.get("/runs/").status_code == 200


def test_every_request_is_logged_with_its_answer(own_api, own_server):
    own_api.get("/runs/", params={"limit": 1})
    own_api.get("/runs/5/")
    logged = [
        (asked.method, asked.path.rpartition("accounts/")[2], asked.query, asked.status)
        for asked in own_server.requests
    ]
    account_id = logged[0][1].partition("/")[0]

    assert logged == [
        ("GET", f"{account_id}/runs/", {"limit": "1"}, 200),
        ("GET", f"{account_id}/runs/5/", {}, 404),
    ]


def test_answers_can_be_slow(own_account):
    with serve.running(own_account, latency=0.2) as server:
        start = time.monotonic()
        httpx.get(f"{server.url}/api/v2/whoami/")

    assert time.monotonic() - start >= 0.2


def test_nobody_answers_after_the_block(own_account):
    with serve.running(own_account) as server:
        assert httpx.get(server.url).status_code == 401

    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)
